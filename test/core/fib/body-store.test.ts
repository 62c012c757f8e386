import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BodyStore } from '../../../core/fib/body-store.js';

const words = (...values: readonly number[]): [Uint32Array, number] => [
  Uint32Array.from(values),
  values.length,
];
const wordsIn = (bytes: Uint8Array): number[] => [...new Uint32Array(bytes.slice().buffer)];

describe('bodies', () => {
  test('that say the same share a number; others do not', () => {
    const store = new BodyStore();
    const first = store.intern(...words(1, 2, 3));
    expect(store.intern(...words(1, 2, 3))).toBe(first);
    expect(store.intern(...words(1, 2))).not.toBe(first);
    expect(store.intern(...words(1, 2, 4))).not.toBe(first);
    expect(store.size).toBe(3);
    expect(wordsIn(store.bytes(first))).toEqual([1, 2, 3]);
  });

  test('are found without being referred to', () => {
    const store = new BodyStore();
    expect(store.find(...words(7))).toBe(-1);
    const body = store.intern(...words(7));
    expect(store.find(...words(7))).toBe(body);
    expect(store.release(body)).toBe(true);
    expect(store.find(...words(7))).toBe(-1);
  });

  test('live until the last reference is given back, and then their number is used again', () => {
    const store = new BodyStore();
    const body = store.intern(...words(1));
    store.intern(...words(1));
    store.retain(body);
    expect([store.release(body), store.release(body), store.release(body)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(store.size).toBe(0);
    expect(store.intern(...words(2))).toBe(body);
    expect(wordsIn(store.bytes(body))).toEqual([2]);
  });

  test('read only as many words as they are given', () => {
    const store = new BodyStore();
    const scratch = Uint32Array.of(1, 2, 3, 4);
    const body = store.intern(scratch, 2);
    scratch.fill(9);
    expect(wordsIn(store.bytes(body))).toEqual([1, 2]);
  });

  test('give a copy: writing to it changes nothing', () => {
    const store = new BodyStore();
    const body = store.intern(...words(1));
    store.bytes(body).fill(0xff);
    expect(wordsIn(store.bytes(body))).toEqual([1]);
  });

  test('keep what they say when room is made for more and when garbage is swept', () => {
    const store = new BodyStore();
    const long = (n: number): number[] => Array.from({ length: 100 }, (_, i) => n * 1000 + i);
    const numbers = new Map<number, number>();
    for (let n = 0; n < 3000; n++) numbers.set(n, store.intern(...words(...long(n))));
    for (let n = 0; n < 3000; n++) if (n % 10 !== 0) store.release(numbers.get(n) ?? -1);
    expect(store.size).toBe(300);
    for (let n = 0; n < 3000; n += 10) {
      const body = numbers.get(n) ?? -1;
      expect(wordsIn(store.bytes(body))).toEqual(long(n));
      expect(store.find(...words(...long(n)))).toBe(body);
    }
  });

  test('answer whether one in use is of a kind', () => {
    const store = new BodyStore();
    const body = store.intern(...words(5));
    store.intern(...words(6));
    const isFive = (bytes: Uint8Array): boolean => bytes[0] === 5;
    expect(store.some(isFive)).toBe(true);
    store.release(body);
    expect(store.some(isFive)).toBe(false);
  });

  test('count references as a map of sets would, whatever comes and goes', () => {
    const step = fc.record({
      act: fc.constantFrom('intern' as const, 'release' as const, 'retain' as const),
      // Few values, so that they meet; long enough that garbage is swept within a run.
      value: fc.integer({ min: 0, max: 30 }),
      length: fc.constantFrom(1, 2, 9000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const store = new BodyStore();
        const model = new Map<string, { body: number; references: number; content: number[] }>();
        for (const { act, value, length } of steps) {
          const content = new Array<number>(length).fill(value);
          const name = `${value}x${length}`;
          const known = model.get(name);
          if (act === 'intern') {
            const body = store.intern(...words(...content));
            if (known === undefined) model.set(name, { body, references: 1, content });
            else {
              expect(body).toBe(known.body);
              known.references++;
            }
          } else if (known !== undefined) {
            if (act === 'retain') {
              store.retain(known.body);
              known.references++;
            } else {
              expect(store.release(known.body)).toBe(--known.references === 0);
              if (known.references === 0) model.delete(name);
            }
          }
        }
        expect(store.size).toBe(model.size);
        expect(new Set([...model.values()].map(({ body }) => body)).size).toBe(model.size);
        for (const { body, content } of model.values()) {
          const kept = wordsIn(store.bytes(body));
          expect(kept.length).toBe(content.length);
          expect(kept.every((word, i) => word === content[i])).toBe(true);
          expect(store.find(...words(...content))).toBe(body);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
