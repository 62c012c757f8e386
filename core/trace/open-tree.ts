import type { TracedFunction } from './model.js';
import { RT_STEP_KIND } from '../bpf/layout.gen.js';
import type { StepRecord } from './read-step.js';
import { treeHead } from './tree-head.js';
import type { CallNode, HoleNode, LookupTree, TreeNode } from './tree.js';

/** Calls of one tree; what comes after is counted as lost. */
export const MAX_NODES = 10_000;

interface OpenCall extends CallNode {
  leave: StepRecord | null;
  durationNs: number | null;
  readonly calls: TreeNode[];
}

interface OpenHole extends HoleNode {
  lost: number;
}

/** A call that has not ended, by depth. */
interface Frame {
  /** Null: its beginning is lost. */
  readonly call: OpenCall | null;
  readonly calls: TreeNode[];
  /** With `call` null: the call that stood here before the gap, which may be this one still. */
  readonly maybe: OpenCall | null;
  /** The gap, and where it stands now. */
  readonly gap: { readonly hole: OpenHole; readonly in: TreeNode[] } | null;
}

const frameOf = (call: OpenCall): Frame => ({ call, calls: call.calls, maybe: null, gap: null });

const lostFrame = (maybe: OpenCall | null, gap: Frame['gap']): Frame => ({
  call: null,
  calls: [],
  maybe,
  gap,
});

const ARGUMENTS = [0, 1, 2, 3, 4, 5];

/** Whether a beginning and an end seen on either side of a gap are one call's. */
const isSameCall = (call: OpenCall, traced: TracedFunction, step: StepRecord): boolean =>
  call.function.id === traced.id &&
  call.enter !== null &&
  ARGUMENTS.every((index) => call.enter?.arg(index) === step.arg(index));

/**
 * A tree while its records come. After a gap a call may stand where another of the same depth stood: nothing is
 * put into a call that might have ended in the gap before that call's own end is seen.
 */
export class OpenTree {
  /** Records held. */
  held = 0;
  readonly #first: StepRecord;
  readonly #calls: TreeNode[] = [];
  readonly #frames: Frame[] = [];
  #next = 0;
  #lost = 0;
  #nodes = 0;
  /** Where records are counted once there are too many. */
  #rest: OpenHole | null = null;

  constructor(first: StepRecord) {
    this.#first = first;
  }

  /** True when the tree ends with it. `step` is kept. */
  take(step: StepRecord, traced: TracedFunction): boolean {
    // A record twice, or from before: only a damaged file has it.
    if (step.seq < this.#next) return false;
    const lost = step.seq - this.#next;
    this.#next = step.seq + 1;
    const isEnd = step.kind === RT_STEP_KIND.leave || step.kind === RT_STEP_KIND.end;
    if (this.#rest !== null && !(isEnd && step.depth === 0)) {
      this.#rest.lost += lost + 1;
      this.#lost += lost + 1;
      return false;
    }
    const parent = step.kind === RT_STEP_KIND.leave ? step.depth : step.depth - 1;
    this.#place(parent, lost, traced.mechanism !== 'fentry');
    switch (step.kind) {
      case RT_STEP_KIND.end:
        return true;
      case RT_STEP_KIND.leave:
        this.#leave(step, traced);
        if (step.depth === 0) return true;
        break;
      default:
        this.#enter(step, traced);
    }
    if (this.#nodes >= MAX_NODES && this.#rest === null) this.#fill();
    return false;
  }

  /** The tree as far as it was seen; nothing may be taken afterwards. */
  finish(isComplete: boolean): LookupTree {
    this.#unwind(0);
    const first = this.#first;
    return {
      ...treeHead(first),
      netns: first.u32('netns'),
      calls: this.#calls,
      lost: this.#lost,
      isComplete,
    };
  }

  /**
   * Makes `parent` the deepest open depth (-1: none), as it must be before the record, with `lost` records before it.
   * `mayMiss`: a call may end without a record that is counted.
   */
  #place(parent: number, lost: number, mayMiss: boolean): void {
    const top = this.#frames.length - 1;
    const missing = Math.max(0, parent - top);
    // What a depth cannot do without is lost, numbered or not.
    const gone = Math.max(lost, missing);
    if (gone === 0) {
      this.#unwind(parent + 1);
      return;
    }
    this.#lost += gone;
    const kept = Math.min(top, parent);
    // A call ends and another begins in its place with one record for each open depth from it, twice.
    let certain = kept;
    const cost = (depth: number): number => (mayMiss ? 0 : top - depth + 1) + (parent - depth + 1);
    while (certain > 0 && gone >= cost(certain)) certain--;
    const doubtful = this.#frames.slice(certain + 1, kept + 1).map(({ call }) => call);
    this.#unwind(certain + 1);
    const into = this.#top();
    const hole: OpenHole = { kind: 'hole', lost: gone };
    into.push(hole);
    this.#nodes++;
    const gap = { hole, in: into };
    for (let depth = certain + 1; depth <= parent; depth++) {
      this.#frames.push(lostFrame(doubtful[depth - certain - 1] ?? null, gap));
    }
  }

  #top(): TreeNode[] {
    return this.#frames.at(-1)?.calls ?? this.#calls;
  }

