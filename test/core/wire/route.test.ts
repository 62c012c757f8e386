import { describe, expect, test } from '@jest/globals';
import { namesFrom } from '../../../core/names/names.js';
import type { RouteBody } from '../../../core/route-body.js';
import { RTA, RTAX, RTM_F, RTN } from '../../../core/wire/constants.js';
import { readRouteBody, type RouteContext } from '../../../core/wire/route.js';
import { attribute, joined, u16le, u32le, u32be } from './build.js';
import { messageBytes, type MessageName } from './messages.js';
import { bodyOf } from './namespace.js';

const DEVICES: Readonly<Record<number, string>> = { 1: 'lo', 2: 'v1', 3: 'v0' };
const context: RouteContext = {
  deviceName: (ifindex) => DEVICES[ifindex] ?? null,
  names: namesFrom({ realms: ['5 uplink'] }),
};

const real = (name: MessageName): RouteBody => {
  const bytes = messageBytes(name);
  return readRouteBody(
    bodyOf({ bytes, type: 24, flags: 0, start: 16, end: bytes.length }),
    context,
  );
};

/** A body: family, protocol static, scope global, type, flags, attributes. */
const body = (
  family: 2 | 10,
  type: number,
  flags: number,
  ...attributes: Uint8Array[]
): RouteBody =>
  readRouteBody(joined(Uint8Array.of(family, 4, 0, type), u32le(flags), ...attributes), context);

const path = (members: object): object => ({
  gateway: null,
  ifindex: 3,
  dev: 'v0',
  weight: 1,
  flags: [],
  encap: null,
  realm: null,
  ...members,
});

describe('bodies of real messages', () => {
  test('metrics come in the units of the kernel, with their locks and features', () => {
    expect(real('metrics')).toEqual({
      family: 'inet',
      protocol: 'static',
      scope: 'global',
      type: 'unicast',
      prefsrc: null,
      metrics: {
        lock: ['mtu'],
        mtu: 1400,
        rtt: 800,
        rttvar: 80,
        advmss: 1300,
        features: ['ecn'],
        congctl: 'reno',
      },
      nhid: null,
      pref: null,
      nexthops: [path({ gateway: '192.168.5.2', realm: 'uplink/6' })],
      flags: [],
      unknown: [],
    });
  });

  test('a multipath route keeps order, weights, gateways of the other family and realms', () => {
    expect(real('multipath').nexthops).toEqual([
      path({ gateway: '192.168.5.2', weight: 3 }),
      path({ gateway: '2001:db8:5::9', weight: 256, realm: '7' }),
      path({ ifindex: 2, dev: 'v1' }),
    ]);
    expect(real('multipathInet6').nexthops.map(({ gateway, weight }) => [gateway, weight])).toEqual(
      [
        ['2001:db8:5::2', 2],
        ['2001:db8:5::3', 5],
      ],
    );
  });

  test('the low byte of rtm_flags belongs to the single path', () => {
    expect(real('viaInet6')).toMatchObject({
      nexthops: [path({ gateway: '2001:db8:5::2', flags: ['onlink'] })],
      flags: [],
    });
  });

  test('a blackhole has no path in IPv4, the loopback in IPv6', () => {
    expect(real('blackhole')).toMatchObject({ type: 'blackhole', nexthops: [] });
    expect(real('unreachableInet6')).toMatchObject({
      type: 'unreachable',
      nexthops: [path({ ifindex: 1, dev: 'lo' })],
    });
  });

  test('local and connected routes carry scope, protocol and source', () => {
    expect(real('local')).toMatchObject({ type: 'local', scope: 'host', protocol: 'kernel' });
    expect(real('connected')).toMatchObject({ scope: 'link', prefsrc: '192.168.5.1' });
  });

  test('the key stays out and IPv6 preference comes in', () => {
    expect(real('subtree')).toMatchObject({ pref: 'high', unknown: [] });
  });

  test('a route by nexthop object names the object and its paths', () => {
    expect(real('nexthopGroup')).toMatchObject({
      nhid: 10,
      nexthops: [
        { gateway: '192.168.5.2', weight: 5 },
        { gateway: '192.168.5.3', weight: 1 },
      ],
    });
  });

  test('tunnels read as ip prints them', () => {
    expect(real('encapIp').nexthops[0]?.encap).toEqual({
      type: 'ip',
      id: 100,
      src: '5.6.7.8',
      dst: '1.2.3.4',
      ttl: 3,
      tos: 4,
      key: true,
      csum: true,
      seq: true,
    });
    expect(real('encapIp6').nexthops[0]?.encap).toEqual({
      type: 'ip6',
      id: 100,
      src: 'fd00::2',
      dst: 'fd00::1',
      hoplimit: 3,
      tc: 4,
    });
    expect(real('encapSeg6').nexthops[0]?.encap).toEqual({
      type: 'seg6',
      mode: 'encap',
      segs: ['fd00::1', 'fd00::2'],
    });
    expect(real('encapSeg6Local').nexthops[0]?.encap).toEqual({
      type: 'seg6local',
      action: 'End.B6.Encaps',
      srh: { segs: ['fd00::1', 'fd00::2'] },
    });
  });

  test('the result is frozen through and through: it is shared', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    for (const name of ['metrics', 'multipath', 'encapSeg6', 'encapSeg6Local'] as const) {
      expect([name, frozen(real(name))]).toEqual([name, true]);
    }
  });
});

