import { RouteKey } from './route-key.js';

/**
 * The routes of one family in one zone: typed arrays, no object per route. Slots of one key form an
 * ordered chain of aliases (`fib_alias` order for IPv4, a set for IPv6); keys with one prefix share a
 * bucket. A slot costs 29 bytes for IPv4 and 41 for IPv6, times the room kept for growth.
 */

const GROWTH = 1.5;
const NONE = -1;
const FIRST_SLOTS = 256;

const grownI32 = (array: Int32Array, length: number): Int32Array<ArrayBuffer> => {
  const next = new Int32Array(length);
  next.set(array);
  return next;
};
const grownU32 = (array: Uint32Array, length: number): Uint32Array<ArrayBuffer> => {
  const next = new Uint32Array(length);
  next.set(array);
  return next;
};

export class RouteStore {
  readonly inet6: boolean;
  readonly #words: 1 | 4;
  #dst: Uint32Array<ArrayBuffer>;
  /** Prefix length | tos << 8 | mark << 16. */
  #meta: Uint32Array<ArrayBuffer>;
  #context: Int32Array<ArrayBuffer>;
  #priority: Uint32Array<ArrayBuffer>;
  #body: Int32Array<ArrayBuffer>;
  /** Next head in the bucket; meaningful for the first alias of a key only. */
  #chain: Int32Array<ArrayBuffer>;
  #alias: Int32Array<ArrayBuffer>;
  #buckets = new Int32Array(FIRST_SLOTS).fill(NONE);
  #used = 0;
  #free = NONE;
  #size = 0;
  #keys = 0;
  /** context → count of keys by prefix length. */
  readonly #lengths = new Map<number, Uint32Array>();

  constructor(inet6: boolean) {
    this.inet6 = inet6;
    this.#words = inet6 ? 4 : 1;
    this.#dst = new Uint32Array(FIRST_SLOTS * this.#words);
    this.#meta = new Uint32Array(FIRST_SLOTS);
    this.#context = new Int32Array(FIRST_SLOTS).fill(NONE);
    this.#priority = new Uint32Array(FIRST_SLOTS);
    this.#body = new Int32Array(FIRST_SLOTS);
    this.#chain = new Int32Array(FIRST_SLOTS);
    this.#alias = new Int32Array(FIRST_SLOTS);
  }

  /** Routes in the store. */
  get size(): number {
    return this.#size;
  }

