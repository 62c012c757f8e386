import fc from 'fast-check';
import {
  PROBES,
  type Cause,
  type Lookup,
  type Nexthop,
  type Process,
  type Redirect,
  type Route,
  type Timeout,
} from '../../../core/event.js';
import { RouteRecord } from '../../../core/engine/record.js';
import { partsOf } from '../../../core/route-body.js';

const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { nil: null });

/** Any characters, those that terminals and JSON mind more often than by chance. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b', '"', '\\', '\n', '\u009b', '\u202e', '\u007f', '\ud800', '😀'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});

const u32 = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }));

const nexthop: fc.Arbitrary<Nexthop> = fc.record({
  gateway: orNull(fc.constantFrom('192.168.5.2', 'fe80::1')),
  ifindex: fc.nat(40),
  dev: orNull(hostile),
  weight: fc.integer({ min: 1, max: 256 }),
  flags: fc.subarray(['dead', 'linkdown', 'onlink']),
  encap: orNull(
    fc.record({
      type: fc.constantFrom('mpls', 'ip'),
      dst: hostile,
      ttl: fc.nat(255),
      flag: fc.boolean(),
    }),
  ),
  realm: orNull(fc.constantFrom('5', '1/2')),
});

const route: fc.Arbitrary<Route> = fc
  .constantFrom('inet' as const, 'inet6' as const)
  .chain((family) =>
    fc.record({
      family: fc.constant(family),
      dst: fc
        .nat(family === 'inet' ? 32 : 128)
        .map((length) => `${family === 'inet' ? '10.0.0.0' : '2001:db8::'}/${length}`),
      table: u32,
      protocol: fc.constantFrom('static', 'kernel', 'boot', 'redirect', 'bgp', 'unspec'),
      scope: fc.constantFrom('global', 'link', 'host'),
      type: fc.constantFrom('unicast', 'blackhole', 'unreachable', 'local'),
      tos: fc.constantFrom(0, 8, 16),
      priority: u32,
      prefsrc: orNull(fc.constantFrom('10.9.9.9', '2001:db8::9')),
      src: orNull(fc.constant('2001:db8:1::/48')),
      metrics: fc.record(
        {
          mtu: u32,
          window: u32,
          rtt: u32,
          rttvar: u32,
          ssthresh: fc.nat(5000),
          advmss: u32,
          hoplimit: u32,
          congctl: hostile,
          features: fc.subarray(['ecn', 'sack']),
          lock: fc.subarray(['mtu', 'rtt']),
        },
        { requiredKeys: [] },
      ),
      nhid: orNull(u32),
      expires: orNull(fc.integer({ min: -10, max: 100000 })),
      pref: orNull(fc.constantFrom('low', 'medium', 'high')),
      nexthops: fc.array(nexthop, { maxLength: 3 }),
      flags: fc.subarray(['dead', 'cloned', 'offload']),
      unknown: fc.array(fc.record({ type: fc.nat(64), hex: fc.constantFrom('', '0102') }), {
        maxLength: 2,
      }),
    }),
  );

const process: fc.Arbitrary<Process> = fc.record({
  pid: fc.nat(99999),
  tid: fc.nat(99999),
  comm: hostile,
  uid: u32,
  exe: orNull(hostile),
  cgroup: orNull(hostile),
  unit: orNull(hostile),
  container: orNull(hostile),
  confidence: fc.constantFrom('exact', 'portid', 'cascade'),
});

const cause: fc.Arbitrary<Cause> = fc.record({
  kind: fc.constantFrom('request', 'link-down', 'address-removed', 'resync', 'unknown'),
  trigger: orNull(
    fc.record({
      seq: u32,
      what: fc.constantFrom('RTM_NEWLINK', ''),
      dev: orNull(hostile),
      address: orNull(hostile),
      nhid: orNull(u32),
    }),
  ),
});

const port = fc.oneof(fc.constant(0), fc.nat(65535));
const address = fc.constantFrom('10.9.2.2', '2001:db8::7');

const lookup: fc.Arbitrary<Lookup> = fc.record({
  src: orNull(address),
  dst: fc.oneof(address, hostile),
  sport: port,
  dport: port,
  protocol: orNull(fc.oneof(fc.constantFrom('tcp', 'udp', 'icmp', '132'), hostile)),
  iif: fc.nat(40),
  oif: fc.nat(40),
  mark: u32,
  uid: orNull(u32),
  errno: fc.oneof(fc.constant('ENETUNREACH'), hostile),
  direction: fc.constantFrom('output', 'forward', 'input'),
  rule: orNull(u32),
  table: orNull(u32),
  count: u32,
});

const timeout: fc.Arbitrary<Timeout> = fc.record({
  protocol: fc.constantFrom('tcp', 'neighbour'),
  src: orNull(address),
  dst: fc.oneof(address, hostile),
  sport: port,
  dport: port,
  retransmits: fc.nat(20),
  rtoMs: u32,
  srttUs: u32,
  rttvarUs: u32,
  ssthresh: orNull(fc.nat(5000)),
  mtu: fc.oneof(fc.nat(100), fc.nat(65535)),
});

const redirect: fc.Arbitrary<Redirect> = fc.record({
  author: fc.oneof(address, hostile),
  old: orNull(fc.oneof(address, hostile)),
  new: fc.oneof(address, fc.constantFrom('10.0.0.0', '2001:db8::'), hostile),
  accepted: fc.constantFrom('yes', 'no', 'deferred', 'unknown'),
  reason: orNull(hostile),
  expires: orNull(u32),
});

type Section = Partial<Pick<RouteRecord, 'lookup' | 'timeout' | 'redirect'>>;

const section: fc.Arbitrary<Section> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ lookup }) },
  { weight: 1, arbitrary: fc.record({ timeout }) },
  { weight: 1, arbitrary: fc.record({ redirect }) },
);

/** Records as the engine makes them, with everything that may vary. */
export const arbitraryRecord: fc.Arbitrary<RouteRecord> = fc
  .record({
    seq: fc.nat(),
    timeNs: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
    host: hostile,
    probe: fc.constantFrom(...PROBES),
    inferred: fc.boolean(),
    cause,
    zone: fc.record({ id: u32, name: orNull(hostile) }),
    initialZone: fc.boolean(),
    process: orNull(process),
    route,
    previous: orNull(route),
    provenance: fc.constantFrom('rtnetlink' as const, 'dump' as const),
    nlmsgSeq: u32,
    raw: orNull(fc.uint8Array({ minLength: 1, maxLength: 8 })),
    kernelAddress: fc.constantFrom('0x0', '0xffff888012345680', '"\u001b'),
    section,
  })
  .map(
    ({ route: now, previous, section: own, ...fields }) =>
      new RouteRecord({
        ...fields,
        ...own,
        parts: partsOf(now),
        previousParts: previous === null ? null : partsOf(previous),
      }),
  );
