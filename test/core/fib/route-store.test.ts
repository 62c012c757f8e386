import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RouteKey } from '../../../core/fib/route-key.js';
import { RouteStore } from '../../../core/fib/route-store.js';

interface KeyFields {
  readonly words: readonly [number, number, number, number];
  readonly length: number;
  readonly context?: number;
  readonly tos?: number;
  readonly priority?: number;
}

function keyOf({ words, length, context = 0, tos = 0, priority = 0 }: KeyFields): RouteKey {
  const key = new RouteKey();
  [key.w0, key.w1, key.w2, key.w3] = words;
  key.length = length;
  key.context = context;
  key.tos = tos;
  key.priority = priority;
  return key;
}

const v4 = (w0: number, length: number, more: Partial<KeyFields> = {}): RouteKey =>
  keyOf({ words: [w0, 0, 0, 0], length, ...more });

const text = (key: RouteKey): string =>
  [key.w0, key.w1, key.w2, key.w3, key.length, key.context, key.tos, key.priority].join();

/** Bodies of the key's aliases, first to last. */
function aliases(store: RouteStore, key: RouteKey): number[] {
  const bodies: number[] = [];
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot))
    bodies.push(store.body(slot));
  return bodies;
}

describe('aliases of a key', () => {
  test('stand in the order in which they were put first or last', () => {
    const store = new RouteStore(false);
    const key = v4(0x0a000000, 8);
    store.insertLast(key, 1);
    store.insertLast(key, 2);
    store.insertFirst(key, 3);
    store.insertFirst(key, 4);
    expect(aliases(store, key)).toEqual([4, 3, 1, 2]);
    expect(store.size).toBe(4);
  });

  test('close ranks when the first, a middle one or the last goes', () => {
    for (const gone of [0, 1, 2]) {
      const store = new RouteStore(false);
      const key = v4(0x0a000000, 8);
      const slots = [1, 2, 3].map((body) => store.insertLast(key, body));
      store.remove(slots[gone] ?? -1, key);
      expect(aliases(store, key)).toEqual([1, 2, 3].filter((body) => body !== gone + 1));
      store.insertLast(key, 9);
      expect(aliases(store, key).at(-1)).toBe(9);
    }
  });

  test('are changed in place', () => {
    const store = new RouteStore(true);
    const key = keyOf({ words: [1, 2, 3, 4], length: 128 });
    const slot = store.insertFirst(key, 1);
    store.setMark(slot, 0xffff);
    store.setBody(slot, 7);
    expect(store.mark(slot)).toBe(0xffff);
    expect(aliases(store, key)).toEqual([7]);
    const read = new RouteKey();
    store.readKey(slot, read);
    expect(text(read)).toBe(text(key));
  });

  test('get a slot that was given up, without its mark', () => {
    const store = new RouteStore(false);
    const key = v4(0x0a000000, 8);
    const slot = store.insertFirst(key, 1);
    store.setMark(slot, 5);
    store.remove(slot, key);
    expect(store.isUsed(slot)).toBe(false);
    expect(store.first(key)).toBe(-1);
    const other = v4(0x0b000000, 16, { tos: 4, priority: 0xffffffff });
    expect(store.insertLast(other, 2)).toBe(slot);
    expect(store.mark(slot)).toBe(0);
    expect(store.limit).toBe(1);
  });
});

describe('a store', () => {
  test('finds every key again after growing and rehashing many times', () => {
    for (const inet6 of [false, true]) {
      const store = new RouteStore(inet6);
      const key = (n: number): RouteKey =>
        inet6
          ? keyOf({ words: [0x20010db8, n, 0, n & 1], length: 128, priority: 1024 })
          : v4((n << 8) >>> 0, 24);
      for (let n = 0; n < 20_000; n++) store.insertLast(key(n), n);
      for (let n = 0; n < 20_000; n += 3) store.remove(store.first(key(n)), key(n));
      for (let n = 0; n < 20_000; n++) {
        expect(aliases(store, key(n))).toEqual(n % 3 === 0 ? [] : [n]);
      }
      expect(store.limit).toBe(20_000);
    }
  });

  test('says what a map of lists would say, whatever is put in and taken out', () => {
    const key = fc.record({
      words: fc.tuple(
        fc.constantFrom(0, 0x0a000000, 0xffffffff, 0x80000000),
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 0xffffffff),
      ),
      length: fc.constantFrom(0, 8, 32),
      context: fc.constantFrom(0, 1),
      tos: fc.constantFrom(0, 16),
      priority: fc.constantFrom(0, 1024, 0xffffffff),
    });
    const step = fc.record({
      key,
      act: fc.constantFrom('first' as const, 'last' as const, 'remove' as const),
      pick: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 400 }), (inet6, steps) => {
        const store = new RouteStore(inet6);
        const model = new Map<string, number[]>();
        let body = 0;
        for (const { key: fields, act, pick } of steps) {
          const [w0, w1, w2, w3] = fields.words;
          const at = keyOf({ ...fields, words: inet6 ? [w0, w1, w2, w3] : [w0, 0, 0, 0] });
          const held = model.get(text(at)) ?? [];
          model.set(text(at), held);
          if (act === 'first') {
            store.insertFirst(at, ++body);
            held.unshift(body);
          } else if (act === 'last') {
            store.insertLast(at, ++body);
            held.push(body);
          } else if (held.length > 0) {
            const index = pick % held.length;
            let slot = store.first(at);
            for (let i = 0; i < index; i++) slot = store.next(slot);
            expect(store.body(slot)).toBe(held[index]);
            store.remove(slot, at);
            held.splice(index, 1);
          }
          expect(aliases(store, at)).toEqual(held);
        }
        const all = [...model.values()].flat().sort((a, b) => a - b);
        const walked: number[] = [];
        for (let slot = 0; slot < store.limit; slot++) {
          if (store.isUsed(slot)) walked.push(store.body(slot));
        }
        expect(walked.sort((a, b) => a - b)).toEqual(all);
        expect(store.size).toBe(all.length);
      }),
      { numRuns: 150, seed: 2 },
    );
  });
});

