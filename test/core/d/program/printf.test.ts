import { describe, expect, test } from '@jest/globals';
import { DError } from '../../../../core/d/d-error.js';
import type { Integer } from '../../../../core/d/integer.js';
import {
  compileFormat,
  literalPlace,
  type FormatParameter,
} from '../../../../core/d/program/printf.js';

type Given = Integer | string;

const typed = (value: Given): FormatParameter => ({
  type: typeof value === 'string' ? 'string' : 'integer',
});

function printed(
  format: string,
  values: readonly Given[],
  parameters: readonly FormatParameter[] = values.map(typed),
): string {
  return compileFormat(format, parameters, (offset) => offset)(values);
}

describe('integers', () => {
  test.each<[string, Integer, string]>([
    ['%d', 42, '42'],
    ['%d', -42, '-42'],
    ['%i', 42, '42'],
    ['%d', -(2n ** 63n), '-9223372036854775808'],
    ['%5d', 42, '   42'],
    ['%-5d|', 42, '42   |'],
    ['%05d', 42, '00042'],
    ['%05d', -42, '-0042'],
    ['%-05d|', 42, '42   |'],
    ['%+d', 42, '+42'],
    ['%+d', -42, '-42'],
    ['% d', 42, ' 42'],
    ['%+ d', 42, '+42'],
    ['%.5d', 42, '00042'],
    ['%8.5d', -42, '  -00042'],
    ['%08.5d', 42, '   00042'],
    ['%.0d', 0, ''],
    ['%.d', 0, ''],
    ['%.0d', 5, '5'],
    ['%2d', 12345, '12345'],
    ["%'d", 1234567, '1,234,567'],
    ["%'d", -123, '-123'],
    ["%'d", 2n ** 62n, '4,611,686,018,427,387,904'],
    ['%u', 42, '42'],
    ['%u', -1, '18446744073709551615'],
    ['%o', 8, '10'],
    ['%#o', 8, '010'],
    ['%#o', 0, '0'],
    ['%x', 255, 'ff'],
    ['%X', 255, 'FF'],
    ['%x', -1, 'ffffffffffffffff'],
    ['%#x', 255, '0xff'],
    ['%#X', 255, '0XFF'],
    ['%#x', 0, '0'],
    ['%#08x', 255, '0x0000ff'],
    ['%#8x', 255, '    0xff'],
    ['%p', 0xdeadbeef, 'deadbeef'],
    ['%hd', 42, '42'],
    ['%hhd', 42, '42'],
    ['%ld', 42, '42'],
    ['%lld', 42, '42'],
    ['%llx', 255, 'ff'],
    ['%P', 443, '443'],
    ['%P', 65_536 + 22, '22'],
    ['%c', 65, 'A'],
    ['%3c', 65, '  A'],
    ['%c', 256 + 66, 'B'],
  ])('%s of %p is %p', (format, value, expected) => {
    expect(printed(format, [value])).toBe(expected);
  });

  test('a negative integer without a sign is as wide as its type', () => {
    expect(printed('%x', [-1], [{ type: 'integer', size: 4 }])).toBe('ffffffff');
    expect(printed('%u', [-2], [{ type: 'integer', size: 2 }])).toBe('65534');
    expect(printed('%d', [-2], [{ type: 'integer', size: 2 }])).toBe('-2');
  });

  test.each([
    [new Date(2026, 10, 28, 10, 15, 30, 999), '2026 Nov 28 10:15:30'],
    [new Date(2026, 0, 2, 3, 4, 5), '2026 Jan  2 03:04:05'],
    [new Date(1969, 5, 7, 8, 9, 10, 500), '1969 Jun  7 08:09:10'],
  ])('%%Y is a local date: %p', (date, expected) => {
    expect(printed('%Y', [BigInt(date.getTime()) * 1_000_000n + 999_999n])).toBe(expected);
    expect(printed('%24Y', [BigInt(date.getTime()) * 1_000_000n])).toBe(`    ${expected}`);
  });
});

describe('strings', () => {
  test.each<[string, string, string]>([
    ['%s', 'eth0', 'eth0'],
    ['%8s', 'eth0', '    eth0'],
    ['%-8s|', 'eth0', 'eth0    |'],
    ['%.2s', 'eth0', 'et'],
    ['%5.2s', 'eth0', '   et'],
    ['%.0s', 'eth0', ''],
    ['%.1s', '\u{1f642}x', '\u{1f642}'],
    ['%s', '', ''],
    ['%S', 'a\tb\n"\\', 'a\\tb\\n\\"\\\\'],
    ['%S', '\x07\b\v\f\r', '\\a\\b\\v\\f\\r'],
    ['%S', '\x1b[1m\u202e', '\\x1b[1m\\u{202e}'],
  ])('%s of %p is %p', (format, value, expected) => {
    expect(printed(format, [value])).toBe(expected);
  });

  test('what comes from outside is escaped, what the program itself says is not', () => {
    expect(printed('\t%s\n', ['\u001b[2J\n'])).toBe('\t\\x1b[2J\\x0a\n');
    expect(printed('%s', ['a\tb\u001b[1m'], [{ type: 'string', literal: true }])).toBe(
      'a\tb\u001b[1m',
    );
    expect(printed('%c|%c', [10, 27])).toBe('\\x0a|\\x1b');
    expect(printed('%c', [10], [{ type: 'integer', literal: true }])).toBe('\n');
  });

  test('the width counts what is printed', () => {
    expect(printed('%6s|', ['\n'])).toBe('  \\x0a|');
  });
});

