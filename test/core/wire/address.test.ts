import { isIPv6 } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  addressText,
  inet4Text,
  inet6Text,
  parseAddress,
  parsePrefix,
  prefixText,
} from '../../../core/wire/address.js';

const text = (hex: string): string => {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return addressText(bytes, 0, bytes.length);
};

/** Addresses as the kernel sees them: many zeros, as in practice. */
const inet6Bytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).chain((bytes) =>
  fc.integer({ min: 0, max: 0xff }).map((kept) => {
    const mostlyZero = Uint8Array.from(bytes);
    for (let i = 0; i < 16; i++) {
      if ((kept & (1 << (i >> 1))) === 0) mostlyZero[i] = 0;
    }
    return mostlyZero;
  }),
);

describe('addresses as text', () => {
  test.each([
    ['00000000', '0.0.0.0'],
    ['c0a80501', '192.168.5.1'],
    ['ffffffff', '255.255.255.255'],
    ['20010db8 00000000 00000000 00000001', '2001:db8::1'],
    ['20010db8 00000001 00010001 00010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000 00000001 00000000 00000001', '2001:0:0:1::1'],
    ['20010db8 00000000 00010000 00000001', '2001:db8::1:0:0:1'],
    ['00000000 00000000 00000000 00000000', '::'],
    ['00000000 00000000 00000000 00000001', '::1'],
    ['00010000 00000000 00000000 00000000', '1::'],
    ['fe800000 00000000 0a0b0c0d 0e0f0001', 'fe80::a0b:c0d:e0f:1'],
    ['00000000 00000000 0000ffff 01020304', '::ffff:1.2.3.4'],
    ['00000000 00000000 0000ffff 00000000', '::ffff:0.0.0.0'],
    ['00000000 00000000 00000000 01020304', '::1.2.3.4'],
    ['00000000 00000000 00000000 00010000', '::0.1.0.0'],
    ['00000000 00000000 00000001 00000000', '::1:0:0'],
    ['0064ff9b 00000000 00000000 01020304', '64:ff9b::102:304'],
    ['00000000 00000000 ffff0000 01020304', '::ffff:0:102:304'],
  ])('%s is %s, as inet_ntop(3) has it', (hex, expected) => {
    expect(text(hex)).toBe(expected);
  });

  test('bytes are read where they stand', () => {
    const bytes = Uint8Array.of(9, 9, 10, 1, 2, 3, 9);
    expect(addressText(bytes, 2, 4)).toBe('10.1.2.3');
    expect(inet4Text(0x0a010203)).toBe('10.1.2.3');
    expect(inet4Text(-1)).toBe('255.255.255.255');
    expect(inet6Text(0xfd000000, 0, 0, 1)).toBe('fd00::1');
  });

  test('IPv6 text is what an independent implementation writes, dotted forms apart', () => {
    fc.assert(
      fc.property(inet6Bytes, (bytes) => {
        const ours = addressText(bytes, 0, 16);
        fc.pre(!ours.includes('.'));
        expect(ours).toBe(ipaddr.fromByteArray([...bytes]).toString());
      }),
      { numRuns: 5_000 },
    );
  });

  test('text reads back into the same bytes', () => {
    fc.assert(
      fc.property(fc.oneof(inet6Bytes, fc.uint8Array({ minLength: 4, maxLength: 4 })), (bytes) => {
        expect(parseAddress(addressText(bytes, 0, bytes.length))).toEqual(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  test('exactly what inet_pton(3) takes as IPv6 is taken', () => {
    const almost = fc
      .array(fc.constantFrom('::', ':', '0', 'ff', '12345', 'g', '1.2.3.4', '1.2.3', 'db8'), {
        maxLength: 12,
      })
      .map((parts) => parts.join(''))
      .filter((candidate) => candidate.includes(':'));
    fc.assert(
      fc.property(almost, (candidate) => {
        expect([candidate, parseAddress(candidate) !== null]).toEqual([
          candidate,
          isIPv6(candidate),
        ]);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('prefixes', () => {
  test.each([
    ['10.1.0.0/16', '10.1.0.0/16'],
    ['10.1.2.3/16', '10.1.0.0/16'],
    ['10.1.2.3/31', '10.1.2.2/31'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['::/0', '::/0'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
    ['::ffff:1.2.3.4/120', '::ffff:1.2.3.0/120'],
    ['1:2:3:4:5:6:7:8/128', '1:2:3:4:5:6:7:8/128'],
    ['default', 'default'],
  ])('%s is %s', (given, expected) => {
    const prefix = parsePrefix(given);
    expect(prefix === null ? null : prefixText(prefix)).toBe(expected);
  });

  test('default belongs to no family', () => {
    expect(parsePrefix('default')).toMatchObject({ family: 0, length: 0 });
    expect(parsePrefix('10.0.0.0/8')).toMatchObject({ family: 2, length: 8 });
    expect(parsePrefix('fd00::/8')).toMatchObject({ family: 10, length: 8 });
  });

  test.each([
    '',
    '10/8',
    '10.1/16',
    '10.1.2/24',
    '10.1.2.3.4',
    '10.1.2.256',
    '10.1.2.03',
    '010.1.2.3',
    '10.1.2.3/',
    '10.1.2.3/33',
    '10.1.2.3/-1',
    '10.1.2.3/08',
    '10.1.2.3/8/8',
    '10.1.2.3/255.0.0.0',
    ' 10.1.2.3',
    '0x0a.1.2.3',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'fe80::1%v0',
    '::/129',
    '1.2.3.4::',
    '::1.2.3',
    'g::',
    'Default',
  ])('%p is refused', (given) => {
    expect(parsePrefix(given)).toBeNull();
  });
});
