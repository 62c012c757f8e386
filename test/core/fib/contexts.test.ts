import { expect, test } from '@jest/globals';
import { Contexts } from '../../../core/fib/contexts.js';

const words = (...values: readonly number[]): Uint32Array => Uint32Array.from(values);
const none = words(0, 0, 0, 0);

test('a context is a table, and with a source prefix a subtree of it', () => {
  const contexts = new Contexts();
  const main = contexts.number(254, 0, none);
  const subtree = contexts.number(254, 48, words(0x20010db8, 0x10000, 0, 0));
  expect(contexts.number(100, 0, none)).not.toBe(main);
  expect(subtree).not.toBe(main);
  expect(contexts.number(254, 49, words(0x20010db8, 0x10000, 0, 0))).not.toBe(subtree);
  expect(contexts.number(254, 48, words(0x20010db8, 0x20000, 0, 0))).not.toBe(subtree);
  expect(contexts.number(254, 0, words(1, 2, 3, 4))).toBe(main);
  expect(contexts.number(254, 48, words(0x20010db8, 0x10000, 0, 0))).toBe(subtree);
  expect(contexts.of(subtree)).toEqual({
    table: 254,
    srcLength: 48,
    src: [0x20010db8, 0x10000, 0, 0],
  });
});

test('a source prefix is remembered as it was, whatever becomes of the scratch it was read from', () => {
  const contexts = new Contexts();
  const scratch = words(1, 2, 3, 4);
  const number = contexts.number(254, 128, scratch);
  scratch.fill(0);
  expect(contexts.of(number).src).toEqual([1, 2, 3, 4]);
});

test('a table is found only once a route of it was seen', () => {
  const contexts = new Contexts();
  expect(contexts.ofTable(254)).toBe(-1);
  contexts.number(254, 48, words(1, 0, 0, 0));
  expect(contexts.ofTable(254)).toBe(-1);
  const main = contexts.number(254, 0, none);
  expect(contexts.ofTable(254)).toBe(main);
});
