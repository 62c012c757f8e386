import { describe, expect, test } from '@jest/globals';
import { lookupFlow } from '../../../core/lookup/lookup.js';
import type { Outcome } from '../../../core/lookup/result.js';
import type { Flow, LookupState } from '../../../core/lookup/state.js';
import { address, device, flow, route, rule, state, withDevices } from './state.js';

const look = (asked: Flow, shape: Partial<LookupState>): Outcome =>
  lookupFlow(asked, state('inet', shape));

const ways = ({ ways: found }: Outcome): string[] =>
  found.map(({ gateway, ifindex, source }) => `${gateway ?? 'link'} ${ifindex} ${source ?? '-'}`);

const outcomes = ({ steps }: Outcome): string[] =>
  steps.map(({ rule: { priority }, outcome }) => `${priority} ${outcome}`);

const onD2 = [address('10.0.0.5/24', 2)];

describe('an IPv4 table', () => {
  const routes = [
    route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] }),
    route('10.0.0.0/8', { hops: ['via 10.0.0.2 dev 2'] }),
    route('10.66.0.0/16', { hops: ['via 10.0.0.3 dev 2'] }),
  ];

  test('gives the longest prefix and names those it beat', () => {
    const found = look(flow('10.66.1.1'), { routes, addresses: onD2 });
    expect(ways(found)).toEqual(['10.0.0.3 2 10.0.0.5']);
    expect(found.answer?.beaten.map(({ parts }) => parts.dst)).toEqual(['10.0.0.0/8', '0.0.0.0/0']);
    expect(outcomes(found)).toEqual(['0 none', '32766 found']);
  });

  test('takes the alias of the fitting tos, in the kernel its order', () => {
    const aliases = [route('10.66.0.0/16', { tos: 0x10, hops: ['via 10.0.0.7 dev 2'] }), ...routes];
    expect(ways(look(flow('10.66.1.1', { tos: 0x10 }), { routes: aliases }))).toEqual([
      '10.0.0.7 2 -',
    ]);
    const plain = look(flow('10.66.1.1'), { routes: aliases });
    expect(ways(plain)).toEqual(['10.0.0.3 2 -']);
    expect(plain.answer?.passed.map(({ why }) => why)).toEqual(['tos is 0x0']);
  });

  test.each([
    ['blackhole', 22],
    ['unreachable', 113],
    ['prohibit', 13],
  ])('ends with a %s route, errno %i', (type, errno) => {
    const found = look(flow('10.66.1.1'), {
      routes: [...routes, route('10.66.1.0/24', { type, hops: [] })],
    });
    expect(found.errno).toBe(errno);
    expect(outcomes(found)).toEqual(['0 none', '32766 refused-route']);
  });

  test('sends back to the rules with a throw route', () => {
    const found = look(flow('10.66.1.1'), {
      rules: [rule({ table: 100 }), rule({ priority: 200 })],
      routes: [...routes, route('10.66.1.0/24', { table: 100, type: 'throw', hops: [] })],
    });
    expect(outcomes(found)).toEqual(['100 throw', '200 found']);
  });

  test('passes over what is dead, down or leaves by another interface', () => {
    const dead = [
      route('10.66.1.0/24', { hops: ['via 10.0.0.9 dev 2 dead'] }),
      route('10.66.1.0/25', { hops: ['via 10.0.0.9 dev 2 dead linkdown'] }),
      route('10.66.1.0/26', { hops: ['dev 3'] }),
    ];
    const found = look(flow('10.66.1.1', { oif: 2 }), { routes: [...routes, ...dead] });
    expect(ways(found)).toEqual(['10.0.0.3 2 -']);
    expect(found.answer?.passed.map(({ why }) => why)).toEqual([
      'it leaves by d3',
      'the link is down and ignore_routes_with_linkdown is set',
      'its nexthop is dead',
    ]);
  });

  test('leaves a whole node when a nexthop object does not serve', () => {
    const found = look(flow('10.66.0.1', { oif: 2 }), {
      routes: [...routes, route('10.66.0.0/24', { nhid: 5, hops: ['dev 3'] })],
    });
    // 10.66.0.0/16 stands in the same node of the trie.
    expect(ways(found)).toEqual(['10.0.0.2 2 -']);
  });

  test('leaves the choice among the nexthops of a route to the kernel, but not with oif', () => {
    const hops = ['via 10.0.0.1 dev 2', 'via 10.1.0.1 dev 3', 'via 10.2.0.1 dev 4 dead'];
    const many = [route('10.66.0.0/16', { hops })];
    const addresses = [...onD2, address('10.1.0.5/24', 3)];
    expect(ways(look(flow('10.66.1.1'), { routes: many, addresses }))).toEqual([
      '10.0.0.1 2 10.0.0.5',
      '10.1.0.1 3 10.1.0.5',
    ]);
    expect(ways(look(flow('10.66.1.1', { oif: 3 }), { routes: many }))).toEqual(['10.1.0.1 3 -']);
  });
});

