/** Holds what the mirror says against what the kernel says. */

import { errnoName } from '../bpf/errno.js';
import type { Nexthop } from '../event.js';
import type { RouteParts } from '../route-body.js';
import type { KernelAnswer } from './kernel-answer.js';
import type { Outcome, Way } from './result.js';
import type { FibRoute, Flow, LookupState } from './state.js';
import { ERRNO } from './steps.js';
import { TABLE } from './table-inet.js';

/**
 * `same`; `differs`; `unasked`: the kernel answers no such question; `source-refused`: a received packet the kernel
 * drops for its source, which the mirror doesn't check; `open`: the mirror can't tell and takes the kernel's word;
 * `hidden`: the kernel takes a route that its dump leaves out. That is so in IPv6 for what stands between the nexthops
 * of a multipath route (net/ipv6/ip6_fib.c, fib6_dump_node).
 */
export type Verdict = 'same' | 'differs' | 'unasked' | 'source-refused' | 'open' | 'hidden';

export interface Check {
  readonly verdict: Verdict;
  /** What differs, one line each. */
  readonly differences: readonly string[];
  /** The way the kernel takes; the mirror's own where it wasn't asked. Null: none. */
  readonly way: Way | null;
  /** True when only the kernel could tell which of several ways. */
  readonly isKernelsChoice: boolean;
}

const shown = (value: Told): string =>
  value === null || value === undefined || value === '' ? 'none' : String(value);

type Told = string | number | null | undefined;

function differ(list: string[], what: string, mirror: Told, kernel: Told): void {
  if (mirror !== kernel)
    list.push(`${what}: routetap says ${shown(mirror)}, the kernel ${shown(kernel)}`);
}

const errnoText = (errno: number): string => (errno === 0 ? 'no error' : errnoName(errno));

/** In a merged trie what stands in `local` is told as of `main`. */
const toldTable = (table: number, state: LookupState): number =>
  state.isMerged && table === TABLE.LOCAL ? TABLE.MAIN : table;

const isTold = (way: Way, hop: Nexthop | undefined): boolean =>
  way.ifindex === (hop?.ifindex ?? 0) && way.gateway === (hop?.gateway ?? null);

function checkPlain(
  outcome: Outcome,
  flow: Flow,
  state: LookupState,
  told: RouteParts,
): { differences: string[]; way: Way | null } {
  const differences: string[] = [];
  const [hop] = told.body.nexthops;
  const way =
    outcome.ways.find((w) => isTold(w, hop) && w.source === told.body.prefsrc) ??
    outcome.ways.find((w) => isTold(w, hop)) ??
    null;
  differ(differences, 'type', outcome.type, told.body.type);
  differ(differences, 'table', toldTable(outcome.table, state), told.table);
  if (way === null) {
    const [first] = outcome.ways;
    const nameOf = (ifindex = 0): string => state.devices.get(ifindex)?.name ?? `if${ifindex}`;
    differ(differences, 'interface', nameOf(first?.ifindex), nameOf(hop?.ifindex));
    differ(differences, 'gateway', first?.gateway ?? null, hop?.gateway ?? null);
  }
  const asksSource = flow.iif === 0 && (flow.src === null || flow.src.every((byte) => byte === 0));
  if (asksSource) {
    const mine = (way ?? outcome.ways[0])?.source ?? null;
    differ(differences, 'source', mine, told.body.prefsrc);
  }
  if (flow.family === 'inet6') {
    differ(
      differences,
      'metric',
      way?.route?.priority ?? outcome.answer?.route?.priority,
      told.priority,
    );
  }
  return { differences, way };
}

const hopText = ({ gateway, ifindex, dev, weight }: Nexthop): string =>
  `${gateway === null ? '' : `via ${gateway} `}dev ${dev ?? ifindex} weight ${weight}`;

const hopsText = (hops: readonly Nexthop[]): string => hops.map(hopText).sort().join(', ');

