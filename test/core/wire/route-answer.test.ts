import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRouteAnswer } from '../../../core/wire/route-answer.js';
import { newRoute } from '../fib/route-message.js';

const read = (bytes: Uint8Array): unknown => readRouteAnswer(bytes, 16, bytes.length);

describe('the answer to a route query', () => {
  test('says where a packet would go, for how long, and by what kind of route', () => {
    const paths = [{ via: '10.0.0.2', dev: 2 }];
    expect(read(newRoute({ dst: '10.9.0.1/32', table: 100, flags: 0x40200, paths }))).toEqual({
      flags: 0x40200,
      gateway: '10.0.0.2',
      oif: 2,
      table: 100,
      expiresTicks: 0,
    });
    const inet6 = newRoute({ dst: '2001:db8::1/128', expiresTicks: 5999, paths: [{ dev: 3 }] });
    expect(read(inet6)).toMatchObject({ gateway: null, oif: 3, table: 254, expiresTicks: 5999 });
  });

  test('may lead an IPv4 packet through an IPv6 gateway', () => {
    const paths = [{ via: 'fe80::2', dev: 2 }];
    expect(read(newRoute({ dst: '10.9.0.1/32', paths }))).toMatchObject({ gateway: 'fe80::2' });
  });

  test('of any bytes is read or refused, never more', () => {
    const whole = newRoute({ dst: '10.9.0.1/32', paths: [{ via: '10.0.0.2', dev: 2 }] });
    for (let length = 0; length < 28; length++) expect(read(whole.slice(0, length))).toBeNull();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const bytes = whole.slice();
        bytes[at] = byte;
        const answer = readRouteAnswer(bytes, 16, bytes.length);
        if (answer !== null) expect(answer.oif).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
