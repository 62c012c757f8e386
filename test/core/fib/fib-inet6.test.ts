import { describe, expect, test } from '@jest/globals';
import { NLM_F } from '../../../core/wire/constants.js';
import { Mirror } from './mirror.js';
import type { Path, RouteSpec } from './route-message.js';

const { REPLACE, EXCL, CREATE, APPEND } = NLM_F;
/** nlmsg_flags of fib6_add_rt2node and ip6_route_multipath_add (net/ipv6). */
const NEW = EXCL | CREATE;
const BESIDE = CREATE;
const APPENDED = CREATE | APPEND;

const hop = (last: number, more: Path = {}): Path => ({ via: `fe80::${last}`, dev: 2, ...more });
const route = (...paths: readonly Path[]): RouteSpec => ({ dst: '2001:db8::/32', paths });
const via = (...lasts: readonly number[]): RouteSpec => route(...lasts.map((last) => hop(last)));
const onLink = (dev: number): RouteSpec => route({ dev });
const text = (...lasts: readonly number[]): string =>
  `2001:db8::/32 ${lasts.map((last) => `via fe80::${last} dev 2`).join(' + ')}`;
const paths = (...lasts: readonly number[]): string =>
  text(...lasts).slice('2001:db8::/32 '.length);

function holding(...routes: readonly RouteSpec[]): Mirror {
  const mirror = new Mirror();
  routes.forEach((one, i) => mirror.set(one, i === 0 ? NEW : BESIDE));
  return mirror;
}

describe('IPv6 RTM_NEWROUTE', () => {
  test('a key the mirror lacks is an add, REPLACE of a multipath route that was not there too', () => {
    for (const flags of [NEW, NEW | APPEND, BESIDE, APPENDED, REPLACE]) {
      const mirror = new Mirror();
      expect(mirror.set(via(1, 2), flags)).toEqual([`add ${text(1, 2)}`]);
    }
  });

  test('a sibling joins: the message names all paths, the new one first, and the set changes', () => {
    const mirror = holding(via(1));
    expect(mirror.set(via(2, 1), BESIDE)).toEqual([`change ${text(1)} → ${paths(1, 2)}`]);
    expect(mirror.set(via(3, 1, 2), APPENDED)).toEqual([
      `change ${text(1, 2)} → ${paths(1, 2, 3)}`,
    ]);
    expect(mirror.routes()).toEqual([text(1, 2, 3)]);
  });

  test('a route that can be no sibling stands beside the others', () => {
    const mirror = holding(via(1));
    expect(mirror.set(onLink(3), BESIDE)).toEqual(['add 2001:db8::/32 dev 3']);
    expect(mirror.set(onLink(4), BESIDE)).toEqual(['add 2001:db8::/32 dev 4']);
    expect(mirror.routes()).toEqual([text(1), '2001:db8::/32 dev 3', '2001:db8::/32 dev 4']);
  });

  test('REPLACE takes the place of the set with all its siblings', () => {
    const mirror = holding(via(1, 2));
    expect(mirror.set(via(9), REPLACE)).toEqual([`change ${text(1, 2)} → ${paths(9)}`]);
    expect(mirror.routes()).toEqual([text(9)]);
  });

  test('REPLACE with equal content is no event', () => {
    const mirror = holding(via(1, 2));
    expect(mirror.set(via(2, 1), REPLACE)).toEqual([]);
  });

  test('REPLACE takes the route of its own ability to be multipath', () => {
    const mirror = holding(onLink(3), via(1));
    expect(mirror.set(via(5), REPLACE)).toEqual([`change ${text(1)} → ${paths(5)}`]);
    expect(mirror.set(onLink(6), REPLACE)).toEqual(['change 2001:db8::/32 dev 3 → dev 6']);
    expect(mirror.routes()).toEqual(['2001:db8::/32 dev 6', text(5)]);
  });

  test('REPLACE with more than one candidate, or none, asks the kernel', () => {
    const several = holding(onLink(3), onLink(4));
    expect(several.set(onLink(5), REPLACE)).toEqual([
      'doubtful inet6',
      'change 2001:db8::/32 dev 3 → dev 5',
    ]);
    expect(several.set(via(1), REPLACE)[0]).toBe('doubtful inet6');
  });

  test('EXCL proves the metric was free', () => {
    const mirror = holding(via(1), onLink(3));
    expect(mirror.set(via(2), NEW)).toEqual([
      `stale delete ${text(1)}`,
      'stale delete 2001:db8::/32 dev 3',
      `add ${text(2)}`,
    ]);
  });

  test('a router preference that changed is a change', () => {
    const mirror = holding(via(1));
    expect(mirror.set({ ...via(1), mtu: 1400 }, REPLACE)).toEqual([
      `change ${text(1)} → ${paths(1)} mtu 1400`,
    ]);
  });

  test('flags 0 is a change of flags', () => {
    const mirror = holding(via(1));
    expect(mirror.set({ ...via(1), flags: 0x4000 }, 0)).toEqual([
      `change ${text(1)} → ${paths(1)}`,
    ]);
    expect(mirror.set({ ...via(2), flags: 0x4000 }, 0)).toEqual(['doubtful inet6']);
  });

  test('while the first dump runs ahead, a set that is there already is held once and told by its message', () => {
    const mirror = holding(via(1, 2));
    mirror.fib.learning = true;
    expect(mirror.set(via(2, 1), BESIDE)).toEqual([`add ${text(1, 2)}`]);
    expect(mirror.set(via(1, 2), NEW)).toEqual([`add ${text(1, 2)}`]);
    expect(mirror.routes()).toEqual([text(1, 2)]);
  });

  test('metric and source prefix tell keys apart', () => {
    const mirror = new Mirror();
    mirror.set(via(1), NEW);
    mirror.set({ ...via(1), priority: 5 }, NEW);
    mirror.set({ ...via(1), src: '2001:db8:1::/48' }, NEW);
    mirror.set({ ...via(1), src: '2001:db8:1::/49' }, NEW);
    expect(mirror.fib.inet6.size).toBe(4);
    expect(mirror.remove({ ...via(1), src: '2001:db8:1::/49' })).toEqual([`delete ${text(1)}`]);
    expect(mirror.fib.inet6.size).toBe(3);
  });
});

