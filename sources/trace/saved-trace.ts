import { TreeBuilder } from '../../core/trace/build.js';
import { impliedLookup, withImplied } from '../../core/trace/implied-calls.js';
import { hasLookup } from '../../core/trace/match.js';
import type { TraceInfo, TraceZone } from '../../core/trace/model.js';
import { PointBuilder } from '../../core/trace/points.js';
import type { Steps, TracePart } from '../../core/trace/trace-file.js';
import type { TraceHeader } from '../../core/trace/trace-header.js';
import type { LookupTree } from '../../core/trace/tree.js';
import { readTraceFile } from './trace-file.js';
import {
  isChosen,
  type LookupChoice,
  type TraceCounters,
  type TracedLookup,
} from './traced-lookup.js';

export interface SavedTraceOptions {
  /** Called once, before the first lookup. */
  readonly onHeader: (header: TraceHeader) => void;
  /** Asked for after `onHeader`. */
  readonly choice: () => LookupChoice;
  readonly counters: TraceCounters;
  readonly onLookup: (lookup: TracedLookup) => void;
  readonly patience: () => Promise<void> | null;
  readonly signal: AbortSignal;
}

/** A tree whose implied steps stand further on in the file. */
interface Waiting {
  readonly tree: LookupTree;
  readonly zone: TraceZone;
  readonly isTaken: boolean;
}

/** Trees that waited when the trace was saved. */
const MOST_WAITING = 8192;

/** The records of a saved trace on their way to trees. */
class SavedTrace {
  readonly #options: SavedTraceOptions;
  readonly #choice: LookupChoice;
  readonly #info: TraceInfo;
  readonly #isPartial: boolean;
  readonly #builder: TreeBuilder | PointBuilder;
  readonly #zones = new Map<number, string | null>();
  readonly #waiting: Waiting[] = [];

  constructor({ info }: TraceHeader, options: SavedTraceOptions) {
    this.#options = options;
    this.#choice = options.choice();
    this.#info = info;
    this.#isPartial = info.tier === 'tracepoint';
    const Builder = this.#isPartial ? PointBuilder : TreeBuilder;
    this.#builder = new Builder(info.functions, (tree) => {
      this.#tree(tree);
    });
  }

  take(part: TracePart): void {
    if (part.kind === 'zone') this.#zones.set(part.zone.id, part.zone.name);
    else if (part.kind === 'implied') this.#imply(part.implied);
    else this.#take(part.steps);
  }

  #take({ records, wallOffsetNs, lost, settledNs }: Steps): void {
    this.#options.counters.lost += lost;
    if (this.#builder instanceof PointBuilder) this.#builder.settle(settledNs);
    this.#builder.take(records, wallOffsetNs);
  }

  end(): void {
    this.#builder.flush();
    this.#giveUp(0);
  }

  #tree(tree: LookupTree): void {
    const { onLookup, counters } = this.#options;
    const zone = { id: tree.netns, name: this.#zones.get(tree.netns) ?? null };
    const isTaken = isChosen(tree, zone, this.#choice, counters);
    if (this.#isPartial && hasLookup(tree)) {
      this.#waiting.push({ tree, zone, isTaken });
      this.#giveUp(MOST_WAITING);
    } else if (isTaken) {
      onLookup({ tree, zone, info: this.#info, unimplied: null });
    }
  }

  /** They stand in the order of the trees; one that was dropped for too many waiting has none. */
  #imply(implied: unknown): void {
    const lookup = impliedLookup(implied);
    const at = this.#waiting.findIndex(({ tree }) => tree.id === lookup);
    if (at < 0) return;
    this.#giveUp(this.#waiting.length - at);
    const first = this.#waiting.shift();
    if (first?.isTaken !== true) return;
    const { tree, why } = withImplied(first.tree, implied);
    this.#options.onLookup({ tree, zone: first.zone, info: this.#info, unimplied: why });
  }

  /** Leaves `most` waiting. */
  #giveUp(most: number): void {
    while (this.#waiting.length > most) {
      const waiting = this.#waiting.shift();
      if (waiting?.isTaken !== true) continue;
      const { tree, zone } = waiting;
      this.#options.onLookup({ tree, zone, info: this.#info, unimplied: 'it was not saved' });
    }
  }
}

/**
 * Reads a trace that was saved. Rejects with a runtime RoutetapError when the file is none, or is broken or cut off:
 * what could be read was given to `onLookup`.
 */
export async function readSavedTrace(path: string, options: SavedTraceOptions): Promise<void> {
  let trace: SavedTrace | null = null;
  try {
    await readTraceFile(path, {
      header: (header) => {
        options.onHeader(header);
        trace = new SavedTrace(header, options);
      },
      part: (part) => trace?.take(part),
      patience: options.patience,
      signal: options.signal,
    });
  } finally {
    (trace as SavedTrace | null)?.end();
  }
}
