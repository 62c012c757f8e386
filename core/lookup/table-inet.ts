/** One IPv4 table (net/ipv4/fib_trie.c, fib_table_lookup; net/ipv4/fib_semantics.c). */

import type { Nexthop } from '../event.js';
import { covers, sameAddress } from './prefix.js';
import { LEGACY_TOS } from './rules.js';
import type { FibRoute, Flow, LookupState } from './state.js';
import { REFUSALS, type PassedRoute, type TableAnswer } from './steps.js';

/** RT_TABLE_LOCAL, RT_TABLE_MAIN (include/uapi/linux/rtnetlink.h). */
export const TABLE = { LOCAL: 255, MAIN: 254, DEFAULT: 253 } as const;

/** What of a table covers an address: longest prefix first, then the kernel's order. */
function matching(
  state: LookupState,
  tables: readonly number[],
  address: Uint8Array,
): readonly FibRoute[] {
  return tables
    .flatMap((table) => state.routes.filter((route) => route.table === table))
    .filter((route) => covers(route.dst, route.dstLength, address))
    .sort((a, b) => b.dstLength - a.dstLength);
}

const flagged = (hop: Nexthop, flag: string): boolean => hop.flags.includes(flag);

/** Why a nexthop does not serve, in words; null when it does (fib_lookup_good_nhc). */
function inetHopFault(hop: Nexthop, oif: number): string | null {
  if (flagged(hop, 'dead')) {
    return flagged(hop, 'linkdown')
      ? 'the link is down and ignore_routes_with_linkdown is set'
      : 'its nexthop is dead';
  }
  if (oif !== 0 && hop.ifindex !== oif) return `it leaves by ${hop.dev ?? hop.ifindex}`;
  return null;
}

/** Numbers of the nexthops that may be taken, or why there is none. With `oif` the first one that serves is the one. */
function hopsOf(route: FibRoute, oif: number): { hops: readonly number[]; why: string } {
  const { nexthops } = route.parts.body;
  const faults = nexthops.map((hop) => inetHopFault(hop, oif));
  const hops = faults.flatMap((fault, i) => (fault === null ? [i] : []));
  return { hops: oif === 0 ? hops : hops.slice(0, 1), why: faults[0] ?? 'it has no nexthop' };
}

export const matchesTos = (route: FibRoute, tos: number): boolean =>
  route.tos === 0 || (route.tos & 0xfc) === (tos & LEGACY_TOS);

/**
 * Looks an address up in `tables`: one of them, or `local` and `main` together where they are one trie.
 * Throwing routes and dead nexthops are not what a longest prefix alone would tell.
 */
export function lookupInet(
  state: LookupState,
  tables: readonly number[],
  address: Uint8Array,
  { tos, oif }: Pick<Flow, 'tos' | 'oif'>,
): TableAnswer {
  const routes = matching(state, tables, address);
  const passed: PassedRoute[] = [];
  let missed: FibRoute | null = null;
  for (const [at, route] of routes.entries()) {
    const { body } = route.parts;
    const beaten = routes.slice(at + 1);
    const pass = (why: string): unknown => passed.push({ route, why });
    if (missed !== null && sameAddress(missed.dst, route.dst)) {
      pass('a nexthop object before it does not serve, and the kernel leaves the whole node');
      continue;
    }
    if (!matchesTos(route, tos)) {
      pass(`tos is 0x${(tos & LEGACY_TOS).toString(16)}`);
      continue;
    }
    if (body.type === 'throw') {
      return { outcome: 'throw', route, errno: 0, hops: [], passed, beaten };
    }
    const errno = REFUSALS[body.type];
    if (errno !== undefined) {
      return { outcome: 'refused', route, errno, hops: [], passed, beaten };
    }
    const { hops, why } = hopsOf(route, oif);
    if (hops.length > 0) return { outcome: 'found', route, errno: 0, hops, passed, beaten };
    pass(why);
    if (body.nhid !== null) missed = route;
  }
  return { outcome: 'none', route: null, errno: 0, hops: [], passed, beaten: [] };
}
