import { NLM_F } from '../wire/constants.js';
import { hopStarts, withoutHops } from '../wire/hops.js';
import { type RouteScan } from '../wire/scan.js';
import { BodyStore } from './body-store.js';
import { hopsNamed, nexthopIdOf, sameBytes, withoutFlags } from './bodies.js';
import { Contexts } from './contexts.js';
import { grownSet, replacedRoute } from './inet6-routes.js';
import type { RouteKey } from './route-key.js';
import { RouteStore } from './route-store.js';

/** What a message did to the mirror. Body numbers are valid during the call only. */
export interface FibListener {
  added(key: RouteKey, body: number): void;
  /**
   * `stale`: not this message's doing; the mirror still held what the kernel had dropped unseen.
   * `expiryMs`: when the route's lifetime ends, ms since the epoch.
   */
  deleted(key: RouteKey, body: number, stale: boolean, expiryMs?: number): void;
  changed(key: RouteKey, before: number, after: number): void;
  /** The message doesn't fit what the mirror holds: the kernel has to be asked. */
  doubtful(inet6: boolean): void;
}

/**
 * Every route of one zone, and what each kind of message does to it
 * (kernel: fib_table_insert in net/ipv4/fib_trie.c, fib6_add_rt2node in net/ipv6/ip6_fib.c).
 */
export class Fib {
  readonly bodies = new BodyStore();
  readonly inet = new RouteStore(false);
  readonly inet6 = new RouteStore(true);
  readonly contexts = new Contexts();
  /** IPv6 slot → when it expires, ms since the epoch. */
  readonly expiry = new Map<number, number>();
  /** The zone's first dump runs ahead of the messages: what is there already may be what they announce. */
  learning = true;
  /** A body number became free and may be given to other bytes. */
  readonly #freed: (body: number) => void;

  constructor(freed: (body: number) => void) {
    this.#freed = freed;
  }

  get size(): number {
    return this.inet.size + this.inet6.size;
  }

  store(inet6: boolean): RouteStore {
    return inet6 ? this.inet6 : this.inet;
  }

  /** The scanned route's key into `key`. */
  keyOf(scan: RouteScan, key: RouteKey): void {
    key.w0 = scan.w0;
    key.w1 = scan.w1;
    key.w2 = scan.w2;
    key.w3 = scan.w3;
    key.length = scan.dstLength;
    key.tos = scan.tos;
    key.priority = scan.priority;
    key.context = this.contexts.number(scan.table, scan.srcLength, scan.src);
  }

  internScan(scan: RouteScan): number {
    return this.bodies.intern(scan.bodyWords, scan.bodyBytes >>> 2);
  }

  release(body: number): void {
    if (this.bodies.release(body)) this.#freed(body);
  }

  removeSlot(store: RouteStore, slot: number, key: RouteKey): void {
    const body = store.body(slot);
    store.remove(slot, key);
    if (store.inet6) this.expiry.delete(slot);
    this.release(body);
  }

  /** RTM_NEWROUTE. `nowMs`: the event's time. */
  applyNew(
    scan: RouteScan,
    key: RouteKey,
    nlmsgFlags: number,
    nowMs: number,
    to: FibListener,
  ): void {
    const body = this.internScan(scan);
    const slot =
      scan.family === 10
        ? this.#newInet6(scan, key, body, nlmsgFlags, to)
        : this.#newInet(scan, key, body, nlmsgFlags, to);
    if (scan.family === 10) {
      const holder = slot >= 0 ? slot : this.#withBody(this.inet6, this.inet6.first(key), body);
      if (holder >= 0) this.noteExpiry(holder, scan.expiresTicks, nowMs);
    }
    if (slot < 0) this.release(body);
  }

  noteExpiry(slot: number, ticks: number, nowMs: number): void {
    if (ticks !== 0) this.expiry.set(slot, nowMs + ticks * 10);
    else if (this.expiry.size > 0) this.expiry.delete(slot);
  }

