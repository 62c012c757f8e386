/** One IPv6 table (net/ipv6/ip6_fib.c, fib6_node_lookup and fib6_backtrack; net/ipv6/route.c, fib6_table_lookup). */

import type { Nexthop } from '../event.js';
import { NUD } from '../wire/constants.js';
import { NUD_VALID } from './default-route.js';
import { covers } from './prefix.js';
import type { FibRoute, LookupState } from './state.js';
import { REFUSALS, type PassedRoute, type TableAnswer } from './steps.js';

/** What a lookup in one table is about. */
export interface Inet6Key {
  readonly dst: Uint8Array;
  /** Zeros where none is given. */
  readonly src: Uint8Array;
  /** Interface wanted; the one it was received on for what is forwarded. */
  readonly oif: number;
  /** Only routes over that interface serve (RT6_LOOKUP_F_IFACE). */
  readonly isStrict: boolean;
}

/** Routes with one prefix and one source prefix, in the kernel's order: a node of the tree. */
type Node = readonly FibRoute[];

function bySourceLength(routes: readonly FibRoute[], src: Uint8Array): readonly Node[] {
  const serving = routes.filter((r) => r.srcLength > 0 && covers(r.src, r.srcLength, src));
  const lengths = [...new Set(serving.map(({ srcLength }) => srcLength))].sort((a, b) => b - a);
  return lengths.map((length) => serving.filter(({ srcLength }) => srcLength === length));
}

interface NodeWalk {
  readonly nodes: readonly Node[];
  /** Routes of a destination left out for another one with a source prefix that doesn't hold. */
  readonly skipped: readonly FibRoute[];
}

/**
 * The nodes the kernel looks at, in order. Where a destination has routes with source prefixes and none of them holds,
 * its routes without one are left out too, unless the walk comes from deeper down or the destination is ::/0.
 */
function nodeWalk(routes: readonly FibRoute[], { dst, src }: Inet6Key): NodeWalk {
  const covering = routes.filter((route) => covers(route.dst, route.dstLength, dst));
  const lengths = [...new Set(covering.map(({ dstLength }) => dstLength))].sort((a, b) => b - a);
  const nodes: Node[] = [];
  const skipped: FibRoute[] = [];
  for (const length of lengths) {
    const here = covering.filter(({ dstLength }) => dstLength === length);
    const subtree = bySourceLength(here, src);
    const plain = here.filter(({ srcLength }) => srcLength === 0);
    const hasSubtree = plain.length < here.length;
    if (nodes.length === 0 && hasSubtree && subtree.length === 0 && length > 0) {
      skipped.push(...plain);
      continue;
    }
    nodes.push(...subtree);
    if (plain.length > 0) nodes.push(plain);
  }
  return { nodes, skipped };
}

/** rt6_check_neigh, in a kernel with CONFIG_IPV6_ROUTER_PREF: a gateway that failed does not serve at first. */
function gatewayFailed(hop: Nexthop, state: LookupState): boolean {
  if (hop.gateway === null) return false;
  const found = state.neighbours.find(
    ({ ifindex, address }) => ifindex === hop.ifindex && address === hop.gateway,
  );
  return found !== undefined && (found.state & NUD_VALID) === 0 && (found.state & NUD.FAILED) !== 0;
}

/** RFC 4191 preference as the kernel weighs it (IPV6_DECODE_PREF). */
const WEIGHTS: Readonly<Record<string, number>> = { high: 3, medium: 2, low: 1, invalid: 0 };

interface Scored {
  /** Negative: does not serve. */
  readonly score: number;
  readonly why: string;
}

/** find_match and rt6_score_route. */
function scoreHop(
  route: FibRoute,
  hop: Nexthop | undefined,
  key: Inet6Key,
  state: LookupState,
  reachable: boolean,
): Scored {
  if (hop?.flags.includes('dead')) {
    const isDown = hop.flags.includes('linkdown');
    const why = isDown
      ? 'the link is down and ignore_routes_with_linkdown is set'
      : 'its nexthop is dead';
    return { score: -1, why };
  }
  const isHere = key.oif === 0 || hop?.ifindex === key.oif;
  if (!isHere && key.isStrict) return { score: -1, why: `it leaves by ${hop?.dev ?? 'lo'}` };
  if (reachable && hop !== undefined && gatewayFailed(hop, state)) {
    return { score: -1, why: `its gateway ${hop.gateway ?? ''} failed to answer` };
  }
  const weight = WEIGHTS[route.parts.body.pref ?? 'medium'] ?? 0;
  return { score: (isHere ? 2 : 0) | (weight << 2), why: '' };
}

interface Best {
  route: FibRoute | null;
  score: number;
}

