import { hopsNamed, joinsMultipath, nexthopIdOf } from './bodies.js';
import type { BodyStore } from './body-store.js';
import type { RouteStore } from './route-store.js';

/**
 * Which of the routes under one key an IPv6 message means. The kernel keeps them in one list, those with
 * gateways joined to a multipath set (fib6_add_rt2node, net/ipv6/ip6_fib.c).
 */

/** The multipath set that the message's hops contain, since a sibling joined it; -1 when there is none. */
export function grownSet(bodies: BodyStore, store: RouteStore, head: number, body: number): number {
  const bytes = bodies.bytes(body);
  if (!joinsMultipath(bytes)) return -1;
  for (let slot = head; slot >= 0; slot = store.next(slot)) {
    const held = bodies.bytes(store.body(slot));
    if (joinsMultipath(held) && hopsNamed(bytes, held) !== null) return slot;
  }
  return -1;
}

/**
 * The route a REPLACE takes away: the first of the same ability to be multipath, else the first of all.
 * `isSure` false: there was a choice, and the mirror's order need not be the kernel's.
 */
export function replacedRoute(
  bodies: BodyStore,
  store: RouteStore,
  head: number,
  body: number,
  nhid: number,
): { readonly slot: number; readonly isSure: boolean } {
  if (store.next(head) < 0) return { slot: head, isSure: true };
  const joins = joinsMultipath(bodies.bytes(body));
  let first = -1;
  let candidates = 0;
  for (let slot = head; slot >= 0; slot = store.next(slot)) {
    const held = bodies.bytes(store.body(slot));
    if (nhid !== 0 && nexthopIdOf(held) === nhid) return { slot, isSure: true };
    if (joinsMultipath(held) !== joins) continue;
    candidates++;
    if (first < 0) first = slot;
  }
  return { slot: first < 0 ? head : first, isSure: candidates === 1 };
}