describe('formats', () => {
  test.each<[string, Given[], string]>([
    ['', [], ''],
    ['plain\n', [], 'plain\n'],
    ['100%%', [], '100%'],
    ['%5%', [], '%'],
    ['%s %d %s\n', ['a', 1, 'b'], 'a 1 b\n'],
    ['%*d', [6, 42], '    42'],
    ['%-*d|', [6, 42], '42    |'],
    ['%*d|', [-6, 42], '42    |'],
    ['%.*s', [2, 'eth0'], 'et'],
    ['%.*s', [-1, 'eth0'], 'eth0'],
    ['%*.*s|%d', [5, 2, 'eth0', 7], '   et|7'],
  ])('%p with %p is %p', (format, values, expected) => {
    expect(printed(format, values)).toBe(expected);
  });

  test('a member without a known type and NULL go as what is asked for', () => {
    const unknown: FormatParameter = { type: 'unknown' };
    expect(printed('%d %s', ['12', 7], [unknown, unknown])).toBe('12 7');
    expect(printed('%d', ['x'], [unknown])).toBe('0');
    expect(printed('%s|%d', ['', 0], [{ type: 'null' }, { type: 'null' }])).toBe('|0');
  });

  test('a width asked for at run time is bounded', () => {
    expect(printed('%*d', [2n ** 62n, 1])).toHaveLength(4096);
    expect(printed('%.*d', [1_000_000, 1])).toHaveLength(4096);
  });

  test('one format serves many calls', () => {
    const print = compileFormat('%*d;', [{ type: 'integer' }, { type: 'integer' }], (at) => at);
    expect([print([3, 1]), print([-3, 2]), print([0, 3])]).toEqual(['  1;', '2  ;', '3;']);
  });
});

describe('errors', () => {
  const PROGRAM_START = 'BEGIN\n{ printf(';

  /** The error of printf() with this literal, as it is written in a program. */
  function errorOf(literal: string, parameters: readonly FormatParameter[]): string {
    const program = `${PROGRAM_START}"${literal}", x, yy); }`;
    const format = literal.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\x41', 'A');
    try {
      compileFormat(format, parameters, literalPlace(program, PROGRAM_START.length));
    } catch (error) {
      if (error instanceof DError) return error.line(program);
      throw error;
    }
    return 'no error';
  }

  const INTEGER: FormatParameter = { type: 'integer' };
  const STRING: FormatParameter = { type: 'string', got: 'the string "x"' };

  test.each<[string, FormatParameter[], string]>([
    ['%d', [], 'expected an integer for %d at line 2, column 11, got no parameters'],
    ['%d %-5s', [INTEGER], 'expected a string for %-5s at line 2, column 14, got 1 parameter'],
    ['\\n\\x41%s%d', [STRING], 'expected an integer for %d at line 2, column 19, got 1 parameter'],
    ['%d', [STRING], 'expected an integer for %d at line 2, column 11, got the string "x"'],
    ['a%s', [INTEGER], 'expected a string for %s at line 2, column 12, got an integer'],
    [
      '%*s',
      [STRING],
      'expected an integer for the * of %*s at line 2, column 11, got the string "x"',
    ],
    [
      'x',
      [{ ...INTEGER, at: 20 }],
      'expected no parameters for this format at line 2, column 15, got 1',
    ],
    ['%d', [INTEGER, INTEGER], 'expected 1 parameter for this format at line 2, column 11, got 2'],
    [
      'ab%',
      [],
      'expected a conversion such as %d or %s (%% for a percent sign) at line 2, column 13, got "%"',
    ],
    [
      '%@d',
      [INTEGER],
      'expected a conversion without @ (printa() has them) at line 2, column 11, got "%@d"',
    ],
    ['%99999d', [INTEGER], 'expected a width up to 4096 at line 2, column 11, got "%99999d"'],
  ])('%s %p: %s', (literal, parameters, expected) => {
    expect(errorOf(literal, parameters)).toBe(expected);
  });

  test.each([
    ['%q', ''],
    ['%k', ''],
    ['%n', ''],
    ['%-5D', '; did you mean "%d"?'],
    ['%y', '; did you mean "%Y"?'],
  ])('%s is no conversion', (literal, hint) => {
    expect(errorOf(literal, [INTEGER])).toBe(
      `expected a conversion (%d %i %u %o %x %X %p %c %Y %P %s %S %%) at line 2, column 11, got "${literal}"${hint}`,
    );
  });

  test.each(['%f', '%e', '%g', '%G'])('%s is refused: D has no floating point here', (literal) => {
    expect(errorOf(literal, [INTEGER])).toMatch(/^expected a conversion of integers or strings/);
  });
});
