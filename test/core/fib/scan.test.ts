import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hopStarts, findMultipath, withoutHops } from '../../../core/wire/hops.js';
import { RouteScan, scanRoute } from '../../../core/wire/scan.js';
import { MESSAGES, messageBytes, type MessageName } from '../wire/messages.js';
import { bodyOf, scanned } from './mirror.js';
import { routePayload, type Path, type RouteSpec } from './route-message.js';

const v6 = (...paths: readonly Path[]): RouteSpec => ({ dst: '2001:db8::/32', paths });
const hop = (last: number, more: Path = {}): Path => ({ via: `fe80::${last}`, dev: 2, ...more });
const encap: readonly [number, Uint8Array] = [5, Uint8Array.of(4, 0, 1, 0)];

describe('a canonical body', () => {
  test('of one IPv6 path is the same whether the message writes it alone or as a set of one', () => {
    for (const path of [
      hop(1),
      hop(1, { flags: 16 }),
      { dev: 3 },
      hop(1, { encap }),
      { dev: 3, encap },
    ]) {
      expect(bodyOf({ ...v6(path), multipath: true })).toEqual(bodyOf(v6(path)));
    }
  });

  test('of an IPv6 set does not depend on the order of its paths', () => {
    const paths = [hop(1), hop(2), hop(1, { dev: 3 }), { dev: 3 }, hop(4, { weight: 9 })];
    const expected = bodyOf(v6(...paths));
    for (let turn = 1; turn < paths.length; turn++) {
      expect(bodyOf(v6(...paths.slice(turn), ...paths.slice(0, turn)))).toEqual(expected);
    }
    expect(bodyOf(v6(...paths.toReversed()))).toEqual(expected);
  });

  test('of an IPv4 set keeps the order of its paths, which is part of the route', () => {
    const a = { via: '10.0.0.2', dev: 2 };
    const b = { via: '10.0.0.3', dev: 2 };
    const v4 = (...paths: readonly Path[]): RouteSpec => ({ dst: '10.0.0.0/8', paths });
    expect(bodyOf(v4(a, b))).not.toEqual(bodyOf(v4(b, a)));
  });

  test('holds nothing of the key and nothing of the lifetime', () => {
    const body = bodyOf(v6(hop(1)));
    for (const more of [
      { dst: '2001:db9::1/128' },
      { priority: 7 },
      { expiresTicks: 300 },
      { src: '2001:db8:1::/48' },
      { table: 500 },
    ]) {
      expect(bodyOf({ ...v6(hop(1)), ...more })).toEqual(body);
    }
    expect(bodyOf({ dst: '10.0.0.0/8', tos: 16, table: 7, paths: [{ dev: 2 }] })).toEqual(
      bodyOf({ dst: '0.0.0.0/0', priority: 3, paths: [{ dev: 2 }] }),
    );
  });

  test('tells everything else apart', () => {
    const bodies = [
      v6(hop(1)),
      v6(hop(2)),
      v6(hop(1, { dev: 3 })),
      v6(hop(1, { flags: 1 })),
      v6(hop(1, { encap })),
      v6({ dev: 2 }),
      { ...v6(hop(1)), protocol: 186 },
      { ...v6(hop(1)), type: 7 },
      { ...v6(hop(1)), mtu: 1400 },
      { ...v6(hop(1)), nhid: 3 },
      { ...v6(hop(1)), prefsrc: '2001:db8::1' },
      { ...v6(hop(1)), flags: 0x4000 },
      v6(hop(1), hop(2)),
      v6(hop(1), hop(2, { weight: 2 })),
    ].map((spec) => Buffer.from(bodyOf(spec)).toString('hex'));
    expect(new Set(bodies).size).toBe(bodies.length);
  });

  test('is a whole number of words, without rests of the scan before', () => {
    const scan = new RouteScan();
    scan.body.fill(0xee);
    const payload = routePayload(v6(hop(1, { encap: [5, Uint8Array.of(1)] })));
    expect(scanRoute(payload, 0, payload.length, scan)).toBe(true);
    expect(scan.bodyBytes % 4).toBe(0);
    expect(scan.body.slice(0, scan.bodyBytes)).toEqual(
      bodyOf(v6(hop(1, { encap: [5, Uint8Array.of(1)] }))),
    );
  });
});

