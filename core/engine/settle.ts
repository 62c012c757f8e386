import { joinsMultipath } from '../fib/bodies.js';
import type { Fib } from '../fib/fib.js';
import { RouteKey } from '../fib/route-key.js';
import type { RouteStore } from '../fib/route-store.js';
import { hopStarts } from '../wire/hops.js';
import { keyDifference, type Difference, type DumpComparison } from './dump.js';
import type { Touched } from './touched.js';

/** One net difference, ready to be said. Bodies hold a reference until `release`. */
export interface NetDifference {
  readonly probe: 'add' | 'delete' | 'change';
  readonly key: RouteKey;
  readonly inet6: boolean;
  readonly body: number;
  /** Body before a change, else -1. */
  readonly before: number;
  /** Seconds left, null for never. */
  readonly expires: number | null;
  /** The route's own lifetime had run out. */
  readonly expired: boolean;
}

export type Settled = readonly NetDifference[];

type PerFamily<T> = { readonly inet: T; readonly inet6: T };

/**
 * Brings the mirror to what the dumps showed and returns what that changed. Keys touched by messages since are left alone and
 * counted in `ignored`. In a family still being learnt, routes that turn up are taken in silently, unless `sayLearnt`.
 */
export function settle(
  fib: Fib,
  dumps: readonly DumpComparison[],
  touched: PerFamily<Touched>,
  learning: PerFamily<boolean>,
  mark: number,
  sayLearnt: boolean,
): Settled {
  const out: NetDifference[] = [];
  for (const dump of dumps) {
    const family = dump.inet6 ? 'inet6' : 'inet';
    const store = fib.store(dump.inet6);
    settleGone(fib, store, dump, touched[family], out);
    for (const difference of dump.differences) {
      if (touched[family].has(difference.key.hash())) {
        dump.ignored++;
        if (learning[family]) learnBeside(fib, store, difference, mark);
        releaseAll(fib, difference.bodies);
      } else if (learning[family] && !sayLearnt)
        replaceSilently(fib, store, difference, mark, dump.nowMs);
      else if (dump.unsure && lacksSome(store, difference)) {
        dump.ignored++;
        releaseAll(fib, difference.bodies);
      } else settleKey(fib, store, difference, mark, dump.nowMs, out);
    }
  }
  return out;
}

/** Gives the references of what `settle` returned back. */
export function releaseSettled(fib: Fib, settled: Settled): void {
  for (const { body, before } of settled) {
    fib.release(body);
    if (before >= 0) fib.release(before);
  }
}

function settleGone(
  fib: Fib,
  store: RouteStore,
  dump: DumpComparison,
  touched: Touched,
  out: NetDifference[],
): void {
  for (const slot of dump.gone) {
    if (!store.isUsed(slot)) continue;
    const key = new RouteKey();
    store.readKey(slot, key);
    if (touched.has(key.hash())) {
      dump.ignored++;
      continue;
    }
    const body = store.body(slot);
    const expiresMs = store.inet6 ? fib.expiry.get(slot) : undefined;
    fib.bodies.retain(body);
    fib.removeSlot(store, slot, key);
    out.push({
      probe: 'delete',
      key,
      inet6: store.inet6,
      body,
      before: -1,
      expires: null,
      expired: expiresMs !== undefined && expiresMs <= dump.nowMs + 1000,
    });
  }
}

function bodiesOf(store: RouteStore, key: RouteKey): number[] {
  const bodies: number[] = [];
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot))
    bodies.push(store.body(slot));
  return bodies;
}

/** A disturbed IPv6 dump may show a key in part: what it adds is true, what it lacks proves nothing. */
const lacksSome = (store: RouteStore, { key, bodies }: Difference): boolean =>
  keyDifference(bodiesOf(store, key), bodies).removed.length > 0;

/** Puts the dump's routes of the key in the place of the mirror's. */
function replaceSilently(
  fib: Fib,
  store: RouteStore,
  difference: Difference,
  mark: number,
  nowMs: number,
): void {
  const { key } = difference;
  for (let slot = store.first(key); slot >= 0; slot = store.first(key)) {
    fib.removeSlot(store, slot, key);
  }
  difference.bodies.forEach((body, i) => {
    const slot = store.insertLast(key, body);
    store.setMark(slot, mark);
    if (store.inet6) fib.noteExpiry(slot, difference.expires[i] ?? 0, nowMs);
  });
}

function settleKey(
  fib: Fib,
  store: RouteStore,
  difference: Difference,
  mark: number,
  nowMs: number,
  out: NetDifference[],
): void {
  const { key, inet6, bodies } = difference;
  const { removed: absent, added } = keyDifference(bodiesOf(store, key), bodies);
  const hidden = inet6 ? hiddenBySiblings(fib, bodies, absent) : [];
  const removed = absent.filter((body) => !hidden.includes(body));
  for (const body of [...absent, ...added]) fib.bodies.retain(body);
  replaceSilently(fib, store, difference, mark, nowMs);
  // Their references go to the slots.
  for (const body of hidden) store.setMark(store.insertLast(key, body), mark);
  const count = Math.max(removed.length, added.length);
  for (let i = 0; i < count; i++) {
    const before = removed[i];
    const after = added[i];
    const ticks = after === undefined ? 0 : (difference.expires[bodies.indexOf(after)] ?? 0);
    const common = {
      key,
      inet6,
      expires: ticks === 0 ? null : Math.max(0, Math.round(ticks / 100)),
      expired: false,
    };
    if (after === undefined) {
      if (before !== undefined) out.push({ ...common, probe: 'delete', body: before, before: -1 });
    } else if (before === undefined) out.push({ ...common, probe: 'add', body: after, before: -1 });
    else out.push({ ...common, probe: 'change', body: after, before });
  }
}

/**
 * Of the routes absent from an IPv6 dump, those it may hide: fib6_dump_node (net/ipv6/ip6_fib.c) jumps from a
 * multipath route to its last sibling, and what stands between them is in no dump.
 */
function hiddenBySiblings(
  fib: Fib,
  shown: readonly number[],
  absent: readonly number[],
): readonly number[] {
  const siblings = shown.some((body) => hopStarts(fib.bodies.bytes(body)).length > 1);
  return siblings ? absent.filter((body) => !joinsMultipath(fib.bodies.bytes(body))) : [];
}

/**
 * First sight of a key that messages touched meanwhile: routes the mirror lacks are older than the
 * messages. They go before what the messages brought; a later sync puts right what is in doubt.
 */
function learnBeside(fib: Fib, store: RouteStore, difference: Difference, mark: number): void {
  const held = bodiesOf(store, difference.key);
  if (held.length === 0) return;
  const { added } = keyDifference(held, difference.bodies);
  for (const body of [...added].reverse()) {
    fib.bodies.retain(body);
    store.setMark(store.insertFirst(difference.key, body), mark);
  }
}

function releaseAll(fib: Fib, bodies: readonly number[]): void {
  for (const body of bodies) fib.release(body);
}