describe('rules', () => {
  const routes = [
    route('10.0.0.0/8', { table: 100, hops: ['dev 2'] }),
    route('0.0.0.0/0', { hops: ['dev 3'] }),
  ];

  test('go on after goto and nop, and refuse by themselves', () => {
    const rules = [
      rule({ priority: 1, action: 'nop' }),
      rule({ priority: 2, action: 'goto', goto: 10 }),
      rule({ priority: 5, action: 'blackhole' }),
      rule({ priority: 10, table: 100 }),
    ];
    expect(outcomes(look(flow('10.1.1.1'), { rules, routes }))).toEqual([
      '1 nop',
      '2 goto',
      '10 found',
    ]);
    const loose = [rule({ action: 'goto', goto: 99 }), rule({ priority: 200, action: 'prohibit' })];
    const found = look(flow('10.1.1.1'), { rules: loose, routes });
    expect(outcomes(found)).toEqual(['100 goto', '200 refused']);
    expect(found.errno).toBe(13);
    expect(look(flow('10.1.1.1'), { rules: [], routes }).errno).toBe(101);
  });

  test.each([
    ['a short prefix', { suppressPrefixLength: 8 }],
    ['an interface group', { suppressIfgroup: 7 }],
  ])('suppress %s', (_, shape) => {
    const rules = [rule({ table: 100, ...shape }), rule({ priority: 200 })];
    const devices = withDevices(device(2, { group: 7 }));
    const found = look(flow('10.1.1.1'), { rules, routes, devices });
    expect(outcomes(found)).toEqual(['100 suppressed', '200 found']);
  });

  test('look into the table of a VRF by l3mdev', () => {
    const devices = withDevices(device(9, { vrfTable: 100 }), device(2, { vrf: 9 }));
    const rules = [rule({ l3mdev: true, table: 0 }), rule({ priority: 200 })];
    const found = look(flow('10.1.1.1', { oif: 2 }), { rules, routes, devices });
    expect(found.steps[0]).toMatchObject({ outcome: 'found', table: 100 });
  });
});

describe('without any rule ever changed', () => {
  const routes = [
    route('127.0.0.0/8', { table: 255, type: 'local', hops: ['dev 1'] }),
    route('127.0.0.9/32', { hops: ['dev 2'] }),
  ];

  test('a longer prefix of main wins over local, which the rules alone would not tell', () => {
    const merged = look(flow('127.0.0.9', { src: '10.0.0.5' }), {
      routes,
      addresses: onD2,
      isMerged: true,
    });
    expect(merged).toMatchObject({ type: 'unicast', table: 254 });
    expect(merged.notes).toHaveLength(1);
    const split = look(flow('127.0.0.9', { src: '10.0.0.5' }), { routes, addresses: onD2 });
    expect(split).toMatchObject({ type: 'local', table: 255, notes: [] });
  });

  test('nothing is said of it where it makes no difference', () => {
    const found = look(flow('127.0.0.1'), { routes, isMerged: true });
    expect(found).toMatchObject({ type: 'local', notes: [] });
  });
});

describe('what is sent', () => {
  const routes = [route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] })];

  test.each<[string, Flow, number]>([
    ['from a foreign address', flow('10.1.1.1', { src: '10.9.9.9' }), 101],
    ['from a multicast address', flow('10.1.1.1', { src: '224.0.0.1' }), 22],
    ['from loopback over a link', flow('10.1.1.1', { src: '127.0.0.1' }), 22],
    ['over an interface that is down', flow('10.1.1.1', { oif: 4 }), 101],
    ['over an interface without IPv4', flow('10.1.1.1', { oif: 3 }), 101],
  ])('%s is refused', (_, asked, errno) => {
    const devices = withDevices(device(3, { hasInet: false }), device(4, { flags: 0 }));
    const addresses = [...onD2, address('127.0.0.1/8', 1)];
    expect(look(asked, { routes, devices, addresses }).errno).toBe(errno);
  });

  test('over an interface without a route is taken for on the link', () => {
    const found = look(flow('10.1.1.1', { oif: 2 }), { addresses: onD2 });
    expect(ways(found)).toEqual(['link 2 10.0.0.5']);
    expect(found.table).toBe(0);
  });

  test('to the limited broadcast goes onto the link, to multicast by default without a gateway', () => {
    const shape = { routes, addresses: onD2 };
    expect(look(flow('255.255.255.255'), shape)).toMatchObject({ type: 'broadcast' });
    const found = look(flow('239.1.2.3'), shape);
    expect(found.type).toBe('multicast');
    expect(ways(found)).toEqual(['link 2 10.0.0.5']);
    expect(ways(look(flow('224.0.0.5', { oif: 3 }), shape))).toEqual(['link 3 10.0.0.5']);
    expect(ways(look(flow('239.1.2.3', { src: '10.0.0.5' }), shape))).toEqual(['link 2 10.0.0.5']);
  });

  test('to 0.0.0.0 comes back', () => {
    expect(look(flow('0.0.0.0'), {})).toMatchObject({ type: 'local' });
  });

  test('to one of its own addresses is delivered by lo or the VRF', () => {
    const own = [route('10.0.0.5/32', { table: 255, type: 'local', hops: ['dev 2'] })];
    expect(ways(look(flow('10.0.0.5'), { routes: own }))).toEqual(['link 1 10.0.0.5']);
    const devices = withDevices(device(9, { vrfTable: 77 }), device(2, { vrf: 9 }));
    expect(ways(look(flow('10.0.0.5'), { routes: own, devices }))).toEqual(['link 9 10.0.0.5']);
  });

  test('follows what a redirect or a PMTU message left', () => {
    const exceptions = [{ table: 254, ifindex: 2, gateway: '10.0.0.9', mtu: 1300, expiresS: 5 }];
    expect(ways(look(flow('10.1.1.1'), { routes, exceptions }))).toEqual(['10.0.0.9 2 -']);
  });
});