describe('a scan', () => {
  test('reads the key, the lifetime and what the message says of its paths', () => {
    expect(
      scanned({ ...v6(hop(1)), src: '2001:db8:1::/48', priority: 0xffffffff, table: 70_000 }),
    ).toMatchObject({
      family: 10,
      dstLength: 32,
      srcLength: 48,
      table: 70_000,
      priority: 0xffffffff,
      w0: 0x20010db8,
      hopCount: 1,
      hasGateway: true,
    });
    expect(scanned({ ...v6(hop(1)), expiresTicks: -200 }).expiresTicks).toBe(-200);
    expect(scanned({ dst: '10.1.0.0/16', nhid: 9, tos: 16 })).toMatchObject({
      family: 2,
      w0: 0x0a010000,
      tos: 16,
      nhid: 9,
      priority: 0,
      hasGateway: false,
    });
  });

  test('leaves nothing of one message in the next', () => {
    const scan = new RouteScan();
    const full = routePayload({ ...v6(hop(1), hop(2)), nhid: 3, expiresTicks: 5, priority: 6 });
    const bare = routePayload({ dst: '0.0.0.0/0' });
    expect(scanRoute(full, 0, full.length, scan)).toBe(true);
    expect(scanRoute(bare, 0, bare.length, scan)).toBe(true);
    expect(scan).toMatchObject({ w0: 0, w1: 0, nhid: 0, expiresTicks: 0, priority: 0 });
    expect(scan).toMatchObject({ hasGateway: false, dstLength: 0 });
  });

  test('takes a source prefix that is only a length for zeros', () => {
    const scan = new RouteScan();
    const full = routePayload({ ...v6(hop(1)), src: '2001:db8:1::/48' });
    expect(scanRoute(full, 0, full.length, scan)).toBe(true);
    expect([...scan.src]).toEqual([0x20010db8, 0x00010000, 0, 0]);
    const bare = routePayload({ dst: '::/0' });
    bare[2] = 48;
    expect(scanRoute(bare, 0, bare.length, scan)).toBe(true);
    expect([...scan.src]).toEqual([0, 0, 0, 0]);
  });

  test('refuses what is no route: short, another family, a prefix too long', () => {
    const good = routePayload({ dst: '10.0.0.0/8', paths: [{ dev: 2 }] });
    const scan = new RouteScan();
    expect(scanRoute(good, 0, good.length, scan)).toBe(true);
    for (let length = 0; length < 12; length++)
      expect(scanRoute(good, 0, length, scan)).toBe(false);
    for (const [at, value] of [
      [0, 7],
      [1, 33],
      [2, 33],
    ] as const) {
      const bad = good.slice();
      bad[at] = value;
      expect(scanRoute(bad, 0, bad.length, scan)).toBe(false);
    }
  });

  test('refuses attributes that are too short or reach outside', () => {
    const spec = { ...v6(hop(1), hop(2)), src: '2001:db8:1::/48', nhid: 4, mtu: 1400 };
    const good = routePayload(spec);
    const single = routePayload(v6(hop(1)));
    const scan = new RouteScan();
    for (const payload of [good, single]) {
      const view = new DataView(payload.buffer);
      for (let at = 12; at + 4 <= payload.length; at += (view.getUint16(at, true) + 3) & ~3) {
        for (const length of [0, 3, payload.length - at + 1, 0xffff]) {
          const bad = payload.slice();
          new DataView(bad.buffer).setUint16(at, length, true);
          expect(scanRoute(bad, 0, bad.length, scan)).toBe(false);
        }
      }
    }
    const shortened = (type: number): Uint8Array => {
      const header = routePayload({ dst: '::/0' }).slice(0, 12);
      return Uint8Array.from([...header, 5, 0, type, 0, 1, 0, 0, 0]);
    };
    for (const type of [1, 2, 4, 6, 12, 15, 30]) {
      const bad = shortened(type);
      expect(scanRoute(bad, 0, bad.length, scan)).toBe(false);
    }
  });

  test('refuses a path that reaches outside its set', () => {
    const payload = routePayload(v6(hop(1), hop(2)));
    const at = payload.findIndex((_, i) => payload[i] === 28 && payload[i + 4] === 2);
    expect(at).toBeGreaterThan(0);
    for (const length of [0, 7, 200]) {
      const bad = payload.slice();
      bad[at] = length;
      expect(scanRoute(bad, 0, bad.length, new RouteScan())).toBe(false);
    }
  });

  test('never throws and never leaves its bounds, whatever the bytes', () => {
    const scan = new RouteScan();
    const check = (bytes: Uint8Array): void => {
      if (!scanRoute(bytes, 0, bytes.length, scan)) return;
      const body = scan.body.slice(0, scan.bodyBytes);
      expect(scan.bodyBytes % 4).toBe(0);
      expect(scan.bodyBytes).toBeLessThanOrEqual(bytes.length + 64);
      const place = findMultipath(body);
      if (scan.family === 10 && place !== null) {
        expect(place[1]).toBeLessThanOrEqual(body.length);
        withoutHops(body, new Set(hopStarts(body).slice(0, 1)));
      }
    };
    fc.assert(
      fc.property(fc.constantFrom(2, 10), fc.uint8Array({ maxLength: 200 }), (family, bytes) => {
        if (bytes.length > 2) bytes.set([family, bytes[1]! % 33, bytes[2]! % 33]);
        check(bytes);
      }),
      { numRuns: 3000, seed: 4 },
    );
    const names = Object.keys(MESSAGES) as MessageName[];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (name, changes) => {
          const bytes = messageBytes(name).slice(16);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          check(bytes);
        },
      ),
      { numRuns: 3000, seed: 5 },
    );
  });

  test('of bytes inside a longer buffer reads no further than its end', () => {
    const payload = routePayload(v6(hop(1)));
    const surrounded = new Uint8Array(payload.length + 96).fill(0xff);
    surrounded.set(payload, 48);
    const scan = new RouteScan();
    expect(scanRoute(surrounded, 48, 48 + payload.length, scan)).toBe(true);
    expect(scan.body.slice(0, scan.bodyBytes)).toEqual(bodyOf(v6(hop(1))));
  });
});
