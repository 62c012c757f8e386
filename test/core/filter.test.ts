import { describe, expect, test } from '@jest/globals';
import type { FilterOptions } from '../../core/filter.js';
import { recordFilter } from '../../core/filter.js';
import type { GapRecord, Probe, RoutetapRecord } from '../../core/event.js';
import { event, nexthop, plain, route } from './d/events.js';
import { LOOKUP, REDIRECT, TIMEOUT } from './format/events.js';

const gap: GapRecord = {
  v: 1,
  type: 'gap',
  seq: 2,
  time: '2026-11-22T14:21:06.000000000Z',
  timeNs: 1_795_357_266_000_000_000n,
  host: 'r1',
  source: 'rtnetlink',
  lost: 3,
  zone: null,
  reason: 'overrun',
};

/** The answer for an event of the engine; plain data must give the same. */
function passes(options: FilterOptions, of = event()): boolean {
  const filter = recordFilter(options);
  expect(filter(plain(of))).toBe(filter(of));
  return filter(of);
}

const inet6 = route({ family: 'inet6', dst: '2001:db8:1::/48', table: 100 });

describe('recordFilter', () => {
  test('lets everything pass without options', () => {
    expect(passes({})).toBe(true);
  });

  test('lets records that are no route events pass, whatever was asked for', () => {
    const filter = recordFilter({ probes: ['miss'], tables: [7], where: '0' });
    expect(filter(gap)).toBe(true);
    expect(recordFilter({ where: '0' })(gap)).toBe(true);
    expect(filter(event())).toBe(false);
  });

  test.each<[FilterOptions, boolean]>([
    [{ probes: ['add', 'delete'] }, true],
    [{ probes: ['delete'] }, false],
    [{ probes: [] }, false],
    [{ family: 'inet' }, true],
    [{ family: 'inet6' }, false],
    [{ tables: [100, 254] }, true],
    [{ tables: [255] }, false],
    [{ protocols: ['bgp', 'static'] }, true],
    [{ protocols: ['bgp'] }, false],
    [{ dev: 'v0' }, true],
    [{ dev: 'v1' }, false],
    [{ dst: '10.0.0.0/8' }, true],
    [{ dst: '10.1.0.0/16' }, true],
    [{ dst: '10.1.0.0/17' }, false],
    [{ dst: '11.0.0.0/8' }, false],
    [{ dst: '10.1.0.0' }, false],
    [{ dst: '0.0.0.0/0' }, true],
    [{ dst: '::/0' }, false],
    [{ dst: 'default' }, false],
    [{ where: 'route.metrics.mtu == 1400' }, true],
    [{ where: 'route.metrics.mtu == 1500' }, false],
    [{ family: 'inet', dst: '10.0.0.0/8', where: 'pid == 123' }, true],
    [{ family: 'inet', dst: '10.0.0.0/8', where: 'pid == 124' }, false],
  ])('%j is %s for a static IPv4 route', (options, expected) => {
    expect(passes(options)).toBe(expected);
  });

  test.each([
    ['2001:db8::/32', true],
    ['2001:db8:1::/48', true],
    ['2001:db8:1::/47', true],
    ['2001:db8:2::/47', false],
    ['2001:db8:1::/49', false],
    ['::/0', true],
    ['0.0.0.0/0', false],
  ])('dst %s against 2001:db8:1::/48 is %s', (dst, expected) => {
    expect(passes({ dst }, event({ route: inet6 }))).toBe(expected);
  });

  test('dst default means the default routes themselves, of both families', () => {
    const v4 = event({ route: route({ dst: '0.0.0.0/0' }) });
    const v6 = event({ route: route({ family: 'inet6', dst: '::/0' }) });
    expect([passes({ dst: 'default' }, v4), passes({ dst: 'default' }, v6)]).toEqual([true, true]);
  });

  test('finds a device behind any nexthop', () => {
    const nexthops = [nexthop(), nexthop({ dev: 'v1', ifindex: 3 }), nexthop({ dev: null })];
    expect(passes({ dev: 'v1' }, event({ route: route({ nexthops }) }))).toBe(true);
  });

  test('a change passes when the route or the one before it matches', () => {
    const change = event({
      probe: 'change',
      route: route({ protocol: 'bgp', nexthops: [nexthop({ dev: 'v1' })] }),
      previous: route({ protocol: 'static', nexthops: [nexthop({ dev: 'v0' })] }),
    });
    expect(passes({ dev: 'v0' }, change)).toBe(true);
    expect(passes({ dev: 'v1' }, change)).toBe(true);
    expect(passes({ dev: 'v2' }, change)).toBe(false);
    expect(passes({ protocols: ['static'], dev: 'v0' }, change)).toBe(true);
  });

  test('what was asked for must match on one side, not half here and half there', () => {
    const change = event({
      probe: 'change',
      route: route({ protocol: 'bgp', nexthops: [nexthop({ dev: 'v1' })] }),
      previous: route({ protocol: 'static', nexthops: [nexthop({ dev: 'v0' })] }),
    });
    expect(passes({ protocols: ['bgp'], dev: 'v0' }, change)).toBe(false);
  });

  describe('of the events that are no change of a route', () => {
    const miss = event({
      probe: 'miss',
      process: null,
      lookup: { ...LOOKUP, dst: '203.0.113.9', table: 100, iif: 2 },
      route: route({
        dst: '203.0.113.9/32',
        table: 0,
        protocol: 'unspec',
        nexthops: [nexthop({ gateway: null, dev: 'v0' })],
      }),
    });
    const losing = event({
      probe: 'losing',
      timeout: { ...TIMEOUT, dst: '10.9.2.2' },
      route: route({ dst: '10.9.0.0/16', nexthops: [nexthop({ dev: 'v1' })] }),
    });
    const redirect = event({
      probe: 'redirect',
      redirect: REDIRECT,
      route: route({ dst: '10.9.3.7/32', protocol: 'redirect', nexthops: [nexthop()] }),
      previous: route({ dst: '10.9.3.7/32', protocol: 'unspec', nexthops: [nexthop()] }),
    });

    test.each<[FilterOptions, boolean]>([
      [{ dst: '203.0.113.0/24' }, true],
      [{ dst: '203.0.113.9' }, true],
      [{ dst: '203.0.112.0/24' }, false],
      [{ dst: 'default' }, false],
      [{ tables: [100] }, true],
      [{ tables: [0, 254] }, false],
      [{ dev: 'v0' }, true],
      [{ dev: 'v1' }, false],
      [{ family: 'inet' }, true],
      [{ family: 'inet6' }, false],
      [{ protocols: ['static', 'udp'] }, false],
      [{ where: 'lookup.dport == 53 && lookup->errno == "ENETUNREACH"' }, true],
      [{ where: 'timeout || redirect' }, false],
    ])('%j is %s for a miss', (options, expected) => {
      expect(passes(options, miss)).toBe(expected);
    });

    test('a miss whose table nobody saw is of none', () => {
      const unseen = event({
        probe: 'miss',
        lookup: { ...LOOKUP, table: null },
        route: route({ dst: '203.0.113.9/32', table: 0 }),
      });
      expect(passes({ tables: [254] }, unseen)).toBe(false);
    });

    test.each<[FilterOptions, boolean]>([
      [{ dst: '10.9.2.0/24' }, true],
      [{ dst: '10.9.2.2' }, true],
      [{ dst: '10.9.0.0/16' }, true],
      [{ dst: '10.9.3.0/24' }, false],
      [{ dev: 'v1' }, true],
      [{ dev: 'v0' }, false],
      [{ where: 'timeout.retransmits > 3 && timeout->rtoMs > 3000' }, true],
    ])('%j is %s for a losing path', (options, expected) => {
      expect(passes(options, losing)).toBe(expected);
    });

    test.each<[FilterOptions, boolean]>([
      [{ dst: '10.9.3.0/24' }, true],
      [{ dst: '10.9.1.0/24' }, false],
      [{ protocols: ['redirect'] }, true],
      [{ dev: 'v0' }, true],
      [{ where: 'redirect.accepted == "yes" && redirect->expires == 300' }, true],
    ])('%j is %s for a redirect', (options, expected) => {
      expect(passes(options, redirect)).toBe(expected);
    });
  });

  test.each<[FilterOptions, string]>([
    [
      { probes: ['addd' as Probe] },
      '--probe: expected add, delete, change, losing, miss or redirect, got "addd"; did you mean "add"?',
    ],
    [{ family: 'ipx' as 'inet' }, '--family: expected inet or inet6, got "ipx"'],
    [{ tables: [1.5] }, '--table: expected a table number from 0 to 4294967295, got 1.5'],
    [
      { tables: [2 ** 32] },
      '--table: expected a table number from 0 to 4294967295, got 4294967296',
    ],
    [{ dst: '10/8' }, '--dst: expected a prefix such as 10.0.0.0/8 or 2001:db8::/32, got "10/8"'],
    [
      { dst: '\u001b[2J' },
      '--dst: expected a prefix such as 10.0.0.0/8 or 2001:db8::/32, got "\\u001b[2J"',
    ],
    [{ dev: '' }, '--dev: expected the name of an interface, got ""'],
    [{ protocols: [''] }, '--protocol: expected the name of a protocol, got ""'],
    [
      { where: 'pid = 1' },
      '--where: expected an operator or the end at column 5, got "="; did you mean "=="?',
    ],
  ])('%j is refused in one line', (options, line) => {
    expect(() => recordFilter(options)).toThrow(
      expect.objectContaining({ kind: 'usage', message: line }),
    );
  });

  test('does not read members of other record types', () => {
    const hostile = new Proxy(
      { type: 'status' },
      {
        get(target, name) {
          if (name !== 'type') throw new Error(`${String(name)} was read`);
          return target.type;
        },
      },
    ) as unknown as RoutetapRecord;
    expect(recordFilter({ dst: '10.0.0.0/8', probes: ['add'] })(hostile)).toBe(true);
  });
});
