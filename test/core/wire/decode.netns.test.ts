import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Encap, Nexthop } from '../../../core/event.js';
import { namesFrom } from '../../../core/names/names.js';
import type { RouteBody } from '../../../core/route-body.js';
import { NLMSG, RTM } from '../../../core/wire/constants.js';
import { readLink } from '../../../core/wire/link.js';
import { dumpLinks, dumpRoutes } from '../../../core/wire/requests.js';
import { readRouteBody, type RouteContext } from '../../../core/wire/route.js';
import { RouteScan, scanRoute } from '../../../core/wire/scan.js';
import { bodyOf, eventually, TestNamespace, type Message } from './namespace.js';

type Json = Record<string, unknown>;

const names = namesFrom({});

/** What every kernel that routetap runs on must take. */
const SETUP = [
  'link set lo up',
  'link add v0 type veth peer name v1',
  'link set v0 addrgenmode none',
  'link set v1 addrgenmode none',
  'link set v0 up',
  'link set v1 up',
  'addr add 192.168.5.1/24 dev v0',
  'addr add 10.9.0.1 peer 10.9.0.2/32 dev v1',
  'addr add 2001:db8:5::1/64 dev v0 nodad',
  'nexthop add id 1 via 192.168.5.2 dev v0',
  'nexthop add id 2 blackhole',
  'nexthop add id 3 via 192.168.5.3 dev v0',
  'nexthop add id 10 group 1,5/3',
  'nexthop add id 21 via 2001:db8:5::8 dev v0',
];

const ROUTES = [
  'route add 10.1.0.0/16 via 192.168.5.2 mtu lock 1400 rtt 100ms rttvar 20ms advmss 1300 window 5000' +
    ' ssthresh 30 cwnd lock 10 reordering 4 hoplimit 33 initcwnd 11 initrwnd 12 rto_min 300ms' +
    ' features ecn quickack 1 congctl reno fastopen_no_cookie 1 realms 5/6',
  'route add 10.2.0.0/16 proto bgp nexthop via 192.168.5.2 weight 3 nexthop via inet6 2001:db8:5::9' +
    ' dev v0 weight 256 realm 7 nexthop dev v1',
  'route add 10.3.0.0/16 via inet6 2001:db8:5::2 dev v0 onlink',
  'route add blackhole 10.4.0.0/16 proto 77',
  'route add unreachable 10.4.1.0/24 metric 4294967295',
  'route add prohibit 10.4.2.0/24',
  'route add throw 10.10.0.0/16 table 100000',
  'route add 10.14.0.0/16 tos 0x10 via 192.168.5.2 src 192.168.5.1 metric 7',
  'route add 10.15.0.0/16 dev v1 scope host',
  'route add multicast 239.0.0.0/8 dev v0',
  'route add 10.16.0.0/16 nexthop via 192.168.5.2 dev v0 onlink nexthop dev v1',
  'route add 10.11.0.0/16 nhid 1',
  'route add 10.12.0.0/16 nhid 10',
  'route add 10.13.0.0/16 nhid 2',
  '-6 route add unreachable fd10::/64',
  '-6 route add prohibit fd11::/64 metric 5',
  '-6 route add blackhole fd15::/64 proto static',
  '-6 route add throw fd16::/64 table 100',
  '-6 route add fd12::/64 from fd13::/64 via 2001:db8:5::2 pref high expires 1000',
  '-6 route add fd17::/64 via fe80::1 dev v0 pref low',
  '-6 route add fd14::/64 nexthop via 2001:db8:5::2 weight 2 nexthop via 2001:db8:5::3 weight 5',
  '-6 route add fd18::/64 nexthop via 2001:db8:5::2 dev v0 nexthop via fe80::9 dev v1 onlink',
  '-6 route add ::ffff:1.2.3.0/120 via 2001:db8:5::2 mtu 1300 hoplimit 3',
  '-6 route add default via 2001:db8:5::2 proto ra',
  '-6 route add fd19::/64 nhid 21',
];

const NO_LWT =
  /^Error: (lwt encapsulation type not supported|Unsupported Flavor operation\(s\))\.\n$/;

/** Tunnels; a kernel may be built without any of them, and then says exactly this. */
const TUNNELS = [
  'route add 10.5.0.0/16 encap mpls 100/200 ttl 9 via 192.168.5.2',
  'route add 10.6.0.0/16 encap ip id 100 dst 1.2.3.4 src 5.6.7.8 ttl 3 tos 4 key csum seq dev v0',
  'route add 10.7.0.0/16 encap ip6 id 18446744073709551615 dst fd00::1 src fd00::2 hoplimit 3 tc 4 dev v0',
  'route add 10.8.0.0/16 encap seg6 mode encap segs fd00::1,fd00::2 dev v0',
  '-6 route add fd01::/64 encap seg6 mode inline segs fd00::1,fd00::2,fd00::3 via 2001:db8:5::2',
  '-6 route add fd20::/64 encap seg6 mode l2encap segs fd00::1 dev v0',
  '-6 route add fd02::/64 encap seg6local action End.X nh6 2001:db8:5::7 dev v0',
  '-6 route add fd07::/64 encap seg6local action End.DT6 table main dev v0',
  '-6 route add fd08::/64 encap seg6local action End.B6.Encaps srh segs fd00::1,fd00::2 dev v0',
  '-6 route add fd09::/64 encap seg6local action End flavors psp dev v0',
  '-6 route add fd0b::/64 encap seg6local action End.DX2 oif v1 dev v0',
  '-6 route add fd0c::/64 encap seg6local action End.DX4 nh4 192.168.5.9 dev v0',
  '-6 route add fd06::/64 encap xfrm if_id 5 dev v0',
];