/** The members of a nexthop group in the kernel's order; of other routes their own. */
function orderedHops(route: FibRoute, state: LookupState): readonly number[] {
  const { nexthops, nhid } = route.parts.body;
  const order = nhid === null ? undefined : state.groups.get(nhid);
  const numbers = nexthops.map((_, i) => i);
  if (order === undefined) return numbers;
  const place = (i: number): number => {
    const hop = nexthops[i];
    return order.indexOf(`${hop?.ifindex ?? 0} ${hop?.gateway ?? ''}`);
  };
  return numbers.sort((a, b) => place(a) - place(b));
}

/** __find_rr_leaf. False: a blackhole object ends the search. */
function consider(
  node: Node,
  best: Best,
  key: Inet6Key,
  state: LookupState,
  reachable: boolean,
): boolean {
  for (const route of node) {
    const { nexthops, nhid, type } = route.parts.body;
    if (route.isExpired) continue;
    if (nhid !== null && type === 'blackhole') {
      best.route = route;
      return false;
    }
    const hops = nexthops.length === 0 ? [-1] : orderedHops(route, state);
    for (const hop of hops) {
      const { score } = scoreHop(route, nexthops[hop], key, state, reachable);
      if (score <= best.score) continue;
      best.route = route;
      best.score = score;
      if (nhid !== null) break;
    }
  }
  return true;
}

/** find_rr_leaf: the best of the lowest metric; where none of it serves, the best of all others. */
function selectRoute(
  node: Node,
  key: Inet6Key,
  state: LookupState,
  reachable: boolean,
): FibRoute | null {
  const best: Best = { route: null, score: -1 };
  const metric = node[0]?.priority ?? 0;
  const lowest = node.filter(({ priority }) => priority === metric);
  if (!consider(lowest, best, key, state, reachable) || best.route !== null) return best.route;
  const others = node.filter(({ priority }) => priority !== metric);
  consider(others, best, key, state, reachable);
  return best.route;
}

/** Why a route before the found one does not serve. */
function fault(
  route: FibRoute,
  key: Inet6Key,
  state: LookupState,
  reachable: boolean,
): string | null {
  if (route.isExpired) return 'its lifetime is over';
  const { nexthops } = route.parts.body;
  const hops = nexthops.length === 0 ? [undefined] : nexthops;
  const scored = hops.map((hop) => scoreHop(route, hop, key, state, reachable));
  return scored.every(({ score }) => score < 0) ? (scored[0]?.why ?? '') : null;
}

const SKIPPED =
  'the same destination has routes with a source prefix, none of which holds: the kernel leaves the whole node';

function answered(
  found: FibRoute,
  walk: NodeWalk,
  key: Inet6Key,
  state: LookupState,
  reachable: boolean,
): TableAnswer {
  const all = walk.nodes.flat();
  const passed: PassedRoute[] = walk.skipped.map((route) => ({ route, why: SKIPPED }));
  const beaten: FibRoute[] = [];
  let isBefore = true;
  for (const route of all) {
    if (route === found) {
      isBefore = false;
      continue;
    }
    const why = fault(route, key, state, reachable);
    if (why !== null && isBefore) passed.push({ route, why });
    else beaten.push(route);
  }
  const { body } = found.parts;
  const errno = REFUSALS[body.type] ?? 0;
  // The hash goes over all members of a group of nexthop objects, also where one interface is asked for.
  const isGroup = body.nhid !== null;
  const hops = body.nexthops
    .map((_, i) => i)
    .filter((i) => isGroup || scoreHop(found, body.nexthops[i], key, state, reachable).score >= 0);
  const isThrow = body.type === 'throw';
  const outcome = isThrow ? 'throw' : errno === 0 ? 'found' : 'refused';
  return { outcome, route: found, errno: isThrow ? 0 : errno, hops, passed, beaten };
}

/** Looks a flow up in one table. */
export function lookupInet6(state: LookupState, table: number, key: Inet6Key): TableAnswer {
  const walk = nodeWalk(
    state.routes.filter((route) => route.table === table),
    key,
  );
  // A router does not mind gateways that failed; a host takes them only when all others fail.
  const passes = state.isForwarding ? [false] : [true, false];
  for (const reachable of passes) {
    for (const node of walk.nodes) {
      const route = selectRoute(node, key, state, reachable);
      if (route !== null) return answered(route, walk, key, state, reachable);
    }
  }
  const passed = [
    ...walk.skipped.map((route) => ({ route, why: SKIPPED })),
    ...walk.nodes
      .flat()
      .map((route) => ({ route, why: fault(route, key, state, false) ?? 'it does not serve' })),
  ];
  return { outcome: 'none', route: null, errno: 0, hops: [], passed, beaten: [] };
}