  /** First alias of the key, or -1. */
  first(key: RouteKey): number {
    for (
      let slot = this.#buckets[key.prefixHash() & (this.#buckets.length - 1)] ?? NONE;
      slot >= 0;
      slot = this.#chain[slot] ?? NONE
    ) {
      if (this.#isKey(slot, key)) return slot;
    }
    return NONE;
  }

  /** Next alias of the same key, or -1. */
  next(slot: number): number {
    return this.#alias[slot] ?? NONE;
  }

  body(slot: number): number {
    return this.#body[slot] ?? NONE;
  }

  setBody(slot: number, body: number): void {
    this.#body[slot] = body;
  }

  mark(slot: number): number {
    return (this.#meta[slot] ?? 0) >>> 16;
  }

  /** A number of 16 bits a sync leaves on what it has seen. */
  setMark(slot: number, mark: number): void {
    this.#meta[slot] = ((this.#meta[slot] ?? 0) & 0xffff) | (mark << 16);
  }

  /** The slot's key into `key`. */
  readKey(slot: number, key: RouteKey): void {
    if (this.#words === 1) {
      key.w0 = this.#dst[slot] ?? 0;
      key.w1 = key.w2 = key.w3 = 0;
    } else {
      const at = slot * 4;
      key.w0 = this.#dst[at] ?? 0;
      key.w1 = this.#dst[at + 1] ?? 0;
      key.w2 = this.#dst[at + 2] ?? 0;
      key.w3 = this.#dst[at + 3] ?? 0;
    }
    const meta = this.#meta[slot] ?? 0;
    key.length = meta & 0xff;
    key.tos = (meta >>> 8) & 0xff;
    key.context = this.#context[slot] ?? 0;
    key.priority = this.#priority[slot] ?? 0;
  }

  /** Adds an alias before all others of its key. */
  insertFirst(key: RouteKey, body: number): number {
    const head = this.first(key);
    const slot = this.#newSlot(key, body);
    if (head < 0) this.#linkKey(slot, key);
    else {
      this.#replaceHead(head, slot, key);
      this.#alias[slot] = head;
    }
    return slot;
  }

  /** Adds an alias after all others of its key. */
  insertLast(key: RouteKey, body: number): number {
    const head = this.first(key);
    const slot = this.#newSlot(key, body);
    if (head < 0) {
      this.#linkKey(slot, key);
      return slot;
    }
    let last = head;
    for (let next = this.next(last); next >= 0; next = this.next(next)) last = next;
    this.#alias[last] = slot;
    return slot;
  }

  /** Removes one alias; its body's reference is the caller's to give back. */
  remove(slot: number, key: RouteKey): void {
    const head = this.first(key);
    const after = this.next(slot);
    if (head === slot) {
      if (after >= 0) this.#replaceHead(slot, after, key);
      else this.#unlinkKey(slot, key);
    } else {
      let before = head;
      while (before >= 0 && this.next(before) !== slot) before = this.next(before);
      if (before >= 0) this.#alias[before] = after;
    }
    this.#context[slot] = NONE;
    this.#alias[slot] = this.#free;
    this.#free = slot;
    this.#size--;
  }

  /** One past the highest slot ever used; walk 0..limit and ask `isUsed`. */
  get limit(): number {
    return this.#used;
  }

  isUsed(slot: number): boolean {
    return (this.#context[slot] ?? NONE) >= 0;
  }

  /**
   * Longest-prefix match in one context: the first alias of the best (lowest priority) key with tos 0,
   * or -1. `key` holds the address in its words and the context; its other members are overwritten.
   */
  longestMatch(key: RouteKey): number {
    const lengths = this.#lengths.get(key.context);
    if (lengths === undefined) return NONE;
    const { w0, w1, w2, w3 } = key;
    for (let length = this.inet6 ? 128 : 32; length >= 0; length--) {
      if ((lengths[length] ?? 0) === 0) continue;
      key.length = length;
      key.w0 = maskWord(w0, length);
      key.w1 = maskWord(w1, length - 32);
      key.w2 = maskWord(w2, length - 64);
      key.w3 = maskWord(w3, length - 96);
      const slot = this.#bestOfPrefix(key);
      if (slot >= 0) return slot;
    }
    return NONE;
  }

  #bestOfPrefix(key: RouteKey): number {
    let best = NONE;
    for (
      let slot = this.#buckets[key.prefixHash() & (this.#buckets.length - 1)] ?? NONE;
      slot >= 0;
      slot = this.#chain[slot] ?? NONE
    ) {
      if (!this.#isPrefix(slot, key) || (((this.#meta[slot] ?? 0) >>> 8) & 0xff) !== 0) continue;
      if (best < 0 || (this.#priority[slot] ?? 0) < (this.#priority[best] ?? 0)) best = slot;
    }
    return best;
  }

  #isPrefix(slot: number, key: RouteKey): boolean {
    if (((this.#meta[slot] ?? 0) & 0xff) !== key.length || this.#context[slot] !== key.context) {
      return false;
    }
    if (this.#words === 1) return this.#dst[slot] === key.w0;
    const at = slot * 4;
    return (
      this.#dst[at + 3] === key.w3 &&
      this.#dst[at + 2] === key.w2 &&
      this.#dst[at + 1] === key.w1 &&
      this.#dst[at] === key.w0
    );
  }

  #isKey(slot: number, key: RouteKey): boolean {
    return (
      this.#isPrefix(slot, key) &&
      this.#priority[slot] === key.priority &&
      (((this.#meta[slot] ?? 0) >>> 8) & 0xff) === key.tos
    );
  }

  #newSlot(key: RouteKey, body: number): number {
    let slot = this.#free;
    if (slot >= 0) this.#free = this.#alias[slot] ?? NONE;
    else {
      if (this.#used === this.#meta.length) this.#grow();
      slot = this.#used++;
    }
    if (this.#words === 1) this.#dst[slot] = key.w0;
    else {
      const at = slot * 4;
      this.#dst[at] = key.w0;
      this.#dst[at + 1] = key.w1;
      this.#dst[at + 2] = key.w2;
      this.#dst[at + 3] = key.w3;
    }
    this.#meta[slot] = key.length | (key.tos << 8);
    this.#context[slot] = key.context;
    this.#priority[slot] = key.priority;
    this.#body[slot] = body;
    this.#alias[slot] = NONE;
    this.#chain[slot] = NONE;
    this.#size++;
    return slot;
  }

  #linkKey(slot: number, key: RouteKey): void {
    if (++this.#keys > this.#buckets.length) this.#rehash(this.#buckets.length * 2);
    const bucket = key.prefixHash() & (this.#buckets.length - 1);
    this.#chain[slot] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = slot;
    let lengths = this.#lengths.get(key.context);
    if (lengths === undefined) {
      lengths = new Uint32Array(129);
      this.#lengths.set(key.context, lengths);
    }
    lengths[key.length] = (lengths[key.length] ?? 0) + 1;
  }

  #unlinkKey(slot: number, key: RouteKey): void {
    this.#keys--;
    this.#relink(slot, this.#chain[slot] ?? NONE, key);
    const lengths = this.#lengths.get(key.context);
    if (lengths !== undefined) lengths[key.length] = (lengths[key.length] ?? 1) - 1;
  }

  #replaceHead(head: number, slot: number, key: RouteKey): void {
    this.#chain[slot] = this.#chain[head] ?? NONE;
    this.#relink(head, slot, key);
  }

  /** Whatever in the bucket points to `from` points to `to` afterwards. */
  #relink(from: number, to: number, key: RouteKey): void {
    const bucket = key.prefixHash() & (this.#buckets.length - 1);
    let at = this.#buckets[bucket] ?? NONE;
    if (at === from) {
      this.#buckets[bucket] = to;
      return;
    }
    while (at >= 0) {
      const next = this.#chain[at] ?? NONE;
      if (next === from) {
        this.#chain[at] = to;
        return;
      }
      at = next;
    }
  }

  #rehash(size: number): void {
    const heads: number[] = [];
    const old = this.#buckets;
    const buckets = new Int32Array(size).fill(NONE);
    const mask = size - 1;
    const key = new RouteKey();
    for (let head of old) {
      while (head >= 0) {
        heads.push(head);
        head = this.#chain[head] ?? NONE;
      }
      for (const slot of heads) {
        this.readKey(slot, key);
        const bucket = key.prefixHash() & mask;
        this.#chain[slot] = buckets[bucket] ?? NONE;
        buckets[bucket] = slot;
      }
      heads.length = 0;
    }
    this.#buckets = buckets;
  }

  #grow(): void {
    const length = Math.ceil(this.#used * GROWTH);
    this.#dst = grownU32(this.#dst, length * this.#words);
    this.#meta = grownU32(this.#meta, length);
    this.#context = grownI32(this.#context, length);
    this.#priority = grownU32(this.#priority, length);
    this.#body = grownI32(this.#body, length);
    this.#chain = grownI32(this.#chain, length);
    this.#alias = grownI32(this.#alias, length);
  }
}

const maskWord = (word: number, bits: number): number =>
  bits >= 32 ? word : bits <= 0 ? 0 : (word & (0xffffffff << (32 - bits))) >>> 0;
