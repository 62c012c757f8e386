/** What a trace of the routing code is made of. */

import type { Family } from '../event.js';

/** How a function is watched. */
export type TraceMechanism = 'fentry' | 'kprobe' | 'tracepoint';

/** A function, or a tracepoint, as the running kernel has it. */
export interface TracedFunction {
  /** Number in records. */
  readonly id: number;
  /** Name in the source; a key of FUNCTIONS. */
  readonly name: string;
  /** Name in the kernel: with a suffix where the compiler made a copy (`ip_rcv_finish_core.constprop.0`). */
  readonly symbol: string;
  readonly mechanism: TraceMechanism;
  /** In order; empty where the kernel's BTF does not tell. */
  readonly parameters: readonly TracedParameter[];
  /** Type of the result in C, `void` for none; '' not known. */
  readonly returns: string;
}

export interface TracedParameter {
  readonly name: string;
  /** In C: `struct flowi4 *`. */
  readonly type: string;
}

/** A function that is not watched, and why: `not in this kernel`, `inlined …`, or what the kernel said. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/** What a trace says of itself. */
export interface TraceInfo {
  /** Release of the kernel, as uname has it. */
  readonly kernel: string;
  /** What serves most functions. */
  readonly tier: TraceMechanism;
  /** Why no better one serves; null for the best. */
  readonly why: string | null;
  readonly functions: readonly TracedFunction[];
  readonly leftOut: readonly LeftOut[];
  /** The kernel's `enum skb_drop_reason`, names by number; absent: not read. */
  readonly dropReasons?: Readonly<Record<string, string>>;
}

/** Network namespace of a step. */
export interface TraceZone {
  /** nsfs inode, 0 for not known. */
  readonly id: number;
  readonly name: string | null;
}

/** A row of FUNCTIONS: what routetap knows of a function before it has seen the kernel. */
export interface FunctionRow {
  readonly name: string;
  /** File in the kernel's source: `net/ipv4/fib_trie.c`. */
  readonly file: string;
  /** Null: serves both. */
  readonly family: Family | null;
  /**
   * `entry`: who needs a route; `lookup`: the lookup itself; `step`: part of it; `outcome`: where a received packet
   * goes then; `point`: a tracepoint.
   */
  readonly role: 'entry' | 'lookup' | 'step' | 'outcome' | 'point';
  /** On the way of packets sent, received, or both. */
  readonly way: 'output' | 'input' | 'both';
  /** A tree may begin here: its arguments say the destination. */
  readonly isRoot: boolean;
  /** Its flow argument is written by itself. */
  readonly isFlowOut: boolean;
  /** One or two sentences for who reads the routing code for the first time: what it does, which structure it reads. */
  readonly explain: string;
}