describe('IPv6 RTM_DELROUTE', () => {
  test('of the whole set, in whatever order its paths stand, is a delete', () => {
    const mirror = holding(via(1, 2, 3));
    expect(mirror.remove(via(3, 1, 2))).toEqual([`delete ${text(1, 2, 3)}`]);
    expect(mirror.fib.size).toBe(0);
  });

  test('of one path shrinks the set; the last path left is a route of its own', () => {
    const mirror = holding(via(1, 2, 3));
    expect(mirror.remove(via(2))).toEqual([`change ${text(1, 2, 3)} → ${paths(1, 3)}`]);
    expect(mirror.remove(via(3))).toEqual([`change ${text(1, 3)} → ${paths(1)}`]);
    expect(mirror.remove(via(1))).toEqual([`delete ${text(1)}`]);
    expect(mirror.fib.size).toBe(0);
  });

  test('a single path left over loses its weight, as in the message the kernel would send', () => {
    const mirror = holding(route(hop(1, { weight: 5 }), hop(2)));
    mirror.remove(via(2));
    expect(mirror.routes()).toEqual([text(1)]);
    expect(mirror.remove(via(1))).toEqual([`delete ${text(1)}`]);
  });

  test('finds its path although weight and link state differ', () => {
    const mirror = holding(route(hop(1, { weight: 5, flags: 16 }), hop(2, { weight: 3 }), hop(3)));
    expect(mirror.remove(route(hop(1, { flags: 1 })))).toEqual([
      `change 2001:db8::/32 via fe80::1 dev 2 weight 5 linkdown + via fe80::2 dev 2 weight 3 + via fe80::3 dev 2 → via fe80::2 dev 2 weight 3 + via fe80::3 dev 2`,
    ]);
  });

  test('of a path the set lacks asks the kernel', () => {
    const mirror = holding(via(1, 2));
    expect(mirror.remove(via(9))).toEqual(['doubtful inet6', `delete ${text(9)}`]);
    expect(mirror.routes()).toEqual([text(1, 2)]);
  });

  test('tells when the lifetime ends, and forgets it with the route', () => {
    const mirror = new Mirror();
    mirror.set({ ...via(1), expiresTicks: 500 }, NEW);
    expect(mirror.fib.expiry.size).toBe(1);
    expect(mirror.remove({ ...via(1), expiresTicks: 1 })).toEqual([
      `delete ${text(1)} until ${1_000_000 + 5000}`,
    ]);
    expect(mirror.fib.expiry.size).toBe(0);
  });

  test('a lifetime is renewed by an equal REPLACE and taken away by one without', () => {
    const mirror = new Mirror();
    mirror.set({ ...via(1), expiresTicks: 500 }, NEW);
    mirror.set({ ...via(1), expiresTicks: 9000 }, REPLACE);
    expect([...mirror.fib.expiry.values()]).toEqual([1_000_000 + 90_000]);
    mirror.set(via(1), REPLACE);
    expect(mirror.fib.expiry.size).toBe(0);
  });

  test('gives every body back', () => {
    const mirror = holding(via(1), onLink(3));
    mirror.set(via(2, 1), BESIDE);
    mirror.set(via(5), REPLACE);
    mirror.remove(via(5));
    mirror.remove(onLink(3));
    expect(mirror.fib.size).toBe(0);
    expect(mirror.fib.bodies.size).toBe(0);
  });
});
