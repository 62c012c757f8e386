/** Which of several default routes IPv4 takes (net/ipv4/fib_semantics.c, fib_select_default and fib_detect_death). */

import { NUD } from '../wire/constants.js';
import { matchesTos } from './table-inet.js';
import type { FibRoute, LookupState } from './state.js';

/** NUD_VALID (include/net/neighbour.h). */
export const NUD_VALID =
  NUD.PERMANENT | NUD.NOARP | NUD.REACHABLE | NUD.PROBE | NUD.STALE | NUD.DELAY;

const gatewayState = (route: FibRoute, state: LookupState): number | null => {
  const [hop] = route.parts.body.nexthops;
  const found = state.neighbours.find(
    ({ ifindex, address }) => ifindex === hop?.ifindex && address === hop.gateway,
  );
  return found?.state ?? null;
};

/** Defaults through a gateway that are equal but for it, the found one first. */
function rivals(found: FibRoute, state: LookupState, tos: number): readonly FibRoute[] {
  const list: FibRoute[] = [];
  let lastPriority = found.priority;
  let lastTos = 0;
  for (const route of state.routes) {
    if (route.table !== found.table || route.dstLength !== 0 || !matchesTos(route, tos)) continue;
    if (route.priority > lastPriority && route.tos === lastTos) {
      if (lastTos !== 0) continue;
      break;
    }
    if (route.parts.body.nexthops.every(({ flags }) => flags.includes('dead'))) continue;
    lastTos = route.tos;
    lastPriority = route.priority;
    const { type, nexthops } = route.parts.body;
    if (route.scope !== found.scope || type !== 'unicast') continue;
    if (nexthops[0]?.gateway == null) continue;
    if (list.length === 0 && route !== found) break;
    list.push(route);
  }
  return list;
}

/**
 * The default routes the kernel may take instead of the one found; one only where that is sure. It goes from gateway
 * to gateway by their neighbour state and by which one it took last, which it tells nobody.
 */
export function defaultChoices(
  found: FibRoute,
  state: LookupState,
  tos: number,
): readonly FibRoute[] {
  const list = rivals(found, state, tos);
  if (list.length < 2) return [found];
  const choices: FibRoute[] = [];
  for (const route of list) {
    const nud = gatewayState(route, state);
    if (nud === null || nud === NUD.REACHABLE) return [...choices, route];
    if ((nud & NUD_VALID) !== 0) choices.push(route);
  }
  return choices.length === 0 ? list : choices.length === 1 ? choices : list;
}