describe('several default routes', () => {
  const routes = [
    route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] }),
    route('0.0.0.0/0', { hops: ['via 10.0.0.2 dev 2'] }),
  ];
  const neighbour = (address: string, nud: number) => ({
    ifindex: 2,
    address,
    state: nud,
    lladdr: null,
  });

  test('take the first whose gateway is not known to be silent', () => {
    expect(ways(look(flow('8.8.8.8'), { routes }))).toEqual(['10.0.0.1 2 -']);
    const neighbours = [neighbour('10.0.0.1', 0x20)];
    expect(ways(look(flow('8.8.8.8'), { routes, neighbours }))).toEqual(['10.0.0.2 2 -']);
  });

  test('are the choice of the kernel while a gateway is stale', () => {
    const neighbours = [neighbour('10.0.0.1', 0x04)];
    expect(ways(look(flow('8.8.8.8'), { routes, neighbours }))).toEqual([
      '10.0.0.1 2 -',
      '10.0.0.2 2 -',
    ]);
  });

  test('are not looked through for what is received or bound', () => {
    const neighbours = [neighbour('10.0.0.1', 0x20)];
    const received = flow('8.8.8.8', { iif: 3, src: '10.1.0.9' });
    expect(ways(look(received, { routes, neighbours }))).toEqual(['10.0.0.1 2 -']);
    expect(ways(look(flow('8.8.8.8', { oif: 2 }), { routes, neighbours }))).toEqual([
      '10.0.0.1 2 -',
    ]);
  });
});

describe('what is received', () => {
  const routes = [route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] })];
  const received = (dst: string, src = '10.1.0.9'): Flow => flow(dst, { iif: 3, src });

  test('is forwarded, has no source to choose, and is refused where nothing is forwarded', () => {
    expect(ways(look(received('8.8.8.8'), { routes }))).toEqual(['10.0.0.1 2 -']);
    const devices = withDevices(device(3, { isForwarding: false }));
    expect(look(received('8.8.8.8'), { routes, devices }).errno).toBe(113);
    expect(look(received('8.8.8.8'), {}).errno).toBe(101);
  });

  test.each([
    ['0.0.0.0', '10.1.0.9'],
    ['8.8.8.8', '0.0.0.0'],
    ['8.8.8.8', '224.0.0.1'],
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '10.1.0.9'],
  ])('for %s from %s is martian', (dst, src) => {
    expect(look(received(dst, src), { routes }).errno).toBe(22);
  });

  test('for a local address or a broadcast is delivered', () => {
    const own = [
      route('10.0.0.5/32', { table: 255, type: 'local', hops: ['dev 2'] }),
      route('10.0.0.255/32', { table: 255, type: 'broadcast', hops: ['dev 2'] }),
    ];
    expect(look(received('10.0.0.5'), { routes: own })).toMatchObject({ type: 'local' });
    expect(look(received('10.0.0.255'), { routes: own })).toMatchObject({ type: 'broadcast' });
    expect(look(received('255.255.255.255'), {})).toMatchObject({ type: 'broadcast', errno: 0 });
  });

  test('for an address in a VRF is delivered by it; a limited broadcast by lo', () => {
    const devices = withDevices(
      device(9, { vrfTable: 77 }),
      device(2, { vrf: 9 }),
      device(3, { vrf: 9 }),
    );
    const rules = [rule({ l3mdev: true, table: 0 })];
    const routes77 = [route('10.0.0.5/32', { table: 77, type: 'local', hops: ['dev 2'] })];
    const found = look(received('10.0.0.5'), { routes: routes77, rules, devices });
    expect(ways(found)).toEqual(['link 9 -']);
    expect(ways(look(received('255.255.255.255'), { devices }))).toEqual(['link 1 -']);
  });

  test('for multicast is left open', () => {
    expect(look(received('239.1.2.3'), { routes }).isOpen).toBe(true);
  });
});
