import { describe, expect, test } from '@jest/globals';
import { DError } from '../../../../core/d/d-error.js';
import type { Integer } from '../../../../core/d/integer.js';
import type { AggregatingFunction } from '../../../../core/d/program/aggregating.js';
import { Aggregation, DEFAULT_ORDER } from '../../../../core/d/program/aggregations.js';
import type { Key } from '../../../../core/d/program/key-tree.js';
import { aggregationText } from '../../../../core/d/program/print-aggregation.js';
import { compilePrinta } from '../../../../core/d/program/printa.js';
import { literalPlace, type FormatParameter } from '../../../../core/d/program/printf.js';

function filled(
  fn: AggregatingFunction,
  rows: readonly (readonly [Key, Integer])[],
  name = '@',
): Aggregation {
  const aggregation = new Aggregation(name, fn);
  for (const [key, value] of rows) aggregation.add(key, value);
  return aggregation;
}

describe('columns', () => {
  test("the route provider's example: probe name, zone, pid, count", () => {
    expect(
      aggregationText(filled('count', [[['add', 0, 100_096], 1]]), { keyWidths: [8, 4, 4] }),
    ).toBe(`  add${' '.repeat(47)}        0   100096                1\n`);
  });

  test.each<[Integer | string, number, string]>([
    ['', 8, `  ${' '.repeat(50)}`],
    ['10.1.0.0', 8, `  10.1.0.0${' '.repeat(42)}`],
    ['x'.repeat(60), 8, `  ${'x'.repeat(60)}`],
    [5, 8, '                5'],
    [-5, 8, '               -5'],
    [2n ** 63n - 1n, 8, ' 9223372036854775807'],
    [5, 4, '        5'],
    [-5, 4, '       -5'],
    [65_535, 2, ' 65535'],
    [-2, 2, ' 65534'],
    [7, 1, '   7'],
    [-2, 1, ' 254'],
  ])('the key %p of %p bytes is %p', (key, width, expected) => {
    expect(aggregationText(filled('count', [[[key], 1]]), { keyWidths: [width] })).toBe(
      `${expected}                1\n`,
    );
  });

  test('texts from outside cannot move the cursor', () => {
    expect(aggregationText(filled('count', [[['\u001b[2Jx\n'], 1]]))).toBe(
      `  ${'\\x1b[2Jx\\x0a'.padEnd(50)}                1\n`,
    );
  });

  test('without a key there is the value alone', () => {
    expect(aggregationText(filled('sum', [[[], -12]]))).toBe('              -12\n');
    expect(aggregationText(new Aggregation('@', 'sum'))).toBe('');
  });

  test.each<[AggregatingFunction, string]>([
    ['count', '                3\n'],
    ['sum', '               60\n'],
    ['avg', '               20\n'],
    ['min', '               10\n'],
    ['max', '               30\n'],
    // 100 + 400 + 900 over 3 is 466, less 400 is 66.
    ['stddev', '                8\n'],
  ])('%s', (fn, expected) => {
    const rows = [10, 20, 30].map((value): [Key, Integer] => [[], value]);
    expect(aggregationText(filled(fn, rows))).toBe(expected);
  });

  test('rows go up by value, ties by key, the other way round with aggsortrev', () => {
    const aggregation = filled('sum', [
      [[3], 20],
      [[1], 10],
      [[2], 20],
      [[4], -1],
    ]);
    const column = (key: number, value: number): string =>
      ` ${String(key).padStart(16)} ${String(value).padStart(16)}\n`;
    const upwards = [column(4, -1), column(1, 10), column(2, 20), column(3, 20)];
    expect(aggregationText(aggregation)).toBe(upwards.join(''));
    expect(aggregationText(aggregation, { order: { ...DEFAULT_ORDER, reversed: true } })).toBe(
      upwards.toReversed().join(''),
    );
  });

  test('a distribution stands below its key, an empty line after it', () => {
    expect(aggregationText(filled('quantize', [[['lo'], 1]]))).toBe(
      `  lo${' '.repeat(48)}
           value  ------------- Distribution ------------- count    
               0 |                                         0        
               1 |${'@'.repeat(40)} 1        
               2 |                                         0        

`,
    );
  });

  test('several aggregations share the lines of their keys', () => {
    const sums = filled('sum', [
      [['a'], 5],
      [['b'], 2],
    ]);
    const counts = filled('count', [
      [['b'], 1],
      [['c'], 1],
    ]);
    counts.normalize(1);
    sums.normalize(2);
    const line = (key: string, sum: number, count: number): string =>
      `  ${key.padEnd(50)} ${String(sum).padStart(16)} ${String(count).padStart(16)}\n`;
    expect(aggregationText([sums, counts])).toBe(
      line('c', 0, 1) + line('b', 1, 1) + line('a', 2, 0),
    );
  });

  test('more rows than are put together at once keep their order', () => {
    const rows = Array.from({ length: 1000 }, (_, n): [Key, Integer] => [[n], n]);
    const lines = aggregationText(filled('sum', rows)).split('\n');
    expect(lines.slice(0, -1).map((line) => Number(line.slice(18)))).toEqual(
      rows.map(([, value]) => value),
    );
  });
});

