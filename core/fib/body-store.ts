/**
 * Bodies by number. A body is the bytes of a route apart from its key (core/wire/scan.ts); routes that
 * say the same share one. Counted references; bytes live in one growing arena of words.
 */

const GROWTH = 1.5;

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(length);
  next.set(array);
  return next;
}

export class BodyStore {
  #arena = new Uint32Array(1024);
  #arenaUsed = 0;
  #garbageWords = 0;
  #offset = new Int32Array(64);
  #words = new Int32Array(64);
  #hash = new Int32Array(64);
  #references = new Int32Array(64);
  /** Next body in the same bucket; for a free number, the next free one. */
  #chain = new Int32Array(64);
  #buckets = new Int32Array(128).fill(-1);
  #used = 0;
  #free = -1;
  #live = 0;

  /** Bodies in use. */
  get size(): number {
    return this.#live;
  }

  /** Number of the body with these words, taking one reference. */
  intern(words: Uint32Array, count: number): number {
    const hash = hashWords(words, count);
    const found = this.#find(words, count, hash);
    if (found >= 0) {
      this.#references[found] = (this.#references[found] ?? 0) + 1;
      return found;
    }
    return this.#insert(words, count, hash);
  }

  /** Number of the body with these words, or -1; takes no reference. */
  find(words: Uint32Array, count: number): number {
    return this.#find(words, count, hashWords(words, count));
  }

  retain(body: number): void {
    this.#references[body] = (this.#references[body] ?? 0) + 1;
  }

  /** Gives one reference back; true when that was the last and the number is free again. */
  release(body: number): boolean {
    const left = (this.#references[body] ?? 0) - 1;
    this.#references[body] = left;
    if (left > 0) return false;
    this.#unlink(body);
    this.#garbageWords += this.#words[body] ?? 0;
    this.#chain[body] = this.#free;
    this.#free = body;
    this.#live--;
    if (this.#garbageWords > 65_536 && this.#garbageWords * 2 > this.#arenaUsed) this.#compact();
    return true;
  }

  /** A copy of the body's bytes. */
  bytes(body: number): Uint8Array {
    const offset = this.#offset[body] ?? 0;
    const words = this.#arena.slice(offset, offset + (this.#words[body] ?? 0));
    return new Uint8Array(words.buffer);
  }

  /** Whether a body in use answers yes. */
  some(question: (bytes: Uint8Array) => boolean): boolean {
    for (let body = 0; body < this.#used; body++) {
      if ((this.#references[body] ?? 0) > 0 && question(this.bytes(body))) return true;
    }
    return false;
  }

  #find(words: Uint32Array, count: number, hash: number): number {
    const arena = this.#arena;
    next: for (
      let body = this.#buckets[hash & (this.#buckets.length - 1)] ?? -1;
      body >= 0;
      body = this.#chain[body] ?? -1
    ) {
      if (this.#hash[body] !== hash || this.#words[body] !== count) continue;
      const offset = this.#offset[body] ?? 0;
      for (let i = 0; i < count; i++) if (arena[offset + i] !== words[i]) continue next;
      return body;
    }
    return -1;
  }

  #insert(words: Uint32Array, count: number, hash: number): number {
    const offset = this.#arenaUsed;
    if (offset + count > this.#arena.length) {
      const next = new Uint32Array(Math.ceil((offset + count) * GROWTH));
      next.set(this.#arena);
      this.#arena = next;
    }
    for (let i = 0; i < count; i++) this.#arena[offset + i] = words[i] ?? 0;
    this.#arenaUsed += count;
    const body = this.#number();
    this.#offset[body] = offset;
    this.#words[body] = count;
    this.#hash[body] = hash;
    this.#references[body] = 1;
    const bucket = hash & (this.#buckets.length - 1);
    this.#chain[body] = this.#buckets[bucket] ?? -1;
    this.#buckets[bucket] = body;
    this.#live++;
    if (this.#live > this.#buckets.length) this.#rehash(this.#buckets.length * 2);
    return body;
  }

  #number(): number {
    const free = this.#free;
    if (free >= 0) {
      this.#free = this.#chain[free] ?? -1;
      return free;
    }
    if (this.#used === this.#offset.length) {
      const length = Math.ceil(this.#used * GROWTH);
      this.#offset = grown(this.#offset, length);
      this.#words = grown(this.#words, length);
      this.#hash = grown(this.#hash, length);
      this.#references = grown(this.#references, length);
      this.#chain = grown(this.#chain, length);
    }
    return this.#used++;
  }

  #unlink(body: number): void {
    const bucket = (this.#hash[body] ?? 0) & (this.#buckets.length - 1);
    let at = this.#buckets[bucket] ?? -1;
    if (at === body) {
      this.#buckets[bucket] = this.#chain[body] ?? -1;
      return;
    }
    while (at >= 0) {
      const next = this.#chain[at] ?? -1;
      if (next === body) {
        this.#chain[at] = this.#chain[body] ?? -1;
        return;
      }
      at = next;
    }
  }

  #rehash(size: number): void {
    this.#buckets = new Int32Array(size).fill(-1);
    for (let body = 0; body < this.#used; body++) {
      if ((this.#references[body] ?? 0) <= 0) continue;
      const bucket = (this.#hash[body] ?? 0) & (size - 1);
      this.#chain[body] = this.#buckets[bucket] ?? -1;
      this.#buckets[bucket] = body;
    }
  }

  #compact(): void {
    const arena = new Uint32Array(Math.ceil((this.#arenaUsed - this.#garbageWords) * GROWTH) + 64);
    let used = 0;
    for (let body = 0; body < this.#used; body++) {
      if ((this.#references[body] ?? 0) <= 0) continue;
      const offset = this.#offset[body] ?? 0;
      const count = this.#words[body] ?? 0;
      arena.set(this.#arena.subarray(offset, offset + count), used);
      this.#offset[body] = used;
      used += count;
    }
    this.#arena = arena;
    this.#arenaUsed = used;
    this.#garbageWords = 0;
  }
}

function hashWords(words: Uint32Array, count: number): number {
  let hash = count;
  for (let i = 0; i < count; i++)
    hash = Math.imul(hash ^ (words[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 13);
}
