import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RoutetapError } from '../../../core/errors.js';
import { clockTime, isoTime, putIsoTime, timeNsOf } from '../../../core/format/time.js';

const anyTime = fc.bigInt({ min: -1_000_000_000_000_000_000n, max: 9_000_000_000_000_000_000n });

describe('times of records', () => {
  test('ISO time keeps every nanosecond', () => {
    expect(isoTime(1795357266148835123n)).toBe('2026-11-22T14:21:06.148835123Z');
    expect(isoTime(1795357266000000001n)).toBe('2026-11-22T14:21:06.000000001Z');
    expect(isoTime(1795357265999999999n)).toBe('2026-11-22T14:21:05.999999999Z');
    expect(isoTime(0n)).toBe('1970-01-01T00:00:00.000000000Z');
    expect(isoTime(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
  });

  test('ISO time as bytes is the same text', () => {
    const bytes = Buffer.alloc(40);
    const near = fc.bigInt({ min: -1_500_000_000n, max: 1_500_000_000n });
    fc.assert(
      fc.property(anyTime, fc.array(near), (timeNs, offsets) => {
        for (const offset of [0n, 0n, ...offsets]) {
          expect(putIsoTime(bytes, 7, timeNs + offset)).toBe(37);
          expect(bytes.toString('latin1', 7, 37)).toBe(isoTime(timeNs + offset));
        }
      }),
    );
  });

  test('reading an ISO time back gives the same nanosecond', () => {
    fc.assert(fc.property(anyTime, (timeNs) => timeNsOf(isoTime(timeNs)) === timeNs));
  });

  test('fewer decimals and offsets from UTC are read too', () => {
    expect(timeNsOf('2026-11-22T14:21:06Z')).toBe(1795357266000000000n);
    expect(timeNsOf('2026-11-22T15:21:06.5+01:00')).toBe(1795357266500000000n);
  });

  test.each(['', 'yesterday', '2026-11-22', '2026-13-40T00:00:00Z', '2026-11-22T14:21:06'])(
    'refuses %j as a time in one line',
    (text) => {
      expect(() => timeNsOf(text)).toThrow(RoutetapError);
      expect(() => timeNsOf(text)).toThrow(/^expected a time like .*, got ".*"$/);
    },
  );

  test('clock time is local and has microseconds', () => {
    fc.assert(
      fc.property(anyTime, (timeNs) => {
        const us = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
        const date = new Date(Number((timeNs - us) / 1_000_000n));
        const [hours, minutes, seconds] = [
          date.getHours(),
          date.getMinutes(),
          date.getSeconds(),
        ].map((n) => String(n).padStart(2, '0'));
        expect(clockTime(timeNs)).toBe(
          `${hours}:${minutes}:${seconds}.${String(us / 1000n).padStart(6, '0')}`,
        );
      }),
    );
  });
});