  /** Slot that took the body, or -1 when none did. */
  #newInet(scan: RouteScan, key: RouteKey, body: number, flags: number, to: FibListener): number {
    const store = this.inet;
    const head = store.first(key);
    if (head < 0) {
      const slot = store.insertFirst(key, body);
      to.added(key, body);
      return slot;
    }
    if ((flags & NLM_F.REPLACE) !== 0) {
      return this.#replace(store, this.#replacedInet(scan, head), key, body, to);
    }
    if (flags === 0) return this.#flagChange(store, head, key, body, to);
    const same = this.#withBody(store, head, body);
    if (same >= 0 && this.learning) return this.#announce(store, key, body, flags, to);
    this.#dropUnseen(store, key, flags, same, to);
    const slot =
      (flags & NLM_F.APPEND) !== 0 ? store.insertLast(key, body) : store.insertFirst(key, body);
    to.added(key, body);
    return slot;
  }

  /** What the first dump has shown already is told by the message that made it. */
  #announce(store: RouteStore, key: RouteKey, body: number, flags: number, to: FibListener): -1 {
    if ((flags & NLM_F.EXCL) !== 0) this.#dropOthers(store, key, body, to);
    to.added(key, body);
    return -1;
  }

  /**
   * The kernel has no two equal routes under a key, and none at all when it says EXCL: what the mirror
   * still has of that went away without a word (a link down and up again).
   */
  #dropUnseen(
    store: RouteStore,
    key: RouteKey,
    flags: number,
    same: number,
    to: FibListener,
  ): void {
    if ((flags & NLM_F.EXCL) !== 0) this.#dropOthers(store, key, -1, to);
    else if (same >= 0) {
      to.deleted(key, store.body(same), true);
      this.removeSlot(store, same, key);
    }
  }

  /** REPLACE takes the first alias, but for a nexthop object's own notification, which is sent per route. */
  #replacedInet(scan: RouteScan, head: number): number {
    if (scan.nhid === 0 || this.inet.next(head) < 0) return head;
    for (let slot = head; slot >= 0; slot = this.inet.next(slot)) {
      if (nexthopIdOf(this.bodies.bytes(this.inet.body(slot))) === scan.nhid) return slot;
    }
    return head;
  }

  #replace(store: RouteStore, slot: number, key: RouteKey, body: number, to: FibListener): number {
    const before = store.body(slot);
    if (before === body) return -1;
    store.setBody(slot, body);
    to.changed(key, before, body);
    this.release(before);
    return slot;
  }

  #flagChange(
    store: RouteStore,
    head: number,
    key: RouteKey,
    body: number,
    to: FibListener,
  ): number {
    const wanted = withoutFlags(this.bodies.bytes(body));
    for (let slot = head; slot >= 0; slot = store.next(slot)) {
      if (sameBytes(withoutFlags(this.bodies.bytes(store.body(slot))), wanted)) {
        return this.#replace(store, slot, key, body, to);
      }
    }
    to.doubtful(store.inet6);
    return -1;
  }

  #withBody(store: RouteStore, head: number, body: number): number {
    for (let slot = head; slot >= 0; slot = store.next(slot)) {
      if (store.body(slot) === body) return slot;
    }
    return -1;
  }

  /** The kernel says the key was free: what the mirror still has under it is gone. */
  #dropOthers(store: RouteStore, key: RouteKey, keep: number, to: FibListener): void {
    for (let slot = store.first(key); slot >= 0;) {
      const next = store.next(slot);
      if (store.body(slot) !== keep) {
        to.deleted(key, store.body(slot), true);
        this.removeSlot(store, slot, key);
      }
      slot = next;
    }
  }

  #newInet6(scan: RouteScan, key: RouteKey, body: number, flags: number, to: FibListener): number {
    const store = this.inet6;
    const head = store.first(key);
    if (head < 0) {
      const slot = store.insertFirst(key, body);
      to.added(key, body);
      return slot;
    }
    if (flags === 0) return this.#flagChange(store, head, key, body, to);
    if ((flags & NLM_F.REPLACE) !== 0) {
      const { slot, isSure } = replacedRoute(this.bodies, store, head, body, scan.nhid);
      if (!isSure) to.doubtful(true);
      return this.#replace(store, slot, key, body, to);
    }
    const same = this.#withBody(store, head, body);
    if (same >= 0 && this.learning) return this.#announce(store, key, body, flags, to);
    this.#dropUnseen(store, key, flags, same, to);
    const grown =
      (flags & NLM_F.EXCL) !== 0 ? -1 : grownSet(this.bodies, store, store.first(key), body);
    if (grown >= 0) return this.#replace(store, grown, key, body, to);
    const slot = store.insertLast(key, body);
    to.added(key, body);
    return slot;
  }

  /** RTM_DELROUTE. */
  applyDelete(scan: RouteScan, key: RouteKey, to: FibListener): void {
    const store = this.store(scan.family === 10);
    const head = store.first(key);
    const exact = this.bodies.find(scan.bodyWords, scan.bodyBytes >>> 2);
    const slot = exact < 0 || head < 0 ? -1 : this.#withBody(store, head, exact);
    if (slot >= 0) {
      this.#delete(store, slot, key, to);
      return;
    }
    const bytes = scan.body.slice(0, scan.bodyBytes);
    if (head >= 0 && this.#deleteLike(store, head, key, bytes, to)) return;
    // Never seen in the mirror (its add was lost, or is still to come from a dump): said all the same.
    if (head >= 0) to.doubtful(store.inet6);
    const body = this.internScan(scan);
    to.deleted(key, body, false);
    this.release(body);
  }

  #deleteLike(
    store: RouteStore,
    head: number,
    key: RouteKey,
    bytes: Uint8Array,
    to: FibListener,
  ): boolean {
    const wanted = withoutFlags(bytes);
    for (let slot = head; slot >= 0; slot = store.next(slot)) {
      if (sameBytes(withoutFlags(this.bodies.bytes(store.body(slot))), wanted)) {
        this.#delete(store, slot, key, to);
        return true;
      }
    }
    if (store.inet6 && this.#shrinkInet6(head, key, bytes, to)) return true;
    // Nexthop objects change the paths of their routes without a word: the object's number tells the route.
    const nhid = nexthopIdOf(bytes);
    if (nhid === 0 && (store.inet6 || store.next(head) >= 0)) return false;
    for (let slot = head; slot >= 0; slot = store.next(slot)) {
      const held = this.bodies.bytes(store.body(slot));
      if (held[1] !== bytes[1] || held[3] !== bytes[3] || nexthopIdOf(held) !== nhid) continue;
      this.#delete(store, slot, key, to);
      return true;
    }
    return false;
  }

  #shrinkInet6(head: number, key: RouteKey, bytes: Uint8Array, to: FibListener): boolean {
    const store = this.inet6;
    for (let slot = head; slot >= 0; slot = store.next(slot)) {
      const before = store.body(slot);
      const held = this.bodies.bytes(before);
      const named = hopsNamed(held, bytes);
      if (named === null || held[1] !== bytes[1] || held[3] !== bytes[3]) continue;
      if (named.size === hopStarts(held).length) {
        this.#delete(store, slot, key, to);
        return true;
      }
      const rest = withoutHops(held, named);
      const words = new Uint32Array(rest.slice().buffer);
      const after = this.bodies.intern(words, words.length);
      store.setBody(slot, after);
      to.changed(key, before, after);
      this.release(before);
      return true;
    }
    return false;
  }

  #delete(store: RouteStore, slot: number, key: RouteKey, to: FibListener): void {
    const expiryMs = store.inet6 ? this.expiry.get(slot) : undefined;
    to.deleted(key, store.body(slot), false, expiryMs);
    this.removeSlot(store, slot, key);
  }
}