describe('flags', () => {
  test.each([
    [RTM_F.NOTIFY, []],
    [RTM_F.LOOKUP_TABLE | RTM_F.FIB_MATCH, []],
    [RTM_F.CLONED, ['cloned']],
    [RTM_F.PREFIX, ['prefix']],
    [RTM_F.OFFLOAD | RTM_F.TRAP, ['offload', 'trap']],
    [RTM_F.OFFLOAD_FAILED, ['offload_failed']],
    [RTM_F.CLONED | 0x00040000, ['cloned', 'redirected']],
    [RTM_F.CLONED | 0x80000000, ['cloned', 'local']],
    [RTM_F.CLONED | 0x20000000, ['cloned', 'multicast']],
  ])('rtm_flags %p of an IPv4 route are %p', (flags, expected) => {
    expect(body(2, RTN.UNICAST, flags, attribute(RTA.OIF, u32le(3))).flags).toEqual(expected);
  });

  test('each bit of the low byte has its name on the path', () => {
    const names = [0, 1, 2, 3, 4, 5, 6].map(
      (bit) => body(2, RTN.UNICAST, 1 << bit, attribute(RTA.OIF, u32le(3))).nexthops[0]?.flags[0],
    );
    expect(names).toEqual([
      'dead',
      'pervasive',
      'onlink',
      'offload',
      'linkdown',
      'unresolved',
      'trap',
    ]);
  });

  test('without a single path the low byte is the route’s, named once', () => {
    expect(body(2, RTN.UNICAST, 0x08 | RTM_F.OFFLOAD).flags).toEqual(['offload']);
  });
});

describe('what no reader knows', () => {
  test('an attribute of the future is kept with its number', () => {
    const unknown = attribute(0x8000 | 45, Uint8Array.of(1, 2, 3));
    expect(body(10, RTN.UNICAST, 0, unknown).unknown).toEqual([{ type: 45, hex: '010203' }]);
  });

  test('types and protocols without a name are numbers', () => {
    expect(readRouteBody(Uint8Array.of(2, 77, 13, 99, 0, 0, 0, 0), context)).toMatchObject({
      protocol: '77',
      scope: '13',
      type: '99',
    });
  });

  test('an interface without a name keeps its index', () => {
    const [hop] = body(2, RTN.UNICAST, 0, attribute(RTA.OIF, u32le(9))).nexthops;
    expect(hop).toEqual(path({ ifindex: 9, dev: null }));
  });

  test('metrics and features of the future are named by their numbers', () => {
    const metrics = attribute(
      RTA.METRICS,
      attribute(23, u32le(5)),
      attribute(RTAX.FEATURES, u32le(0x111)),
      attribute(RTAX.LOCK, u32le(1 << 23)),
    );
    expect(body(2, RTN.UNICAST, 0, metrics).metrics).toEqual({
      metric23: 5,
      features: ['ecn', 'tcp_usec_ts', '0x100'],
      lock: ['metric23'],
    });
  });

  test('a hop limit left to the interface is not shown', () => {
    const metrics = attribute(RTA.METRICS, attribute(RTAX.HOPLIMIT, u32le(0xffffffff)));
    expect(body(10, RTN.UNICAST, 0, metrics).metrics).toEqual({});
  });

  test('a gateway of a family without addresses here says so', () => {
    const via = attribute(RTA.VIA, u16le(28), u32be(0x00064100));
    expect(body(2, RTN.UNICAST, 0, via).nexthops[0]?.gateway).toBe('family 28 00064100');
  });
});

describe('malformed content', () => {
  const short = Uint8Array.of(1);

  test.each([
    ['OIF', RTA.OIF],
    ['GATEWAY', RTA.GATEWAY],
    ['VIA', RTA.VIA],
    ['FLOW', RTA.FLOW],
    ['METRICS', RTA.METRICS],
    ['PREFSRC', RTA.PREFSRC],
    ['NH_ID', RTA.NH_ID],
    ['ENCAP_TYPE', RTA.ENCAP_TYPE],
  ])('a RTA_%s that is too short is kept as it came', (name, type) => {
    const payload = name === 'METRICS' ? attribute(RTAX.MTU, short) : short;
    const read = body(2, RTN.UNICAST, 0, attribute(type, payload));
    expect(read.unknown).toEqual([{ type, hex: Buffer.from(payload).toString('hex') }]);
    expect(read).toMatchObject({ nexthops: [], metrics: {}, nhid: null, prefsrc: null });
  });

  test.each([
    ['a hop longer than the list', [40, 0, 0, 0, 3, 0, 0, 0]],
    ['a hop shorter than its header', [4, 0, 0, 0, 3, 0, 0, 0]],
    ['an attribute longer than its hop', [12, 0, 0, 0, 3, 0, 0, 0, 99, 0, 5, 0]],
    ['an attribute shorter than its header', [12, 0, 0, 0, 3, 0, 0, 0, 2, 0, 5, 0]],
    ['a gateway shorter than an address', [12, 0, 0, 0, 3, 0, 0, 0, 4, 0, 5, 0]],
  ])('%s makes the list unknown and leaves the rest', (_, hops) => {
    const read = body(
      2,
      RTN.UNICAST,
      0,
      attribute(RTA.MULTIPATH, Uint8Array.from(hops)),
      attribute(RTA.NH_ID, u32le(7)),
    );
    expect(read).toMatchObject({
      nexthops: [],
      nhid: 7,
      unknown: [{ type: RTA.MULTIPATH, hex: Buffer.from(hops).toString('hex') }],
    });
  });

  test('a length that points outside ends the reading', () => {
    const read = body(
      2,
      RTN.UNICAST,
      0,
      attribute(RTA.NH_ID, u32le(7)),
      Uint8Array.of(50, 0, 4, 0),
    );
    expect(read).toMatchObject({ nhid: 7, nexthops: [], unknown: [] });
  });

  test('no bytes at all read as nothing in particular', () => {
    expect(readRouteBody(new Uint8Array(0), context)).toMatchObject({
      family: 'inet6',
      type: 'unspec',
      nexthops: [],
    });
  });
});