/** `ip` prints some members twice in one object; take the text apart into the values it gave. */
const valuesOf = (json: unknown): Set<string> => {
  const values = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
    // JSON.parse rounds a tunnel id of 64 bits; the reader keeps it as text.
    else values.add(/^\d{16,}$/.test(String(value)) ? String(Number(value)) : String(value));
  };
  walk(json);
  return values;
};

const asList = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** The paths `ip` printed, as the reader should see them. */
function expectedNexthops(json: Json): readonly unknown[] {
  const hops = 'nexthops' in json ? asList(json['nexthops']) : 'dev' in json ? [json] : [];
  return hops.map((hop) => {
    const via = hop['via'] as Json | undefined;
    const flow = hop['flow'] as Json | undefined;
    return {
      gateway: hop['gateway'] ?? via?.['host'] ?? null,
      dev: hop['dev'],
      weight: hop['weight'] ?? 1,
      flags: hop['flags'],
      realm:
        flow === undefined
          ? null
          : 'from' in flow
            ? `${String(flow['from'])}/${String(flow['to'])}`
            : flow['to'],
      encap: hop['encap'] ?? null,
    };
  });
}

const seenNexthops = (hops: readonly Nexthop[]): readonly unknown[] =>
  hops.map(({ gateway, dev, weight, flags, realm, encap }) => ({
    gateway,
    dev,
    weight,
    flags,
    realm,
    encap: encap === null ? null : encap.type,
  }));

/** Metrics as `ip -j` prints them: milliseconds, features as members, locks left out. */
function expectedMetrics(body: RouteBody): Json {
  const { features, congctl, ...metrics } = body.metrics as Json;
  delete metrics['lock'];
  if (typeof metrics['rtt'] === 'number') metrics['rtt'] /= 8;
  if (typeof metrics['rttvar'] === 'number') metrics['rttvar'] /= 4;
  for (const feature of (features ?? []) as readonly string[]) metrics[feature] = null;
  if (congctl !== undefined) metrics['congestion'] = congctl;
  return metrics;
}

