import { describe, expect, test } from '@jest/globals';
import { DivisionByZero, type Integer } from '../../../../core/d/integer.js';
import {
  AGGREGATING,
  parameterFault,
  type AggregatingFunction,
} from '../../../../core/d/program/aggregating.js';
import { Aggregation } from '../../../../core/d/program/aggregations.js';

const INT64_MAX = 9_223_372_036_854_775_807n;
const INT64_MIN = -9_223_372_036_854_775_808n;

/** What is printed of values under no key. */
function scalar(fn: AggregatingFunction, values: readonly Integer[], normal: Integer = 1): unknown {
  const aggregation = new Aggregation('@', fn);
  for (const value of values) aggregation.add([], value);
  return aggregation.find([])?.scalar(normal);
}

describe('values', () => {
  test.each<[AggregatingFunction, Integer[], Integer]>([
    ['count', [5, 5, 5], 3],
    ['sum', [1, 2, 3], 6],
    ['sum', [Number.MAX_SAFE_INTEGER, 2], 9_007_199_254_740_993n],
    ['sum', [9_007_199_254_740_993n, -2], Number.MAX_SAFE_INTEGER],
    ['sum', [INT64_MAX, 1], INT64_MIN],
    ['sum', [1, -1], 0],
    ['avg', [1, 2], 1],
    ['avg', [-1, -2], -1],
    ['avg', [-1, 0], 0],
    ['avg', [INT64_MAX], INT64_MAX],
    ['avg', [2n ** 60n, 2n ** 60n + 4n], 2n ** 60n + 2n],
    ['min', [7, 3, 9], 3],
    ['min', [7], 7],
    ['min', [3, INT64_MIN], INT64_MIN],
    ['max', [-7, -3, -9], -3],
    ['max', [INT64_MIN], INT64_MIN],
    ['max', [INT64_MAX, 3], INT64_MAX],
    ['stddev', [4], 0],
    ['stddev', [0, 0], 0],
    ['stddev', [2, 4, 4, 4, 5, 5, 7, 9], 2],
    // The mean, 24, is whole; the squares' mean is 640, less 576: 64.
    ['stddev', [16, 32], 8],
    ['stddev', [-16, -32], 8],
    // Squares beyond 64 bits: 1.5² 2^64 is the mean's square, 2.5 2^64 the squares' mean, 0.25 2^64 the difference.
    ['stddev', [2 ** 32, 2 ** 33], 2 ** 31],
    // The mean of 1 and 2 is 1 in integers, that of the squares 2.
    ['stddev', [1, 2], 1],
    ['stddev', [INT64_MIN, INT64_MAX, 1], 7_530_851_732_716_320_751n],
  ])('%s of %p is %p', (fn, values, expected) => {
    expect(scalar(fn, values)).toBe(expected);
  });

  test('-0 never shows', () => {
    expect(Object.is(scalar('avg', [-1, 0]), 0)).toBe(true);
    expect(Object.is(scalar('sum', [0, -0]), 0)).toBe(true);
    expect(Object.is(scalar('min', [-1], 2), 0)).toBe(true);
  });

  test.each<[AggregatingFunction, Integer[], Integer, Integer]>([
    ['count', [1, 1, 1, 1, 1], 2, 2],
    ['sum', [-7], 2, -3],
    ['sum', [INT64_MAX], 10, 922_337_203_685_477_580n],
    ['avg', [100, 50], 10, 7],
    ['min', [55, 99], 10, 5],
    ['max', [55, 99], 10, 9],
    ['stddev', [16, 32], 8, 1],
  ])('%s of %p normalized by %p is %p', (fn, values, normal, expected) => {
    expect(scalar(fn, values, normal)).toBe(expected);
  });

  test.each(['count', 'sum', 'avg', 'min', 'max', 'stddev'] as const)(
    '%s starts anew after clear(), its keys stay',
    (fn) => {
      const aggregation = new Aggregation('@', fn);
      aggregation.add(['a'], 5);
      aggregation.add(['a'], 9);
      aggregation.clear();
      const value = aggregation.find(['a']);
      expect(aggregation.size).toBe(1);
      expect(value?.isEmpty).toBe(true);
      expect(value?.scalar(1)).toBe(0);
      aggregation.add(['a'], 7);
      expect(value?.isEmpty).toBe(false);
      expect(value?.scalar(1)).toBe({ count: 1, stddev: 0 }[fn as string] ?? 7);
    },
  );
});

