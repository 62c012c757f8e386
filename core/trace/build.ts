import { RT_STEP_KIND } from '../bpf/layout.gen.js';
import type { TracedFunction } from './model.js';
import { OpenTree } from './open-tree.js';
import { eachStep, type StepRecord } from './read-step.js';
import type { LookupTree } from './tree.js';

const MAX_TREES = 4096;
/** Records held in all open trees, about 50 MB. */
const MAX_HELD = 65_536;

const KINDS: ReadonlySet<number> = new Set(Object.values(RT_STEP_KIND));

/** A context runs one tree at a time: a task, or the softirqs of a CPU. The idle tasks share a number. */
function contextOf(step: StepRecord): string {
  const cpu = step.u32('cpu');
  const tid = step.u32('tid');
  if (step.place === 'softirq') return `softirq ${cpu}`;
  return tid === 0 ? `idle ${cpu}` : `task ${tid}`;
}

/** Puts records of lookups, of many contexts at once, into trees. */
export class TreeBuilder {
  /** Records that belong to nothing: of an unknown function or kind, or cut off. */
  skipped = 0;
  readonly #functions: ReadonlyMap<number, TracedFunction>;
  readonly #onTree: (tree: LookupTree) => void;
  readonly #open = new Map<bigint, { readonly tree: OpenTree; readonly context: string }>();
  readonly #contexts = new Map<string, bigint>();
  #held = 0;

  constructor(functions: readonly TracedFunction[], onTree: (tree: LookupTree) => void) {
    this.#functions = new Map(functions.map((traced) => [traced.id, traced]));
    this.#onTree = onTree;
  }

  /** Whole records; `wallOffsetNs` makes CLOCK_BOOTTIME wall clock. */
  take(bytes: Uint8Array, wallOffsetNs: bigint): void {
    const left = eachStep(bytes, wallOffsetNs, (step) => this.#step(step));
    if (left > 0) this.skipped++;
  }

  /** What is open ends here, incomplete. */
  flush(): void {
    for (const lookup of [...this.#open.keys()]) this.#end(lookup, false);
  }

  #step(step: StepRecord): void {
    const traced = this.#functions.get(step.function);
    if ((traced === undefined && step.kind !== RT_STEP_KIND.end) || !KINDS.has(step.kind)) {
      this.skipped++;
      return;
    }
    const { lookup } = step;
    // An end alone shows nothing.
    if (step.kind === RT_STEP_KIND.end && !this.#open.has(lookup)) return;
    const tree = this.#open.get(lookup)?.tree ?? this.#begin(step);
    const held = tree.held;
    // A system call's end has no function.
    const isEnd = tree.take(step.copy(), traced ?? NOTHING);
    this.#held += tree.held - held;
    if (isEnd) this.#end(lookup, true);
    while (this.#held > MAX_HELD) this.#endOldest();
  }

  #begin(step: StepRecord): OpenTree {
    const context = contextOf(step);
    const before = this.#contexts.get(context);
    if (before !== undefined) this.#end(before, false);
    if (this.#open.size >= MAX_TREES) this.#endOldest();
    const tree = new OpenTree(step.copy());
    this.#open.set(step.lookup, { tree, context });
    this.#contexts.set(context, step.lookup);
    return tree;
  }

  #endOldest(): void {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.#end(oldest, false);
  }

  #end(lookup: bigint, isComplete: boolean): void {
    const open = this.#open.get(lookup);
    if (open === undefined) return;
    this.#open.delete(lookup);
    if (this.#contexts.get(open.context) === lookup) this.#contexts.delete(open.context);
    this.#held -= open.tree.held;
    this.#onTree(open.tree.finish(isComplete));
  }
}

const NOTHING: TracedFunction = {
  id: 0,
  name: '',
  symbol: '',
  mechanism: 'tracepoint',
  parameters: [],
  returns: '',
};