describe('routes of a real kernel', () => {
  const namespace = new TestNamespace('decode');
  const devices = new Map<number, string>();
  const context: RouteContext = {
    deviceName: (ifindex) => devices.get(ifindex) ?? null,
    names,
  };
  const refused = new Map<string, string>();

  beforeAll(async () => {
    for (const line of [...SETUP, ...ROUTES]) namespace.ip(line);
    for (const line of TUNNELS) {
      const error = namespace.attempt(line);
      if (error !== '') refused.set(line, error);
    }
    for (const message of namespace.exchange(dumpLinks(1))) {
      if (message.type !== RTM.NEWLINK) continue;
      const link = readLink(message.bytes, message.start, message.end);
      if (typeof link?.name === 'string') devices.set(link.ifindex, link.name);
    }
    // The multicast routes come when the kernel has noticed the carrier.
    await eventually(() => namespace.json('-6 route show table local type multicast').length === 2);
  });
  afterAll(() => {
    namespace.remove();
  });

  const dump = (family: 2 | 10): readonly Message[] =>
    namespace.exchange(dumpRoutes({ family }, 7)).filter(({ type }) => type === RTM.NEWROUTE);

  test('tunnels that could not be made were refused for want of the kernel module', () => {
    for (const error of refused.values()) expect(error).toMatch(NO_LWT);
    expect([...refused.keys()].filter((line) => / encap (ip|ip6|seg6) /.test(line))).toEqual([]);
  });

  test.each([
    ['IPv4', 2, '-4'],
    ['IPv6', 10, '-6'],
  ] as const)('%s routes read as ip prints them, one by one', (_, family, flag) => {
    const printed = namespace.json(`${flag} -details route show table all`);
    const messages = dump(family);
    expect(messages.length).toBe(printed.length);
    const tunnels: [Encap, Json][] = [];
    messages.forEach((message, i) => {
      const json = printed[i] ?? {};
      const body = readRouteBody(bodyOf(message), context);
      const found = {
        family: body.family,
        type: body.type,
        protocol: body.protocol,
        scope: body.scope,
        prefsrc: body.prefsrc,
        nhid: body.nhid,
        pref: body.pref,
        nexthops: seenNexthops(body.nexthops),
        metrics: expectedMetrics(body),
        unknown: body.unknown,
      };
      expect(found).toEqual({
        family: family === 2 ? 'inet' : 'inet6',
        type: json['type'],
        protocol: json['protocol'],
        scope: json['scope'],
        prefsrc: json['prefsrc'] ?? null,
        nhid: json['nhid'] ?? null,
        pref: json['pref'] ?? null,
        nexthops: expectedNexthops(json),
        metrics: asList(json['metrics'])[0] ?? {},
        unknown: [],
      });
      const encap = body.nexthops[0]?.encap ?? null;
      if (encap !== null) tunnels.push([encap, json]);
    });
    for (const [encap, json] of tunnels) {
      expect(encap['hex']).toBeUndefined();
      const printedValues = valuesOf(json);
      for (const value of valuesOf(encap)) expect(printedValues).toContain(value);
    }
    expect(tunnels.length).toBeGreaterThanOrEqual(family === 2 ? 3 : 2);
  });

  test('the body the scanner makes reads the same as the message', () => {
    const scan = new RouteScan();
    for (const message of [...dump(2), ...dump(10)]) {
      expect(scanRoute(message.bytes, message.start, message.end, scan)).toBe(true);
      const whole = readRouteBody(bodyOf(message), context);
      const scanned = readRouteBody(scan.body.slice(0, scan.bodyBytes), context);
      const sorted = (body: RouteBody): unknown => ({
        ...body,
        nexthops: body.nexthops.map((hop) => JSON.stringify(hop)).sort(),
      });
      expect(sorted(scanned)).toEqual(sorted(whole));
    }
  });

  const bodyTo = (family: 2 | 10, words: readonly number[]): RouteBody => {
    const scan = new RouteScan();
    const message = dump(family).find(
      ({ bytes, start, end }) =>
        scanRoute(bytes, start, end, scan) &&
        [scan.w0, scan.w1, scan.w2, scan.w3].every((word, i) => word === (words[i] ?? 0)),
    );
    expect(message).toBeDefined();
    return readRouteBody(message === undefined ? new Uint8Array(0) : bodyOf(message), context);
  };

  test('locks, raw metric units and realms come with the route', () => {
    const body = bodyTo(2, [0x0a010000]);
    expect(body.metrics).toEqual({
      // iproute2 locks rto_min whenever it is given.
      lock: ['mtu', 'cwnd', 'rto_min'],
      mtu: 1400,
      window: 5000,
      rtt: 800,
      rttvar: 80,
      ssthresh: 30,
      cwnd: 10,
      advmss: 1300,
      reordering: 4,
      hoplimit: 33,
      initcwnd: 11,
      features: ['ecn'],
      rto_min: 300,
      initrwnd: 12,
      quickack: 1,
      congctl: 'reno',
      fastopen_no_cookie: 1,
    });
    expect(body.nexthops[0]?.realm).toBe('5/6');
  });

  test('an unreachable IPv6 route leaves by lo, an IPv4 one by nothing', () => {
    expect(bodyTo(10, [0xfd100000]).nexthops).toEqual([
      { gateway: null, ifindex: 1, dev: 'lo', weight: 1, flags: [], encap: null, realm: null },
    ]);
    expect(bodyTo(2, [0x0a040100]).nexthops).toEqual([]);
  });

  test('carrier loss shows as linkdown on the path and nowhere else', async () => {
    namespace.ip('link set v1 down');
    await eventually(() => {
      const [hop] = bodyTo(2, [0x0a010000]).nexthops;
      return hop?.flags.includes('linkdown') === true;
    });
    const body = bodyTo(2, [0x0a010000]);
    expect(body.nexthops[0]?.flags).toEqual(['linkdown']);
    expect(body.flags).toEqual([]);
    expect(bodyTo(2, [0x0a020000]).nexthops.map((hop) => hop.flags)).toEqual([
      ['linkdown'],
      ['linkdown'],
      ['dead', 'linkdown'],
    ]);
    namespace.ip('link set v1 up');
  });

  test('a dump filtered by table and interface brings those routes only', () => {
    const [done] = namespace.exchange(dumpRoutes({ family: 2, table: 4242 }, 9)).slice(-1);
    expect([NLMSG.DONE, NLMSG.ERROR]).toContain(done?.type);
    const table = namespace.exchange(dumpRoutes({ family: 2, table: 100_000 }, 9));
    expect(table.filter(({ type }) => type === RTM.NEWROUTE)).toHaveLength(1);
    const bgp = namespace.exchange(dumpRoutes({ family: 2, protocol: 186 }, 9));
    expect(bgp.filter(({ type }) => type === RTM.NEWROUTE)).toHaveLength(1);
    const ifindex = [...devices].find(([, name]) => name === 'v1')?.[0] ?? 0;
    const viaV1 = namespace.exchange(dumpRoutes({ family: 2, oif: ifindex }, 9));
    const bodies = viaV1
      .filter(({ type }) => type === RTM.NEWROUTE)
      .map((message) => readRouteBody(bodyOf(message), context));
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expect(body.nexthops.map((hop) => hop.dev)).toContain('v1');
  });
});
