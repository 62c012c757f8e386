import { describe, expect, test } from '@jest/globals';
import { completeEvent } from '../../core/complete-record.js';
import { jsonLine } from '../../core/format/json.js';
import { parseRecord } from '../../core/parse-record.js';

describe('events of a custom source', () => {
  test('probe and prefix are enough', () => {
    const event = completeEvent({ probe: 'add', route: { dst: '10.1.0.0/16' } });
    expect(event).toMatchObject({
      v: 1,
      type: 'route',
      seq: 0,
      time: '1970-01-01T00:00:00.000000000Z',
      probe: 'add',
      inferred: false,
      cause: { kind: 'unknown', trigger: null },
      process: null,
      previous: null,
      raw: null,
      route: {
        family: 'inet',
        dst: '10.1.0.0/16',
        table: 254,
        protocol: 'unspec',
        scope: 'global',
        type: 'unicast',
        nexthops: [],
      },
    });
    expect(parseRecord(jsonLine(event, { full: true, raw: false }))).toEqual(event);
  });

  test('prefixes get their length, by the family they are of', () => {
    const dst = (given: string, family?: 'inet6'): string =>
      completeEvent({
        probe: 'delete',
        route: { dst: given, ...(family === undefined ? {} : { family }) },
      }).route.dst;
    expect(dst('default')).toBe('0.0.0.0/0');
    expect(dst('default', 'inet6')).toBe('::/0');
    expect(dst('10.0.0.1')).toBe('10.0.0.1/32');
    expect(dst('2001:db8::1')).toBe('2001:db8::1/128');
  });

  test('routeinfo and csinfo are computed from what was given, and given members win', () => {
    const event = completeEvent({
      probe: 'change',
      route: {
        dst: '10.1.0.0/16',
        protocol: 'static',
        nexthops: [{ gateway: '10.0.0.1', ifindex: 3 }],
      },
      process: { pid: 55, comm: 'mine' },
      zone: { id: 9 },
      csinfo: { cs_addr: '0xffff' },
      routeinfo: { route_seq: 12 },
    });
    expect(event.routeinfo).toMatchObject({
      route_flags: 2051,
      route_pid: 55,
      route_seq: 12,
      route_gateway_address: '10.0.0.1',
    });
    expect(event.csinfo).toEqual({ cs_addr: '0xffff', cs_cid: '0', cs_pid: 55, cs_zoneid: 9 });
    expect(event.process).toMatchObject({ tid: 55, uid: 0, exe: null, confidence: 'exact' });
    expect(event.route.nexthops[0]).toMatchObject({ weight: 1, dev: null, flags: [] });
  });

  test('time is taken as text or as nanoseconds', () => {
    const route = { dst: '10.1.0.0/16' };
    const time = '2026-11-22T14:21:06.148835123Z';
    expect(completeEvent({ probe: 'add', route, time }).timeNs).toBe(1795357266148835123n);
    expect(completeEvent({ probe: 'add', route, timeNs: 1795357266148835123n }).time).toBe(time);
    expect(() => completeEvent({ probe: 'add', route, time: 'noon' })).toThrow(/expected a time/);
  });

  test('a destination is enough for a miss or a losing path, and two routers for a redirect', () => {
    const route = { dst: '10.9.3.7' };
    const miss = completeEvent({ probe: 'miss', route, lookup: { dst: '10.9.3.7' } });
    expect(miss.lookup).toEqual({
      src: null,
      dst: '10.9.3.7',
      sport: 0,
      dport: 0,
      protocol: null,
      iif: 0,
      oif: 0,
      mark: 0,
      uid: 0,
      errno: 'ENETUNREACH',
      direction: 'output',
      rule: null,
      table: null,
      count: 1,
    });
    const losing = completeEvent({
      probe: 'losing',
      route,
      timeout: { dst: '10.9.3.7', mtu: 1500 },
    });
    expect(losing.timeout).toEqual({
      protocol: 'tcp',
      src: null,
      dst: '10.9.3.7',
      sport: 0,
      dport: 0,
      retransmits: 0,
      rtoMs: 0,
      srttUs: 0,
      rttvarUs: 0,
      ssthresh: null,
      mtu: 1500,
    });
    expect(losing.routeinfo.route_mtu_metric).toBe(1500);
    const redirect = completeEvent({
      probe: 'redirect',
      route,
      redirect: { author: '10.9.1.1', new: '10.9.1.3' },
    });
    expect(redirect.redirect).toEqual({
      author: '10.9.1.1',
      old: null,
      new: '10.9.1.3',
      accepted: 'unknown',
      reason: null,
      expires: null,
    });
    expect(redirect.routeinfo).toMatchObject({
      route_gateway_address: '10.9.1.3',
      route_redirect_author_address: '10.9.1.1',
    });
    for (const event of [miss, losing, redirect]) {
      for (const full of [true, false]) {
        expect(parseRecord(jsonLine(event, { full, raw: false }))).toEqual(event);
      }
    }
  });

  test('a packet on its way through has no owner', () => {
    const lookup = { dst: '10.9.3.7', direction: 'forward' } as const;
    const event = completeEvent({ probe: 'miss', route: { dst: '10.9.3.7' }, lookup });
    expect(event.lookup?.uid).toBeNull();
  });

  test('a miss is of no table', () => {
    expect(completeEvent({ probe: 'miss', route: { dst: '10.0.0.1' } }).route.table).toBe(0);
  });
});
