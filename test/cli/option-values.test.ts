import { describe, expect, test } from '@jest/globals';
import { RoutetapError } from '../../core/errors.js';
import {
  byteSize,
  duration,
  family,
  list,
  probeList,
  wholeNumber,
  yesNo,
} from '../../cli/option-values.js';

const refusal = (read: () => unknown): RoutetapError => {
  try {
    read();
  } catch (error) {
    if (error instanceof RoutetapError) return error;
  }
  throw new Error('expected a RoutetapError');
};

describe('values of options', () => {
  test.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('a time of %s is %d milliseconds', (text, milliseconds) => {
    expect(duration('--duration', text)).toBe(milliseconds);
  });

  test.each(['', '10', 's', '-1s', '0s', '10 s', '25d', '1e3s', '10S'])(
    'the time %j is refused with the option and what was got',
    (text) => {
      const error = refusal(() => duration('--duration', text));
      expect(error.kind).toBe('usage');
      expect(error.message).toContain('--duration: expected a time');
      expect(error.message).toContain(`got "${text}"`);
    },
  );

  test.each([
    ['65536', 65536],
    ['64k', 65536],
    ['8M', 8 << 20],
    ['1G', 1 << 30],
  ])('a size of %s is %d bytes', (text, bytes) => {
    expect(byteSize('--receive-buffer', text)).toBe(bytes);
  });

  test.each(['0', '2G', '1T', '1.5M', '-1', ''])('the size %j is refused', (text) => {
    expect(refusal(() => byteSize('--receive-buffer', text)).kind).toBe('usage');
  });

  test('probes come as a list and a slip is named with the probe that was meant', () => {
    expect(probeList('--probe', 'add, delete')).toEqual(['add', 'delete']);
    expect(refusal(() => probeList('--probe', 'add,delte')).message).toBe(
      '--probe: expected probes of add, delete, change, losing, miss, redirect, got "delte" (did you mean delete?)',
    );
    expect(refusal(() => probeList('--probe', ',')).kind).toBe('usage');
  });

  test('a family may be written as ip writes it', () => {
    expect(family('--family', 'inet6')).toBe('inet6');
    expect(family('--family', '4')).toBe('inet');
    expect(refusal(() => family('--family', 'ipx')).message).toContain('expected inet or inet6');
  });

  test('a count is a whole number from one on', () => {
    expect(wholeNumber(1)('--count', '3')).toBe(3);
    for (const text of ['0', '-1', '1.5', 'x', '', '9'.repeat(16)]) {
      expect(refusal(() => wholeNumber(1)('--count', text)).kind).toBe('usage');
    }
  });

  test('switches read the words environments use', () => {
    expect(['1', 'true', 'YES', 'on'].map((text) => yesNo('X', text))).toEqual(Array(4).fill(true));
    expect(['0', 'false', 'no', 'OFF', ''].map((text) => yesNo('X', text))).toEqual(
      Array(5).fill(false),
    );
    expect(refusal(() => yesNo('X', 'maybe')).kind).toBe('usage');
  });

  test('an empty list is refused', () => {
    expect(list('names')('--table', 'main,100')).toEqual(['main', '100']);
    expect(refusal(() => list('names')('--table', ' , ')).message).toContain(
      '--table: expected names',
    );
  });

  test('control characters of a wrong value do not reach the message', () => {
    expect(refusal(() => family('--family', '\u001b[2Jx')).message).toContain('"\\x1b[2Jx"');
  });
});