  #enter(step: StepRecord, traced: TracedFunction): void {
    const call = this.#add(traced, step, null, []);
    if (step.kind === RT_STEP_KIND.enter) this.#frames.push(frameOf(call));
  }

  #leave(step: StepRecord, traced: TracedFunction): void {
    const { call = null, calls = [], maybe = null, gap = null } = this.#frames.pop() ?? {};
    if (call !== null && call.function.id === traced.id) {
      this.#end(call, step);
    } else if (call !== null) {
      // Not what stands here: only a damaged file has it.
      this.#add(traced, null, step, []);
    } else if (
      maybe !== null &&
      gap !== null &&
      this.#isOutermost(gap) &&
      isSameCall(maybe, traced, step)
    ) {
      const at = gap.in.indexOf(gap.hole);
      if (at >= 0) maybe.calls.push(...gap.in.splice(at, 1));
      for (const node of calls) maybe.calls.push(node);
      this.#end(maybe, step);
    } else {
      this.#add(traced, null, step, calls);
    }
  }

  /** What is around the call now ending was not in doubt: within a call that may be another's, nothing is the same. */
  #isOutermost(gap: Frame['gap']): boolean {
    return this.#frames.at(-1)?.gap !== gap;
  }

  #end(call: OpenCall, step: StepRecord): void {
    call.leave = step;
    call.durationNs = call.enter === null ? null : Number(step.timeNs - call.enter.timeNs);
    this.held++;
  }

  #add(
    traced: TracedFunction,
    enter: StepRecord | null,
    leave: StepRecord | null,
    calls: TreeNode[],
  ): OpenCall {
    const call: OpenCall = {
      kind: 'call',
      function: traced,
      origin: 'seen',
      enter,
      leave,
      durationNs: null,
      calls,
      words: null,
    };
    this.#top().push(call);
    this.#nodes++;
    this.held++;
    return call;
  }

  /**
   * Ends what is open at `depth` and deeper without its end. A call without its beginning is then not known; what it
   * called stands after a hole, for its beginning.
   */
  #unwind(depth: number): void {
    while (this.#frames.length > depth) {
      const { call = null, calls = [], gap = null } = this.#frames.pop() ?? {};
      if (call !== null) continue;
      const around = this.#top();
      if (calls.length > 0 && gap !== null && around !== gap.in) moveOne(gap, around);
      for (const node of calls) around.push(node);
    }
  }

  #fill(): void {
    this.#unwind(1);
    this.#rest = { kind: 'hole', lost: 0 };
    this.#top().push(this.#rest);
  }
}

/** One of a gap's records was within another call. */
function moveOne({ hole, in: place }: NonNullable<Frame['gap']>, into: TreeNode[]): void {
  into.push({ kind: 'hole', lost: 1 });
  hole.lost--;
  if (hole.lost === 0) place.splice(place.indexOf(hole), 1);
}
