import { errnoName } from '../bpf/errno.js';
import { RT_STEP_KIND } from '../bpf/layout.gen.js';
import type { TracedFunction } from './model.js';
import { CALL_ARGUMENT, callName, POINT_FUNCTIONS, SYSCALL } from './point-table.js';
import { pointWords } from './point-words.js';
import { eachStep, type StepRecord } from './read-step.js';
import { treeHead } from './tree-head.js';
import type { CallNode, LookupTree, TreeNode } from './tree.js';

/** Trees open at once. */
const MAX_TREES = 4096;
/** Points of one tree; what comes after is counted as lost. */
export const MAX_NODES = 10_000;
/** A tree is given out after this long without a record: its system call waits, for an answer or for ever. */
export const QUIET_NS = 300_000_000n;

interface OpenTree {
  readonly first: StepRecord;
  readonly calls: TreeNode[];
  next: number;
  lost: number;
  netns: number;
  lastNs: bigint;
  end: StepRecord | null;
}

const contextOf = (step: StepRecord): string =>
  step.place === 'softirq' ? `softirq ${step.u32('cpu')}` : `task ${step.u32('tid')}`;

function seen(traced: TracedFunction, step: StepRecord): CallNode {
  return {
    kind: 'call',
    function: traced,
    origin: 'seen',
    enter: step,
    leave: null,
    durationNs: null,
    calls: [],
    words: pointWords(traced.name, step),
  };
}

/** The system call around the points, which has no record of its beginning. */
function systemCall(told: number, end: StepRecord | null, calls: readonly TreeNode[]): CallNode {
  const ret = end === null ? null : Number(end.ret);
  const isErrno = ret !== null && ret < 0 && ret >= -4095;
  const result = ret === null ? 'end not seen' : isErrno ? errnoName(-ret) : String(ret);
  return {
    kind: 'call',
    function: SYSCALL,
    origin: 'seen',
    enter: null,
    leave: end,
    durationNs: null,
    calls,
    words: { call: callName(told), result },
  };
}

function finished(open: OpenTree): LookupTree {
  const { first, calls, end, lost, netns } = open;
  const told = first.arg32(CALL_ARGUMENT);
  return {
    ...treeHead(first),
    netns,
    calls: told === 0 ? calls : [systemCall(told, end, calls)],
    lost,
    isComplete: end !== null,
  };
}

/** Puts records of the tracepoint tier, of many contexts at once, into trees: of a system call, or of a softirq's work. */
export class PointBuilder {
  /** Records that belong to nothing: of an unknown tracepoint or kind, or cut off. */
  skipped = 0;
  readonly #functions: ReadonlyMap<number, TracedFunction>;
  readonly #onTree: (tree: LookupTree) => void;
  /** The one without a record for longest first. */
  readonly #open = new Map<bigint, OpenTree>();
  readonly #contexts = new Map<string, bigint>();
  /** Trees given out before their end came. */
  readonly #early = new Set<bigint>();

  constructor(functions: readonly TracedFunction[], onTree: (tree: LookupTree) => void) {
    this.#functions = new Map([...POINT_FUNCTIONS, ...functions].map((f) => [f.id, f]));
    this.#onTree = onTree;
  }

  /** Whole records; `wallOffsetNs` makes CLOCK_BOOTTIME wall clock. */
  take(bytes: Uint8Array, wallOffsetNs: bigint): void {
    const left = eachStep(bytes, wallOffsetNs, (step) => {
      this.#step(step);
    });
    if (left > 0) this.skipped++;
  }

  /** Gives out, incomplete, what has had no record since QUIET_NS before `nowNs` (since the epoch). */
  settle(nowNs: bigint): void {
    for (const [lookup, open] of this.#open) {
      if (nowNs - open.lastNs < QUIET_NS) return;
      this.#end(lookup, null);
    }
  }

  /** What is open ends here, incomplete. */
  flush(): void {
    for (const lookup of [...this.#open.keys()]) this.#end(lookup, null);
  }

  #step(step: StepRecord): void {
    const { kind, lookup } = step;
    const traced = this.#functions.get(step.function);
    const isEnd = kind === RT_STEP_KIND.end;
    if (!isEnd && (kind !== RT_STEP_KIND.point || traced === undefined)) {
      this.skipped++;
      return;
    }
    this.settle(step.timeNs);
    const known = this.#open.get(lookup);
    if (isEnd && known === undefined && this.#early.delete(lookup)) return;
    const copy = step.copy();
    const open = known ?? this.#begin(copy);
    if (step.seq < open.next) {
      // Twice, or from before: only a damaged file has it.
      this.skipped++;
      return;
    }
    this.#gap(open, step.seq - open.next);
    open.next = step.seq + 1;
    open.lastNs = step.timeNs;
    if (open.netns === 0) open.netns = step.u32('netns');
    if (isEnd) {
      this.#end(lookup, copy);
      return;
    }
    this.#open.delete(lookup);
    this.#open.set(lookup, open);
    if (open.calls.length < MAX_NODES) open.calls.push(seen(traced as TracedFunction, copy));
    else this.#gap(open, 1);
  }

  #gap(open: OpenTree, lost: number): void {
    if (lost === 0) return;
    open.lost += lost;
    const last = open.calls.at(-1);
    if (last?.kind === 'hole')
      open.calls[open.calls.length - 1] = { kind: 'hole', lost: last.lost + lost };
    else open.calls.push({ kind: 'hole', lost });
  }

  #begin(first: StepRecord): OpenTree {
    const context = contextOf(first);
    const before = this.#contexts.get(context);
    if (before !== undefined) this.#end(before, null);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < MAX_TREES) break;
      this.#end(oldest, null);
    }
    // What was given out early goes on: nothing is lost.
    const next = this.#early.delete(first.lookup) ? first.seq : 0;
    const open: OpenTree = {
      first,
      calls: [],
      next,
      lost: 0,
      netns: 0,
      lastNs: first.timeNs,
      end: null,
    };
    this.#open.set(first.lookup, open);
    this.#contexts.set(context, first.lookup);
    return open;
  }

  #end(lookup: bigint, end: StepRecord | null): void {
    const open = this.#open.get(lookup);
    if (open === undefined) return;
    this.#open.delete(lookup);
    const context = contextOf(open.first);
    if (this.#contexts.get(context) === lookup) this.#contexts.delete(context);
    if (end === null) this.#remember(lookup);
    open.end = end;
    this.#onTree(finished(open));
  }

  #remember(lookup: bigint): void {
    this.#early.add(lookup);
    for (const oldest of this.#early) {
      if (this.#early.size <= MAX_TREES) break;
      this.#early.delete(oldest);
    }
  }
}
