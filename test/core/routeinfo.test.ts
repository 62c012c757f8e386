import { describe, expect, test } from '@jest/globals';
import type { Nexthop, Route, RouteInfo } from '../../core/event.js';
import { RTA, RTF, RTV, netmask } from '../../core/routeinfo.js';
import { LOOKUP, PROCESS, REDIRECT, TIMEOUT, record, type Given } from './format/events.js';

const info = (route: Partial<Route>, given: Given = {}): RouteInfo =>
  record({ ...given, route }).routeinfo;

const hop: Nexthop = {
  gateway: '10.0.0.1',
  ifindex: 3,
  dev: 'v1',
  weight: 1,
  flags: [],
  encap: null,
  realm: null,
};

describe('routeinfo_t of an event', () => {
  test('the example of the contract comes out bit by bit', () => {
    const routeinfo = record({
      probe: 'change',
      process: { ...PROCESS, pid: 123 },
      nlmsgSeq: 1,
      route: { metrics: { mtu: 1400 } },
    }).routeinfo;
    expect(routeinfo).toEqual({
      route_version: 3,
      route_type: 3,
      route_interface_index: 2,
      route_flags: 2051,
      route_seq: 1,
      route_pid: 123,
      route_metrics: 1,
      route_mtu_metric: 1400,
      route_hopcount_metric: 0,
      route_expire_metric: 0,
      route_recvpipe_metric: 0,
      route_sendpipe_metric: 0,
      route_ssthresh_metric: 0,
      route_rtt_metric: 0,
      route_rtt_variance_metric: 0,
      route_packets_sent: 0,
      route_addresses: 7,
      route_destination_address: '10.1.0.0',
      route_gateway_address: '192.168.5.2',
      route_netmask_address: '255.255.0.0',
      route_source_address: '',
      route_redirect_author_address: '',
    });
  });

  test.each([
    ['add', 1],
    ['delete', 2],
    ['change', 3],
    ['losing', 5],
    ['redirect', 6],
    ['miss', 7],
  ] as const)('%s has route_type %i', (probe, type) => {
    expect(info({}, { probe }).route_type).toBe(type);
  });

  test.each<[string, Partial<Route>, number]>([
    [
      'a route onto the link has no GATEWAY',
      { nexthops: [{ ...hop, gateway: null }] },
      RTF.UP | RTF.STATIC,
    ],
    ['a host route is HOST', { dst: '10.0.0.1/32' }, RTF.UP | RTF.GATEWAY | RTF.HOST | RTF.STATIC],
    [
      'an IPv6 /32 is no host route',
      { family: 'inet6', dst: '2001:db8::/32', nexthops: [] },
      RTF.UP | RTF.STATIC,
    ],
    [
      'an IPv6 /128 is HOST',
      { family: 'inet6', dst: '::1/128', nexthops: [] },
      RTF.UP | RTF.HOST | RTF.STATIC,
    ],
    [
      'several nexthops are MULTIRT',
      { nexthops: [hop, hop] },
      RTF.UP | RTF.GATEWAY | RTF.MULTIRT | RTF.STATIC,
    ],
    [
      'unreachable is REJECT',
      { type: 'unreachable', nexthops: [] },
      RTF.UP | RTF.REJECT | RTF.STATIC,
    ],
    ['prohibit is REJECT', { type: 'prohibit', nexthops: [] }, RTF.UP | RTF.REJECT | RTF.STATIC],
    [
      'blackhole is BLACKHOLE',
      { type: 'blackhole', nexthops: [] },
      RTF.UP | RTF.BLACKHOLE | RTF.STATIC,
    ],
    ['protocol boot is STATIC', { protocol: 'boot', nexthops: [] }, RTF.UP | RTF.STATIC],
    ['protocol kernel is KERNEL', { protocol: 'kernel', nexthops: [] }, RTF.UP | RTF.KERNEL],
    ['protocol redirect is DYNAMIC', { protocol: 'redirect', nexthops: [] }, RTF.UP | RTF.DYNAMIC],
    ['a routing daemon leaves no mark', { protocol: 'bgp', nexthops: [] }, RTF.UP],
    [
      'a preferred source is SETSRC',
      { prefsrc: '10.9.9.9', nexthops: [] },
      RTF.UP | RTF.SETSRC | RTF.STATIC,
    ],
    [
      'a route whose only nexthop is dead is not UP',
      { nexthops: [{ ...hop, flags: ['dead', 'linkdown'] }] },
      RTF.GATEWAY | RTF.STATIC,
    ],
    [
      'one dead nexthop of two leaves it UP',
      { nexthops: [{ ...hop, flags: ['dead'] }, hop] },
      RTF.UP | RTF.GATEWAY | RTF.MULTIRT | RTF.STATIC,
    ],
  ])('%s', (_, route, flags) => {
    expect(info(route).route_flags).toBe(flags);
  });

  test('what only the kernel reports is DONE, and a redirect made its route DYNAMIC', () => {
    expect(info({}, { probe: 'losing' }).route_flags & (RTF.DONE | RTF.DYNAMIC)).toBe(RTF.DONE);
    expect(info({}, { probe: 'redirect' }).route_flags & (RTF.DONE | RTF.DYNAMIC)).toBe(
      RTF.DONE | RTF.DYNAMIC,
    );
    expect(info({}, { probe: 'add' }).route_flags & RTF.DONE).toBe(0);
  });

  test('metrics are in the units of routeinfo_t and say which of them are valid', () => {
    const routeinfo = info({
      metrics: {
        mtu: 1500,
        hoplimit: 64,
        window: 65535,
        ssthresh: 10,
        advmss: 1400,
        rtt: 160,
        rttvar: 40,
      },
      expires: 29.9,
    });
    expect(routeinfo).toMatchObject({
      route_mtu_metric: 1500,
      route_hopcount_metric: 64,
      route_recvpipe_metric: 65535,
      route_ssthresh_metric: 14000,
      route_rtt_metric: 20_000,
      route_rtt_variance_metric: 10_000,
      route_expire_metric: 29,
      route_sendpipe_metric: 0,
      route_packets_sent: 0,
    });
    expect(routeinfo.route_metrics).toBe(
      RTV.MTU | RTV.HOPCOUNT | RTV.EXPIRE | RTV.RPIPE | RTV.SSTHRESH | RTV.RTT | RTV.RTTVAR,
    );
  });

  test('ssthresh counts segments of the MTU where no advmss is set, else of the least MSS', () => {
    expect(info({ metrics: { ssthresh: 2, mtu: 1500 } }).route_ssthresh_metric).toBe(2920);
    expect(info({ metrics: { ssthresh: 2 } }).route_ssthresh_metric).toBe(1072);
    const inet6 = { family: 'inet6', dst: '2001:db8::/32', nexthops: [] } as const;
    expect(info({ ...inet6, metrics: { ssthresh: 2, mtu: 1500 } }).route_ssthresh_metric).toBe(
      2880,
    );
    expect(info({ ...inet6, metrics: { ssthresh: 2 } }).route_ssthresh_metric).toBe(2440);
  });

  test('a route already past its expiry has no second left', () => {
    expect(info({ expires: -5 })).toMatchObject({
      route_expire_metric: 0,
      route_metrics: RTV.EXPIRE,
    });
  });

  test('addresses that are not valid are empty and their bits clear', () => {
    const link = info({ nexthops: [{ ...hop, gateway: null }] });
    expect(link.route_gateway_address).toBe('');
    expect(link.route_addresses).toBe(RTA.DST | RTA.NETMASK);
    const source = info({ prefsrc: '10.9.9.9' });
    expect(source.route_source_address).toBe('10.9.9.9');
    expect(source.route_addresses).toBe(RTA.DST | RTA.GATEWAY | RTA.NETMASK | RTA.SRC);
    const subtree = info({
      family: 'inet6',
      dst: '2001:db8::/32',
      src: '2001:db8:1::/48',
      nexthops: [],
    });
    expect(subtree.route_source_address).toBe('2001:db8:1::');
    expect(subtree.route_flags & RTF.SETSRC).toBe(0);
  });

  test('a miss knows its destination only', () => {
    expect(info({ dst: '10.0.0.1/32', prefsrc: '10.9.9.9' }, { probe: 'miss' })).toMatchObject({
      route_flags: RTF.DONE,
      route_addresses: RTA.DST,
      route_destination_address: '10.0.0.1',
      route_gateway_address: '',
      route_netmask_address: '',
      route_source_address: '',
    });
  });

  test('a miss shows nothing of the interfaces its lookup names', () => {
    const nexthops = [{ ...hop, gateway: null, ifindex: 9 }];
    const route = { dst: '203.0.113.9/32', nexthops };
    expect(info(route, { probe: 'miss', lookup: LOOKUP })).toEqual({
      ...info({ dst: '203.0.113.9/32', nexthops: [] }, { probe: 'miss' }),
    });
  });

  test('a losing path has the metrics its connection measured', () => {
    const route = { dst: '10.9.2.2/32', protocol: 'unspec', prefsrc: '10.9.1.2', nexthops: [hop] };
    expect(info(route, { probe: 'losing', timeout: TIMEOUT })).toMatchObject({
      route_flags: RTF.UP | RTF.GATEWAY | RTF.HOST | RTF.DONE | RTF.SETSRC,
      route_addresses: RTA.DST | RTA.GATEWAY | RTA.NETMASK,
      route_destination_address: '10.9.2.2',
      route_gateway_address: '10.0.0.1',
      route_netmask_address: '255.255.255.255',
      route_source_address: '',
      route_metrics: RTV.MTU | RTV.SSTHRESH | RTV.RTT | RTV.RTTVAR,
      route_mtu_metric: 1500,
      route_ssthresh_metric: 7 * 1460,
      route_rtt_metric: 210,
      route_rtt_variance_metric: 105,
    });
  });

  test('segments of a losing path are as long as its route says, or its MTU lets them be', () => {
    const ssthresh = (route: Partial<Route>, mtu = 1500): number =>
      info(route, { probe: 'losing', timeout: { ...TIMEOUT, ssthresh: 2, mtu } })
        .route_ssthresh_metric;
    expect(ssthresh({ metrics: { advmss: 1400 } })).toBe(2800);
    expect(ssthresh({ family: 'inet6', dst: '2001:db8::7/128' })).toBe(2 * 1440);
    expect(ssthresh({ metrics: { mtu: 1400 } }, 0)).toBe(2 * 1360);
    expect(ssthresh({}, 0)).toBe(2 * 536);
    expect(ssthresh({}, 20)).toBe(2 * 536);
  });

  test('what a losing path did not measure comes from its route, or is not valid', () => {
    const neighbour = {
      ...TIMEOUT,
      protocol: 'neighbour' as const,
      srttUs: 0,
      rttvarUs: 0,
      ssthresh: null,
    };
    expect(info({}, { probe: 'losing', timeout: neighbour })).toMatchObject({
      route_metrics: RTV.MTU,
      route_mtu_metric: 1500,
      route_rtt_metric: 0,
    });
    const metrics = { mtu: 1400, rtt: 160, rttvar: 40, hoplimit: 9 };
    const none = { ...neighbour, mtu: 0 };
    expect(info({ metrics }, { probe: 'losing', timeout: none })).toMatchObject({
      route_metrics: RTV.MTU | RTV.HOPCOUNT | RTV.RTT | RTV.RTTVAR,
      route_mtu_metric: 1400,
      route_rtt_metric: 20_000,
      route_rtt_variance_metric: 10_000,
    });
  });

  test('a redirect has its author, the new gateway and how long it is kept', () => {
    const route = { dst: '10.9.3.7/32', protocol: 'redirect', nexthops: [hop] };
    expect(info(route, { probe: 'redirect', redirect: REDIRECT })).toMatchObject({
      route_flags: RTF.DYNAMIC | RTF.GATEWAY | RTF.HOST | RTF.DONE,
      route_addresses: RTA.DST | RTA.GATEWAY | RTA.NETMASK | RTA.AUTHOR,
      route_destination_address: '10.9.3.7',
      route_gateway_address: '10.9.1.3',
      route_netmask_address: '255.255.255.255',
      route_redirect_author_address: '10.9.1.1',
      route_metrics: RTV.EXPIRE,
      route_expire_metric: 300,
    });
  });

  test('a redirect of unknown lifetime has no expiry', () => {
    const redirect = { ...REDIRECT, accepted: 'deferred' as const, expires: null };
    expect(info({ dst: '10.9.3.7/32' }, { probe: 'redirect', redirect })).toMatchObject({
      route_metrics: 0,
      route_expire_metric: 0,
    });
  });

  test('a redirect to the destination itself is onto the link', () => {
    const redirect = { ...REDIRECT, author: 'fe80::1', new: '2001:db8::7' };
    const route = { family: 'inet6', dst: '2001:db8::7/128', nexthops: [hop] } as const;
    expect(info(route, { probe: 'redirect', redirect })).toMatchObject({
      route_flags: RTF.DYNAMIC | RTF.HOST | RTF.DONE,
      route_gateway_address: '2001:db8::7',
    });
  });

  test('the gateway is that of the first nexthop which has one', () => {
    expect(info({ nexthops: [{ ...hop, gateway: null, ifindex: 9 }, hop] })).toMatchObject({
      route_interface_index: 9,
      route_gateway_address: '10.0.0.1',
    });
  });

  test('netmasks read as addresses', () => {
    expect([0, 1, 8, 17, 32].map((length) => netmask('inet', length))).toEqual([
      '0.0.0.0',
      '128.0.0.0',
      '255.0.0.0',
      '255.255.128.0',
      '255.255.255.255',
    ]);
    expect([0, 7, 64, 90, 100, 112, 113, 128].map((length) => netmask('inet6', length))).toEqual([
      '::',
      'fe00::',
      'ffff:ffff:ffff:ffff::',
      'ffff:ffff:ffff:ffff:ffff:ffc0::',
      'ffff:ffff:ffff:ffff:ffff:ffff:f000:0',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:0',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:8000',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
  });
});

describe('who stands in routeinfo_t and csinfo_t', () => {
  test('the requester is in both', () => {
    const event = record({ process: PROCESS });
    expect(event.routeinfo.route_pid).toBe(1234);
    expect(event.csinfo).toEqual({ cs_addr: '0x0', cs_cid: '0', cs_pid: 1234, cs_zoneid: 0 });
  });

  test('what the kernel made has route_pid 0, and cs_pid of the culprit where one is known', () => {
    const cascade = record({ probe: 'delete', process: { ...PROCESS, confidence: 'cascade' } });
    expect(cascade.routeinfo.route_pid).toBe(0);
    expect(cascade.csinfo.cs_pid).toBe(1234);
    expect(record().routeinfo.route_pid).toBe(0);
    expect(record().csinfo.cs_pid).toBe(0);
  });

  test.each(['losing', 'miss', 'redirect'] as const)('%s has no process', (probe) => {
    const event = record({ probe, process: PROCESS });
    expect([event.routeinfo.route_pid, event.csinfo.cs_pid]).toEqual([0, 0]);
  });

  test('cs_addr is the address a program saw', () => {
    expect(record({ kernelAddress: '0xffff888012345680' }).csinfo.cs_addr).toBe(
      '0xffff888012345680',
    );
    expect(record().csinfo.cs_addr).toBe('0x0');
  });

  test('cs_zoneid is the inode except in the initial namespace', () => {
    const zone = { id: 4026532281, name: 'blue' };
    expect(record({ zone, initialZone: false }).csinfo.cs_zoneid).toBe(4026532281);
    expect(record({ zone, initialZone: true }).csinfo.cs_zoneid).toBe(0);
  });
});
