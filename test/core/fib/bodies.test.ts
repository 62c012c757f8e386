import { describe, expect, test } from '@jest/globals';
import {
  hopsNamed,
  joinsMultipath,
  nexthopIdOf,
  sameBytes,
  withoutFlags,
} from '../../../core/fib/bodies.js';
import { bodyUsesInterface, hopStarts, withoutHops } from '../../../core/wire/hops.js';
import { bodyOf } from './mirror.js';
import type { Path, RouteSpec } from './route-message.js';

const v4 = (...paths: readonly Path[]): RouteSpec => ({ dst: '10.0.0.0/8', paths });
const v6 = (...paths: readonly Path[]): RouteSpec => ({ dst: '2001:db8::/32', paths });
const hop = (last: number, more: Path = {}): Path => ({ via: `fe80::${last}`, dev: 2, ...more });
const same = (a: RouteSpec, b: RouteSpec): boolean =>
  sameBytes(withoutFlags(bodyOf(a)), withoutFlags(bodyOf(b)));

describe('bodies without flags', () => {
  test('are the same when only link state or offload differ', () => {
    const path = { via: '10.0.0.2', dev: 2 };
    expect(same(v4(path), v4({ ...path, flags: 17 }))).toBe(true);
    expect(same(v4(path), { ...v4(path), flags: 0x4000 })).toBe(true);
    expect(same(v4(path, { dev: 3 }), v4({ ...path, flags: 1 }, { dev: 3, flags: 16 }))).toBe(true);
    expect(same(v6(hop(1), hop(2)), v6(hop(2, { flags: 17 }), hop(1)))).toBe(true);
  });

  test('differ when anything else differs', () => {
    const path = { via: '10.0.0.2', dev: 2 };
    expect(same(v4(path), v4({ ...path, dev: 3 }))).toBe(false);
    expect(same(v4(path), { ...v4(path), mtu: 1400 })).toBe(false);
    expect(same(v4(path, { dev: 3 }), v4(path, { dev: 3, weight: 2 }))).toBe(false);
  });
});

test('the number of a nexthop object is found, and 0 where there is none', () => {
  expect(nexthopIdOf(bodyOf({ ...v4({ dev: 2 }), nhid: 70_000 }))).toBe(70_000);
  expect(nexthopIdOf(bodyOf({ ...v6(hop(1)), nhid: 9, mtu: 1400 }))).toBe(9);
  expect(nexthopIdOf(bodyOf(v4({ dev: 2 })))).toBe(0);
  expect(nexthopIdOf(Uint8Array.from([2, 3, 0, 1, 0, 0, 0, 0, 0, 0, 30, 0]))).toBe(0);
});

test('only paths with gateways, and no nexthop object, can be siblings', () => {
  expect(joinsMultipath(bodyOf(v6(hop(1))))).toBe(true);
  expect(joinsMultipath(bodyOf(v6(hop(1), hop(2))))).toBe(true);
  expect(joinsMultipath(bodyOf(v6({ dev: 2 })))).toBe(false);
  expect(joinsMultipath(bodyOf({ ...v6(hop(1)), nhid: 7 }))).toBe(false);
  expect(joinsMultipath(bodyOf({ dst: '2001:db8::/32', type: 6 }))).toBe(false);
});

describe('paths named by a message', () => {
  const whole = bodyOf(v6(hop(1), hop(2, { weight: 3 }), hop(2, { dev: 3 })));

  test('are found whatever their order, weight and flags', () => {
    expect(hopsNamed(whole, bodyOf(v6(hop(2, { flags: 16 }))))?.size).toBe(1);
    expect(hopsNamed(whole, bodyOf(v6(hop(2, { dev: 3 }), hop(1))))?.size).toBe(2);
    expect(hopsNamed(whole, whole)?.size).toBe(3);
  });

  test('are none when one of them is not there, or none is named', () => {
    expect(hopsNamed(whole, bodyOf(v6(hop(1), hop(9))))).toBeNull();
    expect(hopsNamed(whole, bodyOf(v6(hop(1), hop(1))))).toBeNull();
    expect(hopsNamed(whole, bodyOf({ dst: '2001:db8::/32', type: 6 }))).toBeNull();
  });

  test('are taken out of the body, which is then what a message without them would give', () => {
    const rest = (spec: RouteSpec): Uint8Array =>
      withoutHops(whole, hopsNamed(whole, bodyOf(spec)) ?? new Set());
    expect(rest(v6(hop(1)))).toEqual(bodyOf(v6(hop(2, { weight: 3 }), hop(2, { dev: 3 }))));
    expect(rest(v6(hop(1), hop(2, { dev: 3 })))).toEqual(bodyOf(v6(hop(2))));
    expect(hopStarts(rest(v6(hop(1)))).length).toBe(2);
  });
});

test('the interfaces a body leaves by are those of its paths', () => {
  const uses = (spec: RouteSpec): number[] =>
    [1, 2, 3, 4].filter((ifindex) => bodyUsesInterface(bodyOf(spec), ifindex));
  expect(uses(v4({ dev: 2 }))).toEqual([2]);
  expect(uses(v4({ dev: 2 }, { via: '10.0.0.2', dev: 4 }))).toEqual([2, 4]);
  expect(uses(v6(hop(1)))).toEqual([2]);
  expect(uses(v6(hop(1), hop(2, { dev: 3 })))).toEqual([2, 3]);
  expect(uses({ dst: '10.0.0.0/8', type: 6 })).toEqual([]);
});
