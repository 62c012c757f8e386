import type { Fib } from '../fib/fib.js';
import { RouteKey } from '../fib/route-key.js';
import type { RouteStore } from '../fib/route-store.js';
import { bodyUsesInterface } from '../wire/hops.js';
import { type RouteScan } from '../wire/scan.js';
import type { Touched } from './touched.js';

/** One key whose routes in the kernel are not those in the mirror. */
export interface Difference {
  readonly key: RouteKey;
  readonly inet6: boolean;
  /** What the dump showed, in order; each holds a reference. */
  readonly bodies: readonly number[];
  /** rta_expires of each, 1/100 s. */
  readonly expires: readonly number[];
}

/**
 * Holds a dump of one family against the mirror while it arrives. Entries equal to the mirror leave a mark on
 * the slot; others become differences. Keys that messages touched meanwhile are left to the messages.
 */
export class DumpComparison {
  readonly differences: Difference[] = [];
  /** Slots the dump did not show and nobody touched. */
  gone: number[] = [];
  /** A touched key disagreed: worth another look later. */
  ignored = 0;
  /** Datagrams that carried routes. */
  datagrams = 0;
  /** A dump narrowed to one interface met a key it shows only in part. */
  tooNarrow = false;
  /** The kernel refused or broke the dump off. */
  failed = false;
  /** Absence from it proves nothing. */
  unsure = false;
  readonly inet6: boolean;
  /** When the dump began, ms since the epoch. */
  readonly nowMs: number;
  readonly #fib: Fib;
  readonly #store: RouteStore;
  readonly #touched: Touched;
  readonly #mark: number;
  readonly #group = new RouteKey();
  readonly #key = new RouteKey();
  #bodies: number[] = [];
  #expires: number[] = [];

  readonly #oif: number;
  readonly #learn: boolean;
  readonly #uses = new Map<number, boolean>();

  constructor(options: {
    readonly fib: Fib;
    readonly inet6: boolean;
    readonly touched: Touched;
    /** What is left on slots the dump has shown. */
    readonly mark: number;
    readonly nowMs: number;
    /** The dump holds routes over this interface only; 0: all. */
    readonly oif: number;
    /** Keys new to the mirror are taken in at once and no difference: the first sight of a zone. */
    readonly learn: boolean;
  }) {
    this.#fib = options.fib;
    this.inet6 = options.inet6;
    this.#store = options.fib.store(options.inet6);
    this.#touched = options.touched;
    this.#mark = options.mark;
    this.nowMs = options.nowMs;
    this.#oif = options.oif;
    this.#learn = options.learn;
  }

  /** One RTM_NEWROUTE of the dump. Routes of one key come one after the other. */
  entry(scan: RouteScan): void {
    this.#fib.keyOf(scan, this.#key);
    if (this.#bodies.length > 0 && !this.#key.equals(this.#group)) this.#closeGroup();
    if (this.#bodies.length === 0) this.#group.copyFrom(this.#key);
    const body = this.#fib.internScan(scan);
    // A dump that started again repeats itself; the kernel has no two equal IPv6 routes under a key.
    if (this.inet6 && this.#bodies.includes(body)) {
      this.#fib.release(body);
      return;
    }
    this.#bodies.push(body);
    this.#expires.push(scan.expiresTicks);
  }

  /** The dump is complete. `sayGone` false: absence proves nothing (a disturbed IPv6 dump). */
  end(sayGone: boolean): void {
    if (this.failed) this.#dropGroup();
    else if (this.#bodies.length > 0) this.#closeGroup();
    if (!sayGone) return;
    const store = this.#store;
    for (let slot = 0; slot < store.limit; slot++) {
      if (!store.isUsed(slot) || store.mark(slot) === this.#mark) continue;
      if (!this.#inScope(store.body(slot))) continue;
      store.readKey(slot, this.#key);
      if (this.#touched.has(this.#key.hash())) this.ignored++;
      else this.gone.push(slot);
    }
  }

  /** A dump that broke off shows its last key only in part. */
  #dropGroup(): void {
    for (const body of this.#bodies) this.#fib.release(body);
    this.#bodies = [];
    this.#expires = [];
  }

  #inScope(body: number): boolean {
    if (this.#oif === 0) return true;
    let answer = this.#uses.get(body);
    if (answer === undefined) {
      answer = bodyUsesInterface(this.#fib.bodies.bytes(body), this.#oif);
      this.#uses.set(body, answer);
    }
    return answer;
  }

  #closeGroup(): void {
    const bodies = this.#bodies;
    const expires = this.#expires;
    this.#bodies = [];
    this.#expires = [];
    const store = this.#store;
    const first = store.first(this.#group);
    if (first < 0 && this.#learn && !this.#touched.has(this.#group.hash())) {
      this.#takeIn(bodies, expires);
      return;
    }
    let same = true;
    let shown = 0;
    let hidden = 0;
    for (let slot = first; slot >= 0; slot = store.next(slot)) {
      if (!this.#inScope(store.body(slot))) {
        hidden++;
        continue;
      }
      store.setMark(slot, this.#mark);
      if (store.body(slot) === bodies[shown]) {
        if (this.inet6) this.#fib.noteExpiry(slot, expires[shown] ?? 0, this.nowMs);
      } else same = false;
      shown++;
    }
    if (!(same && shown === bodies.length)) {
      if (hidden === 0) {
        const key = new RouteKey();
        key.copyFrom(this.#group);
        this.differences.push({ key, inet6: this.inet6, bodies, expires });
        return;
      }
      this.tooNarrow = true;
    }
    for (const body of bodies) this.#fib.release(body);
  }

  #takeIn(bodies: readonly number[], expires: readonly number[]): void {
    bodies.forEach((body, i) => {
      const slot = this.#store.insertLast(this.#group, body);
      this.#store.setMark(slot, this.#mark);
      if (this.inet6) this.#fib.noteExpiry(slot, expires[i] ?? 0, this.nowMs);
    });
  }
}

/** What turns the mirror's routes of a key into the dump's, body by body. */
export interface KeyDifference {
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/** Multiset difference of the mirror's bodies and the dump's, each in order. */
export function keyDifference(held: readonly number[], wanted: readonly number[]): KeyDifference {
  const removed = [...held];
  const added: number[] = [];
  for (const body of wanted) {
    const at = removed.indexOf(body);
    if (at >= 0) removed.splice(at, 1);
    else added.push(body);
  }
  return { removed, added };
}
