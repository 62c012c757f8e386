import { describe, expect, test } from '@jest/globals';
import type { Integer } from '../../../../core/d/integer.js';
import {
  Aggregation,
  DEFAULT_ORDER,
  joinedRows,
  type SortOrder,
} from '../../../../core/d/program/aggregations.js';
import { compareKeys, KeyTree, type Key } from '../../../../core/d/program/key-tree.js';

function filled(pairs: readonly (readonly [...Key, Integer])[]): Aggregation {
  const aggregation = new Aggregation('@', 'sum');
  for (const pair of pairs) aggregation.add(pair.slice(0, -1), pair.at(-1) as Integer);
  return aggregation;
}

const keysOf = (aggregation: Aggregation, order: Partial<SortOrder> = {}): string[] =>
  aggregation.rows({ ...DEFAULT_ORDER, ...order }).map(({ key }) => key.join(' '));

describe('keys', () => {
  test('are told apart by type, place and value, whatever their text', () => {
    const aggregation = new Aggregation('@', 'count');
    const keys: Key[] = [
      ['1', 'x'],
      [1, 'x'],
      ['x', 1],
      ['1,x', ''],
      ['', '1,x'],
      [2n ** 62n, 'x'],
      [-(2n ** 62n), 'x'],
    ];
    for (const key of [...keys, ...keys]) aggregation.add(key, 1);
    expect(aggregation.size).toBe(keys.length);
    expect(aggregation.unsorted.map(({ value }) => value.scalar(1))).toEqual(keys.map(() => 2));
  });

  test.each([0, 1, 2, 3, 4, 6])('may have %p elements', (length) => {
    const aggregation = new Aggregation('@', 'sum');
    const key = (last: number): Key => [...Array(length).keys()].map((n) => (n === 0 ? last : n));
    aggregation.add(key(100), 1);
    aggregation.add(key(100), 2);
    aggregation.add(key(200), 4);
    expect(aggregation.find(key(100))?.scalar(1)).toBe(length === 0 ? 7 : 3);
    expect(aggregation.size).toBe(length === 0 ? 1 : 2);
  });

  test('are copied: the caller may use its array again', () => {
    const aggregation = new Aggregation('@', 'count');
    const key = ['a', 1];
    aggregation.add(key, 1);
    key[0] = 'b';
    aggregation.add(key, 1);
    expect(keysOf(aggregation)).toEqual(['a 1', 'b 1']);
  });

  test('beyond the limit are dropped and counted, keys held go on', () => {
    const aggregation = new Aggregation('@', 'count', [], { maxKeys: 2 });
    expect(['a', 'b', 'c', 'c', 'a'].map((key) => aggregation.add([key], 1))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(aggregation.dropped).toBe(2);
    aggregation.trunc(1);
    expect(aggregation.add(['d'], 1)).toBe(true);
    expect(keysOf(aggregation)).toEqual(['d', 'a']);
  });

  test('leave no branches in a tree when deleted', () => {
    const tree = new KeyTree<{ n: number }>();
    tree.set(['a', 1, 'x'], { n: 1 });
    tree.set(['a', 2, 'x'], { n: 2 });
    tree.set(['a', 2, 'x'], { n: 3 });
    expect(tree.size).toBe(2);
    expect(tree.delete(['a', 3, 'x'])).toBe(false);
    expect(tree.delete(['a', 1, 'x'])).toBe(true);
    expect(tree.delete(['a', 1, 'x'])).toBe(false);
    expect(tree.get(['a', 1, 'x'])).toBeUndefined();
    expect(tree.get(['a', 2, 'x'])).toEqual({ n: 3 });
    expect(tree.delete(['a', 2, 'x'])).toBe(true);
    expect(tree.size).toBe(0);
    expect(tree.get(['a', 2, 'x'])).toBeUndefined();
  });

  test('compare element by element, from the place that is asked for', () => {
    expect(compareKeys(['a', 2], ['a', 10])).toBe(-1);
    expect(compareKeys(['b', 1], ['a', 2])).toBe(1);
    expect(compareKeys(['b', 1], ['a', 2], 1)).toBe(-1);
    expect(compareKeys(['b', 1], ['a', 1], 1)).toBe(1);
    expect(compareKeys([2n ** 60n], [5])).toBe(1);
    expect(compareKeys(['5'], [7])).toBe(1);
    expect(compareKeys(['a'], ['a'])).toBe(0);
  });
});

describe('order', () => {
  const table = filled([
    ['b', 1, 20],
    ['a', 3, 20],
    ['c', 2, -5],
    ['d', 0, 7],
  ]);

  test.each<[Partial<SortOrder>, string[]]>([
    [{}, ['c 2', 'd 0', 'a 3', 'b 1']],
    [{ reversed: true }, ['b 1', 'a 3', 'd 0', 'c 2']],
    [{ keyPosition: 1 }, ['c 2', 'd 0', 'b 1', 'a 3']],
    [{ byKey: true }, ['a 3', 'b 1', 'c 2', 'd 0']],
    [{ byKey: true, keyPosition: 1 }, ['d 0', 'b 1', 'c 2', 'a 3']],
    [{ byKey: true, reversed: true }, ['d 0', 'c 2', 'b 1', 'a 3']],
  ])('%p', (order, expected) => {
    expect(keysOf(table, order)).toEqual(expected);
  });

  test('distributions go by their buckets times their counts, then by what counts at 0', () => {
    const aggregation = new Aggregation('@', 'quantize');
    for (const [key, value, times] of [
      ['one 64', 64, 1],
      ['a 1000', 1000, 1],
      ['three 16', 16, 3],
      ['four 17', 17, 4],
      ['zeros', 0, 9],
      ['one zero', 0, 1],
      ['below', -2, 2],
    ] as const) {
      for (let n = 0; n < times; n += 1) aggregation.add([key], value);
    }
    expect(keysOf(aggregation)).toEqual([
      'below',
      'one zero',
      'zeros',
      'three 16',
      'four 17',
      'one 64',
      'a 1000',
    ]);
  });

  test('linear distributions weigh the open ends as one past base and end', () => {
    const aggregation = new Aggregation('@', 'lquantize', [0, 10, 5]);
    for (const value of [-100, 0, 5, 100]) aggregation.add([value], value);
    expect(aggregation.unsorted.map(({ value }) => value.rank)).toEqual([-1, 0, 5, 11]);
  });

  test('log-linear distributions weigh the lower end as one below it', () => {
    const aggregation = new Aggregation('@', 'llquantize', [10, 1, 2, 10]);
    for (const value of [0, 10, 119, 5000]) aggregation.add([value], value);
    expect(aggregation.unsorted.map(({ value }) => value.rank)).toEqual([9, 10, 100, 1000]);
  });

  test('a distribution that changed after it was sorted is sorted anew', () => {
    const aggregation = new Aggregation('@', 'quantize');
    aggregation.add(['a'], 1);
    aggregation.add(['b'], 8);
    expect(keysOf(aggregation)).toEqual(['a', 'b']);
    aggregation.add(['a'], 1024);
    expect(keysOf(aggregation)).toEqual(['b', 'a']);
  });
});

describe('trunc', () => {
  const rows = [
    ['a', 4],
    ['b', 1],
    ['c', 3],
    ['d', 2],
  ] as const;

  test.each<[number | null, string[]]>([
    [2, ['c', 'a']],
    [-2, ['b', 'd']],
    [1, ['a']],
    [-1, ['b']],
    [0, []],
    [null, []],
    [4, ['b', 'd', 'c', 'a']],
    [99, ['b', 'd', 'c', 'a']],
    [-99, ['b', 'd', 'c', 'a']],
  ])('(%p) keeps %p', (n, expected) => {
    const aggregation = filled(rows);
    aggregation.trunc(n);
    expect(keysOf(aggregation)).toEqual(expected);
    expect(aggregation.size).toBe(expected.length);
    // What is gone is gone from the keys too.
    expect(rows.filter(([key]) => aggregation.find([key]) !== undefined)).toHaveLength(
      expected.length,
    );
    aggregation.add(['a'], 1);
    expect(aggregation.find(['a'])?.scalar(1)).toBe(expected.includes('a') ? 5 : 1);
  });
});

describe('joined rows', () => {
  const first = filled([
    ['a', 1],
    ['b', 5],
  ]);
  const second = new Aggregation('@n', 'count');
  for (const key of ['b', 'c', 'c', 'c']) second.add([key], 1);

  const table = (order: Partial<SortOrder> = {}): string[] =>
    joinedRows([first, second], { ...DEFAULT_ORDER, ...order }).map(
      ({ key, values }) =>
        `${key.join(' ')} ${values.map((value) => String(value.scalar(1))).join(' ')}`,
    );

  test.each<[Partial<SortOrder>, string[]]>([
    [{}, ['c 0 3', 'a 1 0', 'b 5 1']],
    [{ position: 1 }, ['a 1 0', 'b 5 1', 'c 0 3']],
    [{ position: 7 }, ['c 0 3', 'a 1 0', 'b 5 1']],
    [{ byKey: true }, ['a 1 0', 'b 5 1', 'c 0 3']],
    [{ reversed: true }, ['b 5 1', 'a 1 0', 'c 0 3']],
  ])('%p', (order, expected) => {
    expect(table(order)).toEqual(expected);
  });
});
