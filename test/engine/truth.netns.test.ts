import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cleanUp, hops, Namespace, Tap } from './harness.js';

let namespace: Namespace;
let tap: Tap;

/** These events are announced, so they come in order before the marker. */
const QUIET_MS = 50;

/** What happens, and the probes it may fire about the destination, in order. */
interface Row {
  readonly what: string;
  readonly before?: readonly string[];
  readonly change: readonly string[];
  readonly dst: string;
  readonly probes: readonly string[];
}

const V4 = '10.1.0.0/16';
const V6 = '2001:db8::/32';

const ROWS: readonly Row[] = [
  {
    what: 'IPv4 add of a new key',
    change: [`route add ${V4} via 10.0.0.2`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 replace of nothing',
    change: [`route replace ${V4} via 10.0.0.2`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 append to nothing',
    change: [`route append ${V4} via 10.0.0.2`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 replace by another gateway',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route replace ${V4} via 10.0.0.3`],
    dst: V4,
    probes: ['change'],
  },
  {
    what: 'IPv4 change of a metric value',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route change ${V4} via 10.0.0.2 mtu 1400`],
    dst: V4,
    probes: ['change'],
  },
  {
    what: 'IPv4 identical replace',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route replace ${V4} via 10.0.0.2`],
    dst: V4,
    probes: [],
  },
  {
    what: 'IPv4 append to an alias list',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route append ${V4} via 10.0.0.3`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 prepend to an alias list',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route prepend ${V4} via 10.0.0.3`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 replace of the first of two aliases',
    before: [`route add ${V4} via 10.0.0.2`, `route append ${V4} via 10.0.0.3`],
    change: [`route replace ${V4} via 10.0.0.4`],
    dst: V4,
    probes: ['change'],
  },
  {
    what: 'IPv4 delete of both aliases one by one',
    before: [`route add ${V4} via 10.0.0.2`, `route append ${V4} via 10.0.0.3`],
    change: [`route del ${V4} via 10.0.0.3`, `route del ${V4}`],
    dst: V4,
    probes: ['delete', 'delete'],
  },
  {
    what: 'IPv4 another metric is another route',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route replace ${V4} via 10.0.0.2 metric 5`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 another tos is another route',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route replace ${V4} via 10.0.0.2 tos 0x04`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 another table is another route',
    before: [`route add ${V4} via 10.0.0.2`],
    change: [`route replace ${V4} via 10.0.0.2 table 5000`],
    dst: V4,
    probes: ['add'],
  },
  {
    what: 'IPv4 multipath replaced by a single path',
    before: [`route add ${V4} nexthop via 10.0.0.2 nexthop via 10.0.0.3`],
    change: [`route replace ${V4} via 10.0.0.4`],
    dst: V4,
    probes: ['change'],
  },
  {
    what: 'IPv6 add of a new key',
    change: [`route add ${V6} via fd00::2`],
    dst: V6,
    probes: ['add'],
  },
  {
    what: 'IPv6 replace of nothing',
    change: [`route replace ${V6} via fd00::2`],
    dst: V6,
    probes: ['add'],
  },
  {
    what: 'IPv6 multipath replace of nothing',
    change: [`route replace ${V6} nexthop via fd00::2 nexthop via fd00::3`],
    dst: V6,
    probes: ['add'],
  },
  {
    what: 'IPv6 identical replace',
    before: [`route add ${V6} via fd00::2`],
    change: [`route replace ${V6} via fd00::2`],
    dst: V6,
    probes: [],
  },
  {
    what: 'IPv6 replace by another gateway',
    before: [`route add ${V6} via fd00::2`],
    change: [`route replace ${V6} via fd00::3`],
    dst: V6,
    probes: ['change'],
  },
  {
    what: 'IPv6 append of a hop',
    before: [`route add ${V6} via fd00::2`],
    change: [`route append ${V6} via fd00::3`],
    dst: V6,
    probes: ['change'],
  },
  {
    what: 'IPv6 one hop removed',
    before: [`route add ${V6} nexthop via fd00::2 nexthop via fd00::3 nexthop via fd00::4`],
    change: [`route del ${V6} via fd00::3`],
    dst: V6,
    probes: ['change'],
  },
  {
    what: 'IPv6 all hops removed at once',
    before: [`route add ${V6} nexthop via fd00::2 nexthop via fd00::3`],
    change: [`route del ${V6}`],
    dst: V6,
    probes: ['delete'],
  },
  {
    what: 'IPv6 hops removed one by one',
    before: [`route add ${V6} nexthop via fd00::2 nexthop via fd00::3`],
    change: [`route del ${V6} via fd00::2`, `route del ${V6} via fd00::3`],
    dst: V6,
    probes: ['change', 'delete'],
  },
  {
    what: 'IPv6 multipath replaced by a single path',
    before: [`route add ${V6} nexthop via fd00::2 nexthop via fd00::3`],
    change: [`route replace ${V6} via fd00::4`],
    dst: V6,
    probes: ['change'],
  },
  {
    what: 'IPv6 another metric is another route',
    before: [`route add ${V6} via fd00::2`],
    change: [`route add ${V6} via fd00::2 metric 5`],
    dst: V6,
    probes: ['add'],
  },
];

describe('add, delete and change are what happened, not what the flags say', () => {
  beforeAll(async () => {
    namespace = new Namespace('truth');
    namespace.quietIpv6();
    namespace.pair('v0', '10.0.0.1/24', 'fd00::1/64');
    tap = await Tap.start(namespace);
  });
  afterAll(cleanUp);
  afterEach(async () => {
    for (const [family, dst] of [
      ['-4', V4],
      ['-6', V6],
    ] as const) {
      namespace.exec('ip', [family, 'route', 'flush', 'table', 'all', 'exact', dst]);
    }
    await tap.settle(QUIET_MS);
    expect(await tap.difference()).toBe('');
    // Taken out, so that one test's problem is not the next one's too.
    expect(tap.state.problems.splice(0)).toEqual([]);
  });

  test.each(ROWS)('$what', async ({ before = [], change, dst, probes }) => {
    for (const command of before) namespace.ip(command);
    await tap.settle(QUIET_MS);
    tap.forget();
    for (const command of change) namespace.ip(command);
    await tap.settle(QUIET_MS);
    expect(tap.about(dst).map((record) => record.probe)).toEqual(probes);
    expect(tap.events).toHaveLength(probes.length);
    for (const record of tap.events) {
      expect(record.inferred ?? false).toBe(false);
      expect(record.cause?.kind).toBe('request');
    }
    expect(await tap.difference()).toBe('');
  });

  test('an IPv6 route no dump shows, for it stands between siblings, is not taken for deleted', async () => {
    namespace.ip(`route add ${V6} via fd00::2`);
    namespace.ip(`route append ${V6} dev v0`);
    namespace.ip(`route append ${V6} via fd00::3`);
    await tap.settle(QUIET_MS);
    tap.forget();
    // A link coming and going makes routetap dump again.
    namespace.ip('link add x0 type veth peer name x1');
    namespace.ip('link set x0 up');
    namespace.ip('link set x1 up');
    namespace.ip('link del x0');
    await tap.settle();
    expect(tap.about(V6)).toEqual([]);
    // The first that leaves by v0 is the multipath route; without it the hidden one is seen again.
    namespace.ip(`route del ${V6} dev v0`);
    await tap.settle(QUIET_MS);
    expect(tap.about(V6).map((record) => [record.probe, hops(record.route)])).toEqual([
      ['delete', ['fd00::2@v0[]', 'fd00::3@v0[]']],
    ]);
    expect(await tap.difference()).toBe('');
  });

  test('a change says what stood there before', async () => {
    namespace.ip(`route add ${V4} via 10.0.0.2`);
    await tap.settle(QUIET_MS);
    tap.forget();
    namespace.ip(`route replace ${V4} via 10.0.0.3`);
    await tap.settle(QUIET_MS);
    const [change] = tap.about(V4);
    expect(hops(change?.previous)).toEqual(['10.0.0.2@v0[]']);
    expect(hops(change?.route)).toEqual(['10.0.0.3@v0[]']);
  });

  test('a process is named, and never by a port id taken for a pid', async () => {
    tap.forget();
    namespace.ip(`route add ${V4} via 10.0.0.2`);
    await tap.settle(QUIET_MS);
    const [add] = tap.about(V4);
    // A short-lived ip may be gone before anybody can look; then nobody is named.
    if (add?.process !== undefined) expect(add.process.comm).toBe('ip');
    expect(add?.routeinfo).toBeDefined();
  });
});
