/** What a lookup came by, step by step. */

import type { Rule } from '../wire/rule.js';
import type { FibRoute } from './state.js';

/** A route that covers the destination and was passed over, and why. */
export interface PassedRoute {
  readonly route: FibRoute;
  readonly why: string;
}

/** What a table gave. */
export interface TableAnswer {
  /** `refused`: a route that refuses (blackhole, unreachable, prohibit); `throw`: one that sends back to the rules. */
  readonly outcome: 'found' | 'refused' | 'throw' | 'none';
  readonly route: FibRoute | null;
  /** Positive, 0 but for `refused`. */
  readonly errno: number;
  /** Numbers of the nexthops the kernel may take. */
  readonly hops: readonly number[];
  /** Better matches that do not serve. */
  readonly passed: readonly PassedRoute[];
  /** Matches that came after the one found. */
  readonly beaten: readonly FibRoute[];
}

/**
 * How a rule ended: it does not match; it leads on (`goto`, `nop`); it refuses by itself (`refused`); its table had
 * nothing (`none`, `throw`), something the rule suppresses (`suppressed`), a refusing route (`refused-route`), or the
 * route (`found`).
 */
export type RuleOutcome =
  | 'mismatch'
  | 'goto'
  | 'nop'
  | 'refused'
  | 'none'
  | 'throw'
  | 'suppressed'
  | 'refused-route'
  | 'found';

export interface RuleStep {
  readonly rule: Rule;
  readonly outcome: RuleOutcome;
  /** Why it does not match, is suppressed or leads nowhere; null where the outcome says all. */
  readonly why: string | null;
  /** Table looked into, null for none. */
  readonly table: number | null;
  readonly answer: TableAnswer | null;
}

/** What all rules gave. */
export interface RulesAnswer {
  readonly steps: readonly RuleStep[];
  /** Positive errno, 0 when a route was found. */
  readonly errno: number;
  readonly answer: TableAnswer | null;
}

/** errno of the kernel as lookups use them (include/uapi/asm-generic/errno-base.h, errno.h). */
export const ERRNO = {
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENETUNREACH: 101,
  EHOSTUNREACH: 113,
} as const;

/** Routes that refuse, by type (fib_props in net/ipv4/fib_semantics.c; fib6_prop in net/ipv6/route.c). */
export const REFUSALS: Readonly<Record<string, number>> = {
  blackhole: ERRNO.EINVAL,
  unreachable: ERRNO.EHOSTUNREACH,
  prohibit: ERRNO.EACCES,
};

/** Rules that refuse, by action. */
export const RULE_REFUSALS: Readonly<Record<string, number>> = {
  blackhole: ERRNO.EINVAL,
  unreachable: ERRNO.ENETUNREACH,
  prohibit: ERRNO.EACCES,
};
