import { describe, expect, test } from '@jest/globals';
import type { Integer } from '../../../../core/d/integer.js';
import { Aggregation } from '../../../../core/d/program/aggregations.js';
import type { AggregatingFunction } from '../../../../core/d/program/aggregating.js';
import { aggregationText } from '../../../../core/d/program/print-aggregation.js';

const TITLE = '           value  ------------- Distribution ------------- count    ';

type Row = readonly [label: string, bar: string, count: Integer];

/** The text of one distribution: label, bar without its padding, count. */
const shape = (rows: readonly Row[]): string =>
  [
    '',
    TITLE,
    ...rows.map(([label, bar, count]) => {
      const padded = bar.startsWith('|') ? bar.padEnd(41) : bar.padStart(41);
      return `${label.padStart(16)} ${padded} ${String(count).padEnd(9)}`;
    }),
    '\n',
  ].join('\n');

function text(
  fn: AggregatingFunction,
  parameters: readonly number[],
  values: readonly (Integer | readonly [value: Integer, increment: Integer])[],
): string {
  const aggregation = new Aggregation('@', fn, parameters);
  for (const value of values) {
    if (typeof value === 'object') aggregation.add([], ...value);
    else aggregation.add([], value);
  }
  return aggregationText(aggregation);
}

/** Values and their increments, one after the other. */
const pairs = (...numbers: readonly number[]): (readonly [number, number])[] =>
  numbers.flatMap((value, at) => (at % 2 === 0 ? [[value, numbers[at + 1] ?? 0] as const] : []));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test.each<[AggregatingFunction, number[], string[]]>([
  ['quantize', [], ['-1', '0', '1']],
  ['lquantize', [10, 100, 10], ['< 10', '10', '20']],
  ['llquantize', [10, 0, 6, 20], ['< 1', '1']],
])('%s, cleared, shows rows of 0', (fn, parameters, labels) => {
  const aggregation = new Aggregation('@', fn, parameters);
  aggregation.add([], 95);
  aggregation.clear();
  expect(aggregation.find([])?.isEmpty).toBe(true);
  expect(aggregationText(aggregation)).toBe(shape(labels.map((label) => [label, '|', 0])));
});

describe('quantize', () => {
  test('1 to 1000', () => {
    expect(text('quantize', [], range(1, 1000))).toBe(`
           value  ------------- Distribution ------------- count    
               0 |                                         0        
               1 |                                         1        
               2 |                                         2        
               4 |                                         4        
               8 |                                         8        
              16 |@                                        16       
              32 |@                                        32       
              64 |@@@                                      64       
             128 |@@@@@                                    128      
             256 |@@@@@@@@@@                               256      
             512 |@@@@@@@@@@@@@@@@@@@@                     489      
            1024 |                                         0        

`);
  });

  test('one value fills the bar', () => {
    expect(text('quantize', [], [100])).toBe(
      shape([
        ['32', '|', 0],
        ['64', `|${'@'.repeat(40)}`, 1],
        ['128', '|', 0],
      ]),
    );
  });

  test('0 stands between -1 and 1', () => {
    expect(text('quantize', [], [0])).toBe(
      shape([
        ['-1', '|', 0],
        ['0', `|${'@'.repeat(40)}`, 1],
        ['1', '|', 0],
      ]),
    );
  });

  test('negative values go to the power of two nearer to 0', () => {
    expect(text('quantize', [], [-1, -2, -3, -4, -7, 1])).toBe(
      shape([
        ['-8', '|', 0],
        ['-4', '|@@@@@@@@@@@@@', 2],
        ['-2', '|@@@@@@@@@@@@@', 2],
        ['-1', '|@@@@@@@', 1],
        ['0', '|', 0],
        ['1', '|@@@@@@@', 1],
        ['2', '|', 0],
      ]),
    );
  });

  test('the outermost buckets hold the rest and have no neighbour outside', () => {
    const rows = text('quantize', [], [-(2n ** 63n), 2n ** 63n - 1n])
      .split('\n')
      .slice(2, -2);
    expect(rows).toHaveLength(127);
    expect(rows[0]).toBe(`-4611686018427387904 |${'@'.repeat(20)}${' '.repeat(20)} 1        `);
    expect(rows[126]).toBe(`4611686018427387904 |${'@'.repeat(20)}${' '.repeat(20)} 1        `);
  });

  test.each<[Integer, string]>([
    [2 ** 31 - 1, '1073741824'],
    [2 ** 31, '2147483648'],
    [2 ** 32 - 1, '2147483648'],
    [2 ** 32, '4294967296'],
    [-(2 ** 32) - 1, '-4294967296'],
    [Number.MAX_SAFE_INTEGER, '4503599627370496'],
    [2n ** 53n, '9007199254740992'],
    [-(2n ** 53n), '-9007199254740992'],
  ])('%p stands at %s', (value, label) => {
    expect(text('quantize', [], [value]).split('\n')[3]?.split('|')[0]?.trim()).toBe(label);
  });

  test('nothing aggregated: nothing printed', () => {
    expect(text('quantize', [], [])).toBe('');
  });

  test('increments count for as much as they say', () => {
    expect(text('quantize', [], pairs(1, 10, 2, 30))).toBe(
      shape([
        ['0', '|', 0],
        ['1', '|@@@@@@@@@@', 10],
        ['2', '|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@', 30],
        ['4', '|', 0],
      ]),
    );
  });

  test('counts of both signs grow from the middle', () => {
    expect(text('quantize', [], pairs(4, 3, 8, -1))).toBe(`
           value  ------------- Distribution ------------- count    
               2                     |                     0        
               4                     |@@@@@@@@@@@@@@@      3        
               8                @@@@@|                     -1       
              16                     |                     0        

`);
  });

  test('negative counts alone grow from the right', () => {
    expect(text('quantize', [], pairs(4, -3, 8, -1))).toBe(
      shape([
        ['2', '|'.padStart(41), 0],
        ['4', '@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|', -3],
        ['8', '@@@@@@@@@@|', -1],
        ['16', '|'.padStart(41), 0],
      ]),
    );
  });

  test('increments that add up to 0 leave nothing', () => {
    expect(text('quantize', [], pairs(4, 3, 4, -3))).toBe(
      shape([
        ['-1', '|', 0],
        ['0', '|', 0],
        ['1', '|', 0],
      ]),
    );
  });

  test('counts beyond 53 bits stay exact', () => {
    expect(text('quantize', [], [[1, 2n ** 60n], 1])).toContain(' 1152921504606846977\n');
  });

  test('normalization divides the counts shown, not the bars', () => {
    const aggregation = new Aggregation('@', 'quantize');
    for (const value of [1, 1, 1, 2]) aggregation.add([], value);
    aggregation.normalize(2);
    expect(aggregationText(aggregation)).toBe(
      shape([
        ['0', '|', 0],
        ['1', `|${'@'.repeat(30)}`, 1],
        ['2', `|${'@'.repeat(10)}`, 0],
        ['4', '|', 0],
      ]),
    );
  });
});