describe('room for buckets', () => {
  test('runs out for wide distributions before there are many keys, and trunc() gives it back', () => {
    // 4 keys: room for 4 × 127 = 508 buckets, of which 100 to 600 takes 501.
    const aggregation = new Aggregation('@', 'lquantize', [0, 60_000], { maxKeys: 4 });
    expect(aggregation.add(['a'], 100)).toBe(true);
    expect(aggregation.add(['a'], 600)).toBe(true);
    expect(aggregation.add(['a'], 50_000)).toBe(false);
    expect(aggregation.add(['a'], 300)).toBe(true);
    expect(aggregation.dropped).toBe(1);
    aggregation.trunc(0);
    expect(aggregation.add(['b'], 100)).toBe(true);
    expect(aggregation.add(['b'], 600)).toBe(true);
  });

  test('is made downwards too, no count is lost', () => {
    const aggregation = new Aggregation('@', 'lquantize', [0, 1000]);
    for (let value = 999; value >= -1; value -= 1) aggregation.add([], value);
    expect(aggregation.find([])?.rank).toBe(499_500 - 1);
    expect(aggregation.dropped).toBe(0);
  });
});

describe('normalization', () => {
  test('by 0 is a division by zero', () => {
    expect(() => new Aggregation('@', 'sum').normalize(0)).toThrow(DivisionByZero);
  });

  test('is taken back', () => {
    const aggregation = new Aggregation('@', 'sum');
    aggregation.normalize(5);
    expect(aggregation.normal).toBe(5);
    aggregation.denormalize();
    expect(aggregation.normal).toBe(1);
  });
});

describe('parameters', () => {
  test('the table knows how each function is called', () => {
    expect([...AGGREGATING.keys()]).toEqual(
      'count sum avg min max stddev quantize lquantize llquantize'.split(' '),
    );
    expect(AGGREGATING.get('count')?.value).toBe(false);
    expect(AGGREGATING.get('lquantize')).toEqual({
      value: true,
      constants: ['base', 'limit', 'step'],
      least: 2,
      increment: true,
    });
  });

  test.each<[AggregatingFunction, Integer[]]>([
    ['count', []],
    ['lquantize', [0, 10]],
    ['lquantize', [-10, 10, 3]],
    ['lquantize', [0, 65_535]],
    ['llquantize', [10, 0, 6, 20]],
    ['llquantize', [2, 0, 61, 2]],
    ['llquantize', [10, 1, 3, 100]],
  ])('%s takes %p', (fn, constants) => {
    expect(parameterFault(fn, constants)).toBeNull();
  });

  test.each<[AggregatingFunction, Integer[], number, string]>([
    ['lquantize', [2n ** 40n, 10], 0, 'a base of 32 bits'],
    ['lquantize', [0, 2_147_483_648], 1, 'a limit of 32 bits'],
    ['lquantize', [10, 10], 1, 'a limit above the base 10'],
    ['lquantize', [0, 10, 0], 2, 'a step from 1 to 65535'],
    ['lquantize', [0, 10, 65_536], 2, 'a step from 1 to 65535'],
    ['lquantize', [0, 10, 11], 2, 'a step that fits between base and limit at least once'],
    ['lquantize', [0, 65_536], 1, 'a step that makes at most 65535 levels'],
    ['lquantize', [0, 1_000_000, 10], 2, 'a step that makes at most 65535 levels'],
    ['llquantize', [70_000, 0, 6, 20], 0, 'factor from 0 to 65535'],
    ['llquantize', [10, -1, 6, 20], 1, 'low from 0 to 65535'],
    ['llquantize', [1, 0, 6, 20], 0, 'a factor of 2 or more'],
    ['llquantize', [10, 6, 6, 20], 2, 'a high magnitude above the low one, 6'],
    ['llquantize', [10, 0, 18, 20], 2, 'a high magnitude that fits in 64 bits'],
    ['llquantize', [10, 0, 6, 5], 3, 'as many steps as the factor, 10, or more'],
    ['llquantize', [10, 0, 6, 25], 3, 'steps that the factor, 10, divides evenly'],
    ['llquantize', [10, 0, 6, 30], 3, 'steps that divide a power of the factor, 10, evenly'],
    ['llquantize', [10, 0, 6, 20_000], 3, 'steps that make at most 65535 buckets'],
  ])('%s refuses %p', (fn, constants, index, expected) => {
    expect(parameterFault(fn, constants)).toEqual({
      index,
      expected,
      got: String(constants[index]),
    });
  });
});
