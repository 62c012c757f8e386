import type { Family } from './event.js';

/** What the kernel is asked to leave out of the event stream; null: everything passes. */
export interface KernelFilter {
  readonly family: Family | null;
  /** RTA_TABLE numbers. */
  readonly tables: readonly number[] | null;
  /** rtm_protocol numbers. */
  readonly protocols: readonly number[] | null;
}
