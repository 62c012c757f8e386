import { describe, expect, test } from '@jest/globals';
import { lookupFlow } from '../../../core/lookup/lookup.js';
import type { Outcome } from '../../../core/lookup/result.js';
import type { Flow, LookupState } from '../../../core/lookup/state.js';
import { address, device, flow, route, rule, state, withDevices } from './state.js';

const look = (asked: Flow, shape: Partial<LookupState>): Outcome =>
  lookupFlow(asked, state('inet6', shape));

const ways = ({ ways: found }: Outcome): string[] =>
  found.map(({ gateway, ifindex }) => `${gateway ?? 'link'} ${ifindex}`);

const FAILED = 0x20;
const to = '2001:db8:f::1';

describe('an IPv6 table', () => {
  test('gives the longest prefix, then the lowest metric', () => {
    const routes = [
      route('::/0', { metric: 1, hops: ['via fe80::1 dev 2'] }),
      route('2001:db8:f::/48', { metric: 10, hops: ['via fe80::2 dev 2'] }),
      route('2001:db8:f::/48', { metric: 20, hops: ['via fe80::3 dev 3'] }),
    ];
    const found = look(flow(to), { routes });
    expect(ways(found)).toEqual(['fe80::2 2']);
    expect(found.answer?.beaten.map(({ priority }) => priority)).toEqual([20, 1]);
  });

  test('prefers by RFC 4191 among routes of one metric, and by interface before that', () => {
    const routes = [
      route('::/0', { metric: 9, pref: 'low', hops: ['via fe80::1 dev 2'] }),
      route('::/0', { metric: 9, pref: 'high', hops: ['via fe80::2 dev 3'] }),
      route('::/0', { metric: 9, hops: ['via fe80::3 dev 4'] }),
    ];
    expect(ways(look(flow(to), { routes }))).toEqual(['fe80::2 3']);
    expect(ways(look(flow(to, { oif: 4 }), { routes }))).toEqual(['fe80::3 4']);
    // With a source of its own a flow is not held to its interface.
    expect(ways(look(flow(to, { oif: 4, src: '2001:db8::5' }), { routes }))).toEqual(['fe80::2 3']);
  });

  test('looks at all other metrics at once when the lowest does not serve', () => {
    const routes = [
      route('::/0', { metric: 1, hops: ['via fe80::1 dev 2 dead'] }),
      route('::/0', { metric: 2, pref: 'low', hops: ['via fe80::2 dev 3'] }),
      route('::/0', { metric: 3, pref: 'high', hops: ['via fe80::3 dev 4'] }),
    ];
    const found = look(flow(to), { routes });
    expect(ways(found)).toEqual(['fe80::3 4']);
    expect(found.answer?.passed.map(({ why }) => why)).toEqual(['its nexthop is dead']);
  });

  test('passes over an expired route', () => {
    const routes = [
      route('2001:db8:f::/48', { isExpired: true, hops: ['via fe80::1 dev 2'] }),
      route('::/0', { hops: ['via fe80::2 dev 2'] }),
    ];
    const found = look(flow(to), { routes });
    expect(ways(found)).toEqual(['fe80::2 2']);
    expect(found.answer?.passed[0]?.why).toBe('its lifetime is over');
  });

  test('takes a gateway that failed only when no other serves, and a router does not mind', () => {
    const routes = [
      route('2001:db8:f::/48', { hops: ['via fe80::1 dev 2'] }),
      route('::/0', { hops: ['via fe80::2 dev 2'] }),
    ];
    const neighbours = [{ ifindex: 2, address: 'fe80::1', state: FAILED, lladdr: null }];
    const host = { routes, neighbours, isForwarding: false };
    expect(ways(look(flow(to), host))).toEqual(['fe80::2 2']);
    expect(ways(look(flow(to), { ...host, isForwarding: true }))).toEqual(['fe80::1 2']);
    expect(ways(look(flow(to), { ...host, routes: routes.slice(0, 1) }))).toEqual(['fe80::1 2']);
  });

  test.each([
    ['blackhole', 22],
    ['unreachable', 113],
    ['prohibit', 13],
  ])('ends with a %s route, errno %i, unless bound elsewhere', (type, errno) => {
    const routes = [
      route('2001:db8:f::/48', { type, hops: ['dev 1'] }),
      route('::/0', { hops: ['via fe80::2 dev 2'] }),
    ];
    expect(look(flow(to), { routes }).errno).toBe(errno);
    expect(ways(look(flow(to, { oif: 2 }), { routes }))).toEqual(['fe80::2 2']);
  });

  test('ends with a blackhole object even when bound elsewhere', () => {
    const routes = [
      route('2001:db8:f::/48', { type: 'blackhole', nhid: 3, hops: ['dev 1'] }),
      route('::/0', { hops: ['via fe80::2 dev 2'] }),
    ];
    expect(look(flow(to, { oif: 2 }), { routes }).errno).toBe(22);
  });

  test('leaves the choice among nexthops to the kernel; of a group also when bound', () => {
    const hops = ['via fe80::1 dev 2', 'via fe80::2 dev 3'];
    const many = [route('::/0', { hops })];
    expect(ways(look(flow(to), { routes: many }))).toEqual(['fe80::1 2', 'fe80::2 3']);
    expect(ways(look(flow(to, { oif: 3 }), { routes: many }))).toEqual(['fe80::2 3']);
    const group = [route('::/0', { nhid: 5, hops })];
    expect(ways(look(flow(to, { oif: 3 }), { routes: group }))).toEqual(['fe80::1 2', 'fe80::2 3']);
  });

  test('a link-local destination is held to its interface', () => {
    const routes = [
      route('fe80::/64', { hops: ['dev 2'] }),
      route('fe80::/64', { hops: ['dev 3'] }),
    ];
    const found = look(flow('fe80::1', { oif: 3, src: 'fe80::5' }), { routes });
    expect(ways(found)).toEqual(['link 3']);
    expect(look(flow('fe80::1', { oif: 4, src: 'fe80::5' }), { routes }).errno).toBe(101);
  });
});