describe('lquantize', () => {
  test('what is below base and from the limit on has rows of its own', () => {
    expect(text('lquantize', [0, 10, 5], [-1, 0, 4, 5, 9, 10, 11, 1_000_000])).toBe(
      shape([
        ['< 0', '|@@@@@', 1],
        ['0', '|@@@@@@@@@@', 2],
        ['5', '|@@@@@@@@@@', 2],
        ['>= 10', '|@@@@@@@@@@@@@@@', 3],
      ]),
    );
  });

  test('a step that does not divide ends the last level before the limit', () => {
    expect(text('lquantize', [0, 10, 3], [8, 9])).toBe(
      shape([
        ['3', '|', 0],
        ['6', '|@@@@@@@@@@@@@@@@@@@@', 1],
        ['>= 9', '|@@@@@@@@@@@@@@@@@@@@', 1],
      ]),
    );
  });

  test('the step is 1 when left out, the base may be negative', () => {
    expect(text('lquantize', [-2, 2], [-3, -2, -1, 0])).toBe(
      shape([
        ['< -2', '|@@@@@@@@@@', 1],
        ['-2', '|@@@@@@@@@@', 1],
        ['-1', '|@@@@@@@@@@', 1],
        ['0', '|@@@@@@@@@@', 1],
        ['1', '|', 0],
      ]),
    );
  });

  test('64-bit values fall into the open ends', () => {
    expect(text('lquantize', [0, 1], [2n ** 62n, -(2n ** 62n)])).toBe(
      shape([
        ['< 0', '|@@@@@@@@@@@@@@@@@@@@', 1],
        ['0', '|', 0],
        ['>= 1', '|@@@@@@@@@@@@@@@@@@@@', 1],
      ]),
    );
  });
});

describe('llquantize', () => {
  test('factor 10, magnitudes 0 to 6, 20 steps', () => {
    const values = [0, 1, 9, 10, 14, 15, 99, 100, 149, 9_999_999, 10_000_000];
    const rows = text('llquantize', [10, 0, 6, 20], values).split('\n').slice(2, -2);
    const labels = rows.map((row) => row.slice(0, 16).trim());
    // 9 of width 1, then 18 steps in each of 6 powers of ten.
    expect(labels).toHaveLength(1 + 9 + 6 * 18 + 1);
    expect(labels.slice(0, 14)).toEqual(['< 1', ...range(1, 10), 15, 20, 25].map(String));
    expect(labels.slice(26, 31)).toEqual(['90', '95', '100', '150', '200'].slice(0, 5));
    expect(labels.slice(-3)).toEqual(['9000000', '9500000', '>= 10000000']);
    expect(rows.filter((row) => row.includes('@'))).toEqual([
      `             < 1 |@@@@${' '.repeat(36)} 1        `,
      `               1 |@@@@${' '.repeat(36)} 1        `,
      `               9 |@@@@${' '.repeat(36)} 1        `,
      `              10 |@@@@@@@${' '.repeat(33)} 2        `,
      `              15 |@@@@${' '.repeat(36)} 1        `,
      `              95 |@@@@${' '.repeat(36)} 1        `,
      `             100 |@@@@@@@${' '.repeat(33)} 2        `,
      `         9500000 |@@@@${' '.repeat(36)} 1        `,
      `     >= 10000000 |@@@@${' '.repeat(36)} 1        `,
    ]);
  });

  test('a low magnitude gathers all below its power', () => {
    expect(text('llquantize', [10, 3, 5, 10], [-5, 999, 1000, 1999, 2000])).toBe(
      shape([
        ['< 1000', '|@@@@@@@@@@@@@@@@', 2],
        ['1000', '|@@@@@@@@@@@@@@@@', 2],
        ['2000', '|@@@@@@@@', 1],
        ['3000', '|', 0],
      ]),
    );
  });

  test('the highest magnitude is within, beyond it all is one', () => {
    expect(text('llquantize', [2, 0, 2, 2], [1, 3, 4, 7, 8, 2n ** 62n])).toBe(
      shape([
        ['< 1', '|', 0],
        ['1', '|@@@@@@@', 1],
        ['2', '|@@@@@@@', 1],
        ['4', '|@@@@@@@@@@@@@', 2],
        ['>= 8', '|@@@@@@@@@@@@@', 2],
      ]),
    );
  });
});