describe('printa', () => {
  const STRING: FormatParameter = { type: 'string' };
  const INTEGER: FormatParameter = { type: 'integer' };

  function printed(
    format: string,
    keys: readonly FormatParameter[],
    ...aggregations: Aggregation[]
  ): string {
    const fns = aggregations.map(({ fn }) => fn);
    const compiled = compilePrinta(format, keys, fns, (offset) => offset);
    return aggregationText(aggregations, {}, compiled);
  }

  const table = filled('sum', [
    [['10.1.0.0', 254], 30],
    [['10.2.0.0', 255], 7],
  ]);

  test('takes keys in order and the value where the @ stands', () => {
    expect(printed('%-10s %5d|%@8d\n', [STRING, INTEGER], table)).toBe(
      '10.2.0.0     255|       7\n10.1.0.0     254|      30\n',
    );
    expect(printed('%@d of %s\n', [STRING, INTEGER], table)).toBe(
      '7 of 10.2.0.0\n30 of 10.1.0.0\n',
    );
  });

  test.each([
    ['%@d', '30'],
    ['%@u', '30'],
    ['%@x', '1e'],
    ['%#@x', '0x1e'],
    ['%@o', '36'],
    ['%@08d', '00000030'],
    ['%8@d', '      30'],
    ['%-@8d|', '30      |'],
    ['%@lld', '30'],
    ['%@d %@x', '30 1e'],
    ['no value%%', 'no value%'],
  ])('%s prints %p', (format, expected) => {
    expect(printed(format, [], filled('sum', [[[], 30]]))).toBe(expected);
  });

  test('values are normalized', () => {
    const aggregation = filled('sum', [[[], 30]]);
    aggregation.normalize(10);
    expect(printed('%@d', [], aggregation)).toBe('3');
  });

  test('a negative value as unsigned has 64 bits', () => {
    expect(printed('%@u %@x', [], filled('sum', [[[], -1]]))).toBe(
      '18446744073709551615 ffffffffffffffff',
    );
  });

  test('a distribution is drawn where its value stands, whatever the width', () => {
    expect(printed('%s:%@3d.\n', [STRING], filled('quantize', [[['k'], 0]]))).toBe(
      `k:
           value  ------------- Distribution ------------- count    
              -1 |                                         0        
               0 |${'@'.repeat(40)} 1        
               1 |                                         0        
.\n`,
    );
  });

  test('several aggregations are taken in order', () => {
    const counts = filled('count', [[['10.1.0.0', 254], 1]]);
    expect(printed('%s %@d %@d\n', [STRING, INTEGER], table, counts)).toBe(
      '10.2.0.0 7 0\n10.1.0.0 30 1\n',
    );
  });

  test('%@Y is a date', () => {
    const time = new Date(2026, 10, 28, 10, 15, 30).getTime();
    expect(printed('%@Y', [], filled('max', [[[], BigInt(time) * 1_000_000n]]))).toBe(
      '2026 Nov 28 10:15:30',
    );
  });

  function errorOf(
    literal: string,
    keys: readonly FormatParameter[],
    ...fns: AggregatingFunction[]
  ): string {
    const program = `printa("${literal}", @)`;
    try {
      const format = JSON.parse(`"${literal}"`) as string;
      compilePrinta(format, keys, fns, literalPlace(program, program.indexOf('"')));
    } catch (error) {
      if (error instanceof DError) return error.line(program);
      throw error;
    }
    return 'no error';
  }

  test.each<[string, string]>([
    ['%s %s %@d', 'expected a string for %s at column 12, got 1 parameter'],
    ['\\n%d %@d', 'expected an integer for %d at column 11, got a string'],
    [
      '%@s',
      'expected an integer conversion for the value of an aggregation at column 9, got "%@s"; did you mean "%@d"?',
    ],
  ])('%s: %s', (format, expected) => {
    expect(errorOf(format, [STRING], 'count')).toBe(expected);
  });

  test('more values than aggregations, where there are several, is an error', () => {
    expect(errorOf('%@d %@d %@d', [], 'count', 'sum')).toBe(
      'expected an aggregation for %@d at column 17, got only 2 aggregations',
    );
    expect(errorOf('%@d %@d', [], 'count', 'sum')).toBe('no error');
  });
});
