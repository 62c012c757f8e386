/** A lookup as a call tree. */

import type { TracedFunction } from './model.js';
import type { StepRecord } from './read-step.js';

/** The way an implied lookup comes to. */
export interface ImpliedWay {
  readonly dst: string;
  readonly gateway: string | null;
  readonly oif: number;
  /** '' where the mirror has no such interface. */
  readonly dev: string;
  readonly src: string | null;
}

/** A call, or a tracepoint passed. */
export interface CallNode {
  readonly kind: 'call';
  readonly function: TracedFunction;
  /** `implied`: not seen, but what the rules and the mirror say must have happened. */
  readonly origin: 'seen' | 'implied';
  /** Null: the record is lost, or the node is implied. A tracepoint's record is its `enter`. */
  readonly enter: StepRecord | null;
  /** Null: not ended, the record is lost, or there is none. */
  readonly leave: StepRecord | null;
  /** ns; null where one end is not known. */
  readonly durationNs: number | null;
  readonly calls: readonly TreeNode[];
  /** The line of an implied node; null: worked out of the records. */
  readonly words: { readonly call: string; readonly result: string | null } | null;
  /** Of an implied lookup that comes to one way. */
  readonly gives?: ImpliedWay;
}

/** Records are lost here. */
export interface HoleNode {
  readonly kind: 'hole';
  readonly lost: number;
}

export type TreeNode = CallNode | HoleNode;

export interface LookupTree {
  readonly id: bigint;
  /** When it began, ns since the epoch. */
  readonly timeNs: bigint;
  readonly place: 'task' | 'softirq';
  readonly cpu: number;
  /** Of the task it began in; means nothing in a softirq. */
  readonly pid: number;
  readonly tid: number;
  readonly uid: number;
  readonly comm: string;
  /** nsfs inode of the namespace, 0 for not known. */
  readonly netns: number;
  /** One; several where the calls around them were lost, or where tracepoints have no call around them. */
  readonly calls: readonly TreeNode[];
  /** Records lost within. */
  readonly lost: number;
  /** False: its end was not seen. */
  readonly isComplete: boolean;
}
