/** What a lookup comes to. */

import type { Exception, FibRoute } from './state.js';
import type { RuleStep, TableAnswer } from './steps.js';

/** One way the packet may go. */
export interface Way {
  /** Interface the kernel names: `lo` for what is delivered here. */
  readonly ifindex: number;
  readonly gateway: string | null;
  /** Null: none given and none to be had, or a received packet, which has one. */
  readonly source: string | null;
  /** The route it comes by; null where no route was needed. */
  readonly route: FibRoute | null;
  /** What was learned for this destination and takes the place of the route's gateway or MTU. */
  readonly exception: Exception | null;
}

/** What the mirror says the kernel will do. */
export interface Outcome {
  readonly steps: readonly RuleStep[];
  /** The table answer the rules ended with. */
  readonly answer: TableAnswer | null;
  /** Positive; 0: the packet has a way. */
  readonly errno: number;
  /** rtm_type of the result by name; '' with an errno. */
  readonly type: string;
  /** Table of the result as the kernel numbers it, 0 where no table was asked. */
  readonly table: number;
  /** More than one: only the kernel knows which (a hash, or the gateway used last). */
  readonly ways: readonly Way[];
  /** Things the steps don't tell: why no rule was asked, what is not computed. */
  readonly notes: readonly string[];
  /** The mirror can't tell whether the kernel takes this packet (group membership). */
  readonly isOpen: boolean;
}

export const refusal = (
  errno: number,
  note: string | null,
  more: Partial<Outcome> = {},
): Outcome => ({
  steps: [],
  answer: null,
  errno,
  type: '',
  table: 0,
  ways: [],
  notes: note === null ? [] : [note],
  isOpen: false,
  ...more,
});
