import { hostname } from 'node:os';
import { RT_STEP_BYTES } from '../../core/bpf/layout.gen.js';
import type { Names } from '../../core/names/names.js';
import { TreeBuilder } from '../../core/trace/build.js';
import { hasLookup } from '../../core/trace/match.js';
import type { TraceInfo, TraceMechanism, TraceZone } from '../../core/trace/model.js';
import { PointBuilder } from '../../core/trace/points.js';
import { impliedFrame, stepsFrame, zoneFrame } from '../../core/trace/trace-file.js';
import { tableNames } from '../../core/trace/trace-header.js';
import type { LookupTree } from '../../core/trace/tree.js';
import { version } from '../version.js';
import { wallClockNs } from '../wall-clock.js';
import { Completion } from './completion.js';
import { openTrace, type OpenedTrace, type TraceFilters } from './open-trace.js';
import { openTraceWriter, type TraceWriter } from './trace-file.js';
import {
  isChosen,
  type LookupChoice,
  type TraceCounters,
  type TracedLookup,
} from './traced-lookup.js';
import { ZoneNames } from './zone-names.js';

/** A system call may wait for ever; what it looked up is told meanwhile. */
const SETTLE_EVERY_MS = 100;

export interface LiveTraceOptions {
  /** Best first. */
  readonly mechanisms: readonly TraceMechanism[];
  /** Applied in the kernel. */
  readonly filters: TraceFilters;
  readonly choice: LookupChoice;
  readonly names: Names;
  /** Also write what the kernel says here. */
  readonly saveFile: string | null;
  readonly onLookup: (lookup: TracedLookup) => void;
  /** One line when saving has to end. */
  readonly warn: (line: string) => void;
}

/** A trace of this kernel. */
export interface LiveTrace {
  readonly info: TraceInfo;
  /** Inode of the network namespace routetap runs in. */
  readonly ownZone: number;
  readonly counters: TraceCounters;
  /** Saving had to end early. */
  readonly isSaveBroken: boolean;
  /** Lookups come from now on, first those seen since it was opened. */
  begin(): void;
  /** With `isFollowing`: this process too, and what it starts. */
  follow(pid: number): void;
  /** What the kernel has sent is still taken; resolves when all of it was given to `onLookup`. */
  stop(): Promise<void>;
  /** Lets the functions go, which may take the kernel seconds; after `stop`. */
  close(): void;
}

class RunningTrace implements LiveTrace {
  readonly info: TraceInfo;
  readonly counters: TraceCounters = { lost: 0, withoutLookup: 0, dropped: 0 };
  readonly #options: LiveTraceOptions;
  readonly #zones: ZoneNames;
  readonly #savedZones = new Map<number, string | null>();
  readonly #opened: OpenedTrace;
  readonly #builder: TreeBuilder | PointBuilder;
  readonly #completion: Completion | null;
  /** What came before everything was ready. */
  #early: (readonly [Uint8Array, number])[] | null = [];
  #writer: TraceWriter | null = null;
  #isOver = false;
  /** Trees seen so far. */
  #trees = 0;
  #settling: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: LiveTraceOptions) {
    this.#options = options;
    this.#zones = new ZoneNames();
    this.#opened = openTrace({
      mechanisms: options.mechanisms,
      filters: options.filters,
      onBatch: (bytes, lost) => {
        this.#batch(bytes, lost);
      },
    });
    this.info = this.#opened.info;
    const isPartial = this.info.tier === 'tracepoint';
    const Builder = isPartial ? PointBuilder : TreeBuilder;
    this.#builder = new Builder(this.info.functions, (tree) => {
      this.#tree(tree);
    });
    this.#completion = isPartial ? new Completion(options.names, this.#zones, this.counters) : null;
  }

  begin(): void {
    const early = this.#early;
    this.#early = null;
    for (const [bytes, lost] of early ?? []) this.#batch(bytes, lost);
    const builder = this.#builder;
    if (!(builder instanceof PointBuilder)) return;
    this.#settling = setInterval(() => {
      this.#settle(builder);
    }, SETTLE_EVERY_MS).unref();
  }

  get ownZone(): number {
    return this.#zones.own;
  }

  get isSaveBroken(): boolean {
    return this.#writer?.stopped != null;
  }

  async openFile(path: string): Promise<void> {
    const header = {
      version: version(),
      host: hostname(),
      recordBytes: RT_STEP_BYTES,
      info: this.info,
      ownZone: this.#zones.own,
      tables: tableNames(this.#options.names),
    };
    this.#writer = await openTraceWriter(path, header, this.#options.warn);
  }

  follow(pid: number): void {
    this.#opened.follow(pid);
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end());
  }

  async #end(): Promise<void> {
    clearInterval(this.#settling);
    this.#opened.drain();
    this.#isOver = true;
    this.#builder.flush();
    await this.#completion?.close();
    await this.#writer?.close();
  }

  close(): void {
    this.#isOver = true;
    this.#opened.close();
  }

  #batch(records: Uint8Array, lost: number): void {
    if (this.#isOver) return;
    if (this.#early !== null) {
      this.#early.push([records, lost]);
      return;
    }
    this.counters.lost += lost;
    const wallOffsetNs = this.#opened.wallOffsetNs();
    this.#builder.take(records, wallOffsetNs);
    // Behind the names of the namespaces it shows.
    this.#writer?.write(stepsFrame({ wallOffsetNs, records, lost, settledNs: 0n }));
  }

  #settle(builder: PointBuilder): void {
    // What the ring holds is older than now.
    this.#opened.drain();
    const settledNs = wallClockNs();
    const trees = this.#trees;
    builder.settle(settledNs);
    if (this.#trees === trees) return;
    const nothing = { wallOffsetNs: 0n, records: new Uint8Array(0), lost: 0 };
    this.#writer?.write(stepsFrame({ ...nothing, settledNs }));
  }

  #zoneOf(id: number): TraceZone {
    const zone = this.#zones.zone(id);
    if (this.#writer !== null && (this.#savedZones.get(id) ?? null) !== zone.name) {
      this.#savedZones.set(id, zone.name);
      this.#writer.write(zoneFrame(zone));
    }
    return zone;
  }

  #tree(tree: LookupTree): void {
    this.#trees += 1;
    const { choice, onLookup } = this.#options;
    const zone = this.#zoneOf(tree.netns);
    const isTaken = isChosen(tree, zone, choice, this.counters);
    if (this.#completion === null || !hasLookup(tree)) {
      if (isTaken) onLookup({ tree, zone, info: this.info, unimplied: null });
      return;
    }
    this.#completion.take(tree, isTaken, ({ tree: completed, implied }) => {
      this.#writer?.write(impliedFrame(implied));
      if (isTaken) onLookup({ tree: completed, zone, info: this.info, unimplied: implied.why });
    });
  }
}

/**
 * Opens a trace of this kernel's route lookups, which runs from `begin` to `stop`. Rejects with a RoutetapError: `privilege` when no program loads,
 * `runtime` when the file to save to can't be made.
 */
export async function openLiveTrace(options: LiveTraceOptions): Promise<LiveTrace> {
  const trace = new RunningTrace(options);
  try {
    if (options.saveFile !== null) await trace.openFile(options.saveFile);
  } catch (error) {
    await trace.stop();
    trace.close();
    throw error;
  }
  return trace;
}
