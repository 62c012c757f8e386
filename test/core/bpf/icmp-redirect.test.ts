import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readIcmpRedirect } from '../../../core/bpf/icmp-redirect.js';
import { inetRedirect, inet6Redirect } from './icmp.js';

const read = (bytes: Uint8Array): unknown => readIcmpRedirect(bytes, 0, bytes.length);

describe('an ICMP frame', () => {
  test('quotes the packet the redirect is about', () => {
    expect(
      read(
        inetRedirect({ author: '10.0.0.1', gateway: '10.0.0.2', src: '10.0.0.9', dst: '10.9.0.1' }),
      ),
    ).toEqual({
      family: 'inet',
      ifindex: 2,
      author: '10.0.0.1',
      gateway: '10.0.0.2',
      src: Uint8Array.of(10, 0, 0, 9),
      dst: Uint8Array.of(10, 9, 0, 1),
    });
  });

  test('names target and destination in IPv6, and quotes a source only in an option', () => {
    const spec = { author: 'fe80::1', gateway: 'fe80::2', dst: '2001:db8::9' };
    expect(read(inet6Redirect(spec))).toMatchObject({
      family: 'inet6',
      author: 'fe80::1',
      gateway: 'fe80::2',
      src: null,
    });
    expect(read(inet6Redirect({ ...spec, src: '2001:db8::5' }))).toMatchObject({
      src: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5),
    });
  });

  test('is refused when it is cut short, of another type or of another family', () => {
    const whole = inetRedirect({
      author: '1.1.1.1',
      gateway: '2.2.2.2',
      src: '3.3.3.3',
      dst: '4.4.4.4',
    });
    expect(read(whole.slice(0, -1))).toBeNull();
    const echo = whole.slice();
    echo[24] = 8;
    expect(read(echo)).toBeNull();
    const other = whole.slice();
    other[0] = 17;
    expect(read(other)).toBeNull();
  });

  test('of any bytes is read or refused, never more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, inet6) => {
        if (bytes.length >= 25) {
          bytes.set([inet6 ? 10 : 2, 0, 0, 0]);
          bytes[24] = inet6 ? 137 : 5;
        }
        const redirect = readIcmpRedirect(bytes, 0, bytes.length);
        if (redirect !== null) expect(redirect.dst.length).toBe(inet6 ? 16 : 4);
      }),
    );
  });
});