describe('IPv6 routes with a source prefix', () => {
  const routes = [
    route('2001:db8:f::/48', { from: '2001:db8:a::/48', hops: ['via fe80::1 dev 2'] }),
    route('2001:db8:f::/48', { from: '2001:db8:a:1::/64', hops: ['via fe80::2 dev 2'] }),
    route('2001:db8:f::/48', { hops: ['via fe80::3 dev 2'] }),
    route('2001:db8::/32', { hops: ['via fe80::4 dev 2'] }),
  ];

  test('the longest source prefix within the longest destination serves', () => {
    const by = (src: string): string[] => ways(look(flow(to, { src }), { routes }));
    expect(by('2001:db8:a:1::9')).toEqual(['fe80::2 2']);
    expect(by('2001:db8:a:2::9')).toEqual(['fe80::1 2']);
  });

  test('where none of them holds, the same destination without one is left out too', () => {
    const found = look(flow(to, { src: '2001:db8:b::9' }), { routes });
    expect(ways(found)).toEqual(['fe80::4 2']);
    expect(found.answer?.passed).toHaveLength(1);
    expect(found.answer?.passed[0]?.why).toMatch(/^the same destination has routes with a source/);
  });

  test('but not for default routes, nor when coming from deeper down', () => {
    const defaults = [
      route('::/0', { from: '2001:db8:a::/48', hops: ['via fe80::1 dev 2'] }),
      route('::/0', { hops: ['via fe80::3 dev 2'] }),
    ];
    expect(ways(look(flow(to, { src: '2001:db8:b::9' }), { routes: defaults }))).toEqual([
      'fe80::3 2',
    ]);
    const deeper = [...routes, route('2001:db8:f::/64', { hops: ['via fe80::9 dev 3 dead'] })];
    expect(ways(look(flow(to, { src: '2001:db8:b::9' }), { routes: deeper }))).toEqual([
      'fe80::3 2',
    ]);
  });
});

describe('what IPv6 rules and VRFs make of it', () => {
  test('suppress, throw and refuse', () => {
    const routes = [
      route('::/0', { table: 100, hops: ['dev 2'] }),
      route('2001:db8:f::/48', { table: 101, type: 'throw', hops: ['dev 1'] }),
    ];
    const rules = [
      rule({ family: 'inet6', table: 100, suppressPrefixLength: 0 }),
      rule({ family: 'inet6', priority: 101, table: 101 }),
      rule({ family: 'inet6', priority: 102, action: 'unreachable' }),
    ];
    const found = look(flow(to), { routes, rules });
    expect(found.steps.map(({ outcome }) => outcome)).toEqual(['suppressed', 'throw', 'refused']);
    expect(found.errno).toBe(101);
  });

  test('link scope over a VRF port asks the table of the VRF alone, over the VRF itself nothing', () => {
    const devices = withDevices(device(9, { vrfTable: 77 }), device(2, { vrf: 9 }));
    const routes = [route('fe80::/64', { table: 77, hops: ['dev 2'] })];
    const found = look(flow('fe80::1', { oif: 2 }), { routes, devices });
    expect(ways(found)).toEqual(['link 2']);
    expect(found.steps).toEqual([]);
    expect(look(flow('fe80::1', { oif: 9 }), { routes, devices }).errno).toBe(101);
  });

  test('a local address is delivered by lo or the VRF', () => {
    const routes = [route('2001:db8::5/128', { table: 255, type: 'local', hops: ['dev 2'] })];
    expect(ways(look(flow('2001:db8::5'), { routes }))).toEqual(['link 1']);
    const devices = withDevices(device(9, { vrfTable: 77 }), device(2, { vrf: 9 }));
    expect(ways(look(flow('2001:db8::5'), { routes, devices }))).toEqual(['link 9']);
  });

  test('what is received prefers routes back over its interface, and multicast is left open', () => {
    const routes = [
      route('::/0', { hops: ['via fe80::1 dev 2'] }),
      route('::/0', { hops: ['via fe80::2 dev 3'] }),
      route('ff00::/8', { table: 255, type: 'multicast', hops: ['dev 3'] }),
    ];
    expect(ways(look(flow(to, { iif: 3, src: '2001:db8::9' }), { routes }))).toEqual(['fe80::2 3']);
    expect(look(flow('ff0e::1', { iif: 3, src: '2001:db8::9' }), { routes }).isOpen).toBe(true);
  });
});

describe('a source of a route', () => {
  test('is the one the route names, else one of the interface', () => {
    const addresses = [address('2001:db8::5/64', 2)];
    const source = (prefsrc?: string): string | null | undefined => {
      const named = prefsrc === undefined ? {} : { prefsrc };
      return look(flow(to), { routes: [route('::/0', named)], addresses }).ways[0]?.source;
    };
    expect(source('2001:db8::77')).toBe('2001:db8::77');
    expect(source()).toBe('2001:db8::5');
  });
});
