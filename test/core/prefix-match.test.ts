import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { prefixMatcher } from '../../core/prefix-match.js';
import { parsePrefix, prefixText } from '../../core/wire/address.js';

/** Prefixes near each other, so that one often lies in the other. */
const prefix = (bytes: number, bits: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: bytes, maxLength: bytes }),
      fc.integer({ min: 0, max: bits }),
    )
    .map(([octets, length]) => {
      const parsed = parsePrefix(`${ipaddr.fromByteArray(octets).toString()}/${String(length)}`);
      if (parsed === null) throw new Error('the generator made no prefix');
      return prefixText(parsed);
    });

const anyPrefix = fc.oneof(prefix(4, 32), prefix(16, 128));

function oracle(inner: string, outer: string): boolean {
  const [address, innerLength] = ipaddr.parseCIDR(inner);
  const [network, outerLength] = ipaddr.parseCIDR(outer);
  if (address.kind() !== network.kind()) return false;
  return innerLength >= outerLength && address.match(network, outerLength);
}

describe('prefixMatcher', () => {
  test('agrees with ipaddr.js', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (outer, inner) => {
        const parsed = parsePrefix(outer);
        expect(parsed !== null && prefixMatcher(parsed)(inner)).toBe(oracle(inner, outer));
      }),
      { numRuns: 2000 },
    );
  });

  test('a prefix holds itself, and every shorter cut of it does', () => {
    const inside = '10.255.128.1/32';
    for (let length = 0; length <= 32; length += 1) {
      const outer = parsePrefix(`10.255.128.1/${String(length)}`);
      expect(outer !== null && prefixMatcher(outer)(inside)).toBe(true);
    }
  });

  test.each(['', 'x', '10.0.0', '10.0.0.0.0/8', '10.0.0.x', '::', '10.0.0.0/', '10.0.0.0/x'])(
    'text that is no IPv4 prefix lies in none: %j',
    (text) => {
      const half = parsePrefix('8.0.0.0/5');
      expect(half !== null && prefixMatcher(half)(text)).toBe(false);
    },
  );
});