describe('the longest match', () => {
  const maskWord = (word: number, bits: number): number => {
    if (bits >= 32) return word;
    return bits <= 0 ? 0 : (word & (0xffffffff << (32 - bits))) >>> 0;
  };
  const masked = (
    words: readonly [number, number, number, number],
    length: number,
  ): [number, number, number, number] => [
    maskWord(words[0], length),
    maskWord(words[1], length - 32),
    maskWord(words[2], length - 64),
    maskWord(words[3], length - 96),
  ];

  test('is the one a walk over all prefixes finds, IPv4 and IPv6', () => {
    // Bits near both ends of words, so that prefixes nest.
    const word = fc.constantFrom(0, 1, 0x80000000, 0xc0000000, 0xffff0000, 0xffffffff, 0x0a000001);
    const words = fc.tuple(word, word, word, word);
    const route = fc.record({
      words,
      length: fc.integer({ min: 0, max: 128 }),
      context: fc.constantFrom(0, 1),
      tos: fc.constantFrom(0, 0, 0, 16),
      priority: fc.constantFrom(0, 5, 0xffffffff),
    });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(route, { maxLength: 60 }),
        fc.array(fc.nat(59), { maxLength: 20 }),
        fc.array(words, { minLength: 1, maxLength: 10 }),
        (inet6, routes, removed, addresses) => {
          const store = new RouteStore(inet6);
          const fields = (full: readonly [number, number, number, number], length: number) =>
            masked(inet6 ? full : [full[0], 0, 0, 0], length);
          const model: { slot: number; key: RouteKey }[] = [];
          for (const one of routes) {
            const length = inet6 ? one.length : one.length % 33;
            const key = keyOf({ ...one, length, words: fields(one.words, length) });
            // One alias per key: which of several is first is told above.
            if (store.first(key) < 0) model.push({ slot: store.insertLast(key, 1), key });
          }
          for (const index of removed) {
            const [gone] = model.splice(index, 1);
            if (gone !== undefined) store.remove(gone.slot, gone.key);
          }
          for (const full of addresses) {
            for (const context of [0, 1]) {
              const address = fields(full, 128);
              const covering = model
                .filter(
                  ({ key }) =>
                    key.context === context &&
                    key.tos === 0 &&
                    String(masked(address, key.length)) ===
                      String([key.w0, key.w1, key.w2, key.w3]),
                )
                .sort((a, b) => b.key.length - a.key.length || a.key.priority - b.key.priority);
              const key = keyOf({ words: address, length: 0, context, tos: 99, priority: 99 });
              expect(store.longestMatch(key)).toBe(covering[0]?.slot ?? -1);
            }
          }
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  test('of several metrics is the lowest, whichever came first', () => {
    for (const priorities of [
      [7, 5, 9],
      [9, 7, 5],
      [5, 9, 7],
    ]) {
      const store = new RouteStore(false);
      for (const priority of priorities) {
        store.insertLast(v4(0x0a000000, 8, { priority }), priority);
      }
      store.insertLast(v4(0x0a000000, 8, { priority: 1, tos: 16 }), 1);
      expect(store.body(store.longestMatch(v4(0x0a010203, 32)))).toBe(5);
    }
  });

  test('is nothing in a context without routes', () => {
    const store = new RouteStore(false);
    store.insertLast(v4(0, 0), 1);
    expect(store.longestMatch(v4(0x0a000001, 32, { context: 3 }))).toBe(-1);
    expect(store.longestMatch(v4(0x0a000001, 32))).toBe(0);
  });
});