/** The route itself (RTM_F_FIB_MATCH). */
function checkMatch(
  route: FibRoute,
  outcome: Outcome,
  state: LookupState,
  told: RouteParts,
): readonly string[] {
  const differences: string[] = [];
  const { parts } = route;
  differ(differences, 'prefix', parts.dst, told.dst);
  differ(differences, 'source prefix', parts.src, told.src);
  differ(differences, 'table of the route', toldTable(route.table, state), told.table);
  differ(differences, 'metric of the route', route.priority, told.priority);
  differ(differences, 'tos of the route', route.tos, told.tos);
  differ(differences, 'protocol', parts.body.protocol, told.body.protocol);
  differ(differences, 'type of the route', outcome.type, told.body.type);
  differ(differences, 'nexthop object', parts.body.nhid, told.body.nhid);
  // Routes of a nexthop object may come without the object's nexthops (nexthop_compat_mode).
  if (told.body.nhid === null || told.body.nexthops.length > 0) {
    const mine = hopsText(parts.body.nexthops);
    differ(differences, 'nexthops', mine, hopsText(told.body.nexthops));
  }
  return differences;
}

function checkErrno(outcome: Outcome, flow: Flow, plain: KernelAnswer): Check {
  const [way] = outcome.ways;
  const isSource = flow.iif !== 0 && outcome.errno === 0 && plain.errno === ERRNO.EINVAL;
  if (isSource) {
    return { verdict: 'source-refused', differences: [], way: null, isKernelsChoice: false };
  }
  const differences: string[] = [];
  differ(differences, 'outcome', errnoText(outcome.errno), errnoText(plain.errno));
  return {
    verdict: differences.length === 0 ? 'same' : 'differs',
    differences,
    way: plain.errno === 0 ? (way ?? null) : null,
    isKernelsChoice: false,
  };
}

/** Does the mirror hold the route the kernel names? */
const isMirrored = (told: RouteParts, state: LookupState): boolean =>
  state.routes.some(
    ({ parts }) =>
      parts.dst === told.dst &&
      parts.src === told.src &&
      parts.table === told.table &&
      parts.priority === told.priority &&
      parts.body.type === told.body.type &&
      parts.body.nhid === told.body.nhid &&
      (told.body.nhid !== null || hopsText(parts.body.nexthops) === hopsText(told.body.nexthops)),
  );

function compare(
  outcome: Outcome,
  flow: Flow,
  state: LookupState,
  plain: KernelAnswer | null,
  match: KernelAnswer | null,
): Check {
  const isKernelsChoice = outcome.ways.length > 1;
  if (plain === null) {
    const way = isKernelsChoice ? null : (outcome.ways[0] ?? null);
    return { verdict: 'unasked', differences: [], way, isKernelsChoice };
  }
  if (outcome.isOpen) {
    return { verdict: 'open', differences: [], way: null, isKernelsChoice: true };
  }
  if (outcome.errno !== 0 || plain.route === null) return checkErrno(outcome, flow, plain);
  const { differences, way } = checkPlain(outcome, flow, state, plain.route);
  const candidates = [
    ...new Set(outcome.ways.flatMap(({ route }) => (route === null ? [] : [route]))),
  ];
  if (candidates.length > 0 && match !== null) {
    const told = match.route;
    if (told === null) {
      differ(differences, 'the route itself', candidates[0]?.parts.dst, errnoText(match.errno));
    } else {
      const each = candidates.map((route) => checkMatch(route, outcome, state, told));
      if (each.every((list) => list.length > 0)) differences.push(...(each[0] ?? []));
    }
  }
  const verdict = differences.length === 0 ? 'same' : 'differs';
  return { verdict, differences, way, isKernelsChoice };
}

/** `plain` null: the kernel wasn't asked. `match`: its answer with RTM_F_FIB_MATCH. */
export function checkOutcome(
  outcome: Outcome,
  flow: Flow,
  state: LookupState,
  plain: KernelAnswer | null,
  match: KernelAnswer | null,
): Check {
  const check = compare(outcome, flow, state, plain, match);
  const told = match?.route ?? null;
  if (check.verdict !== 'differs' || flow.family !== 'inet6' || told === null) return check;
  return isMirrored(told, state) ? check : { ...check, verdict: 'hidden' };
}
