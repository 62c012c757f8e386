import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GapRecord, ResyncRecord, StatusRecord } from '../../../core/event.js';
import { jsonLine } from '../../../core/format/json.js';
import { parseRecord } from '../../../core/parse-record.js';
import { arbitraryRecord } from './arbitrary-events.js';
import { LOOKUP, PROCESS, REDIRECT, ROUTE, TIMEOUT, plain, record } from './events.js';

const LEAN = { full: false, raw: false };
const FULL = { full: true, raw: false };

const COMMON = {
  v: 1 as const,
  seq: 7,
  time: '2026-11-22T14:21:06.148835123Z',
  timeNs: 1795357266148835123n,
  host: 'r1',
};

/** The example of docs/events.md. */
const EXAMPLE = {
  v: 1,
  type: 'route',
  seq: 42,
  time: '2026-11-22T14:21:06.148835123Z',
  host: 'r1',
  probe: 'change',
  inferred: false,
  cause: { kind: 'request', trigger: null },
  zone: { id: 4026532281, name: 'blue' },
  process: {
    pid: 123,
    tid: 123,
    comm: 'ip',
    uid: 0,
    exe: '/usr/sbin/ip',
    cgroup: '/system.slice/foo.service',
    unit: 'foo.service',
    container: null,
    confidence: 'exact',
  },
  csinfo: { cs_addr: '0x0', cs_cid: '0', cs_pid: 123, cs_zoneid: 4026532281 },
  routeinfo: {
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
  },
  route: { ...ROUTE, metrics: { mtu: 1400 } },
  previous: { ...ROUTE },
  lookup: null,
  timeout: null,
  redirect: null,
  provenance: 'rtnetlink',
};

const example = record({
  probe: 'change',
  zone: { id: 4026532281, name: 'blue' },
  initialZone: false,
  process: { ...PROCESS, pid: 123, tid: 123 },
  nlmsgSeq: 1,
  route: { metrics: { mtu: 1400 } },
  previous: {},
});

/** Removes what a lean line leaves out, by the rule of the contract and nothing else. */
function leanOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(leanOf);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .map(([name, member]: [string, unknown]) => [name, leanOf(member)] as const)
    .filter(
      ([name, member]) =>
        !(member === null || member === 0 || member === '' || member === false) &&
        !(Array.isArray(member) && member.length === 0) &&
        !(typeof member === 'object' && Object.keys(member).length === 0) &&
        !(name === 'cs_addr' && member === '0x0') &&
        !(name === 'cs_cid' && member === '0'),
    );
  return Object.fromEntries(members);
}

describe('JSON lines of route events', () => {
  test('a full line has exactly the members of the contract, in its order', () => {
    expect(jsonLine(example, FULL)).toBe(JSON.stringify(EXAMPLE));
  });

  test('a full line writes members that are null too', () => {
    const line = JSON.parse(jsonLine(record(), FULL)) as Record<string, unknown>;
    expect(Object.keys(line)).toEqual(Object.keys(EXAMPLE));
    expect(line).toMatchObject({ process: null, previous: null });
  });

  test('a lean line is the full one without members at their default', () => {
    fc.assert(
      fc.property(arbitraryRecord, (event) => {
        const lean = JSON.parse(jsonLine(event, LEAN)) as unknown;
        const { v, type, seq, time, host, probe, ...rest } = JSON.parse(
          jsonLine(event, FULL),
        ) as Record<string, unknown>;
        expect(lean).toEqual({ v, type, seq, time, host, probe, ...(leanOf(rest) as object) });
      }),
    );
  });

  test('a plain object gives the same text as the record of the engine', () => {
    fc.assert(
      fc.property(arbitraryRecord, fc.boolean(), fc.boolean(), (event, full, raw) => {
        const text = jsonLine(event, { full, raw });
        expect(jsonLine(plain(event), { full, raw })).toBe(text);
        expect(jsonLine(event, { full, raw })).toBe(text);
      }),
    );
  });

  test('records which share a body differ only by their keys', () => {
    const first = record({ route: { dst: '10.1.0.0/16', priority: 5 } });
    const shared = record({}, { ...first.parts, dst: '10.2.0.0/24', priority: 0, expires: 30 });
    jsonLine(first, LEAN);
    expect(JSON.parse(jsonLine(shared, LEAN))).toMatchObject({
      routeinfo: { route_destination_address: '10.2.0.0', route_expire_metric: 30 },
      route: { dst: '10.2.0.0/24', expires: 30 },
    });
  });

  test.each([
    ['lookup', LOOKUP, record({ probe: 'miss', lookup: LOOKUP })],
    ['timeout', TIMEOUT, record({ probe: 'losing', timeout: TIMEOUT })],
    ['redirect', REDIRECT, record({ probe: 'redirect', redirect: REDIRECT })],
  ])('a full line has every member of %s in the order of the contract', (name, section, event) => {
    expect(jsonLine(event, FULL)).toContain(
      `,"${name}":${JSON.stringify(section)}${name === 'redirect' ? '' : ','}`,
    );
    const line = JSON.parse(jsonLine(event, FULL)) as Record<string, unknown>;
    expect(Object.keys(line)).toEqual(Object.keys(EXAMPLE));
  });

  test('a lean line has of a section what is away from its default', () => {
    const event = record({
      probe: 'losing',
      timeout: { ...TIMEOUT, protocol: 'neighbour', src: null, sport: 0, dport: 0, ssthresh: null },
    });
    const { timeout, lookup, redirect } = JSON.parse(jsonLine(event, LEAN)) as Record<
      string,
      unknown
    >;
    expect([lookup, redirect]).toEqual([undefined, undefined]);
    expect(Object.keys(timeout as object)).toEqual([
      'protocol',
      'dst',
      'retransmits',
      'rtoMs',
      'srttUs',
      'rttvarUs',
      'mtu',
    ]);
  });

  test('the address of the socket or namespace is in csinfo once a program saw it', () => {
    const event = record({ kernelAddress: '0xffff888012345680', process: PROCESS });
    expect(JSON.parse(jsonLine(event, LEAN))).toMatchObject({
      csinfo: { cs_addr: '0xffff888012345680', cs_pid: 1234 },
    });
    expect(JSON.parse(jsonLine(record({ process: PROCESS }), LEAN))).toMatchObject({
      csinfo: { cs_pid: 1234 },
    });
    expect(jsonLine(record({ process: PROCESS }), LEAN)).not.toContain('cs_addr');
  });

  test('a zone, cause or process that follows another is not mistaken for it', () => {
    const blue = record({ zone: { id: 1, name: 'blue' }, process: PROCESS });
    const red = record({
      zone: { id: 2, name: 'red' },
      cause: { kind: 'expired', trigger: null },
      process: { ...PROCESS, comm: 'bird' },
    });
    const lines = [blue, red, blue, record()].map(
      (event) => JSON.parse(jsonLine(event, FULL)) as Record<string, unknown>,
    );
    expect(lines[1]).toMatchObject({
      zone: { name: 'red' },
      cause: { kind: 'expired' },
      process: { comm: 'bird' },
    });
    expect(lines[2]).toMatchObject({ zone: { name: 'blue' }, process: { comm: 'ip' } });
    expect(lines[3]).toMatchObject({ zone: { name: null }, process: null });
  });

  test('the raw message is base64 in route_addr, and only when asked for', () => {
    const event = record({ raw: new Uint8Array([1, 2, 255]) });
    expect(JSON.parse(jsonLine(event, { full: false, raw: true }))).toMatchObject({
      routeinfo: { route_addr: 'AQL/' },
    });
    expect(jsonLine(event, FULL)).not.toContain('route_addr"');
    expect(jsonLine(record(), { full: true, raw: true })).not.toContain('route_addr"');
  });

  test('no byte of a line can act on a terminal or end the line early', () => {
    fc.assert(
      fc.property(arbitraryRecord, fc.boolean(), (event, full) => {
        expect(jsonLine(event, { full, raw: true })).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u202e]/,
        );
      }),
    );
  });

  test('parsing a line and writing it again gives the same line', () => {
    fc.assert(
      fc.property(arbitraryRecord, fc.boolean(), (event, full) => {
        const line = jsonLine(event, { full, raw: true });
        expect(jsonLine(parseRecord(line), { full, raw: true })).toBe(line);
      }),
    );
  });
});

describe('JSON lines of other records', () => {
  const gap: GapRecord = {
    ...COMMON,
    type: 'gap',
    source: 'rtnetlink',
    lost: 2744,
    zone: null,
    reason: 'overrun',
  };

  test('a gap says how much was lost, and leaves the count out when nobody knows', () => {
    expect(jsonLine(gap, LEAN)).toBe(
      '{"v":1,"type":"gap","seq":7,"time":"2026-11-22T14:21:06.148835123Z","host":"r1",' +
        '"source":"rtnetlink","lost":2744,"reason":"overrun"}',
    );
    expect(JSON.parse(jsonLine({ ...gap, lost: null }, LEAN))).not.toHaveProperty('lost');
    expect(JSON.parse(jsonLine({ ...gap, lost: null }, FULL))).toMatchObject({
      lost: null,
      zone: null,
    });
  });

  test('a resync gives its counts', () => {
    const resync: ResyncRecord = {
      ...COMMON,
      type: 'resync',
      zone: { id: 5, name: null },
      added: 3,
      deleted: 0,
      changed: 1,
      durationMs: 12,
    };
    expect(JSON.parse(jsonLine(resync, LEAN))).toEqual({
      v: 1,
      type: 'resync',
      seq: 7,
      time: COMMON.time,
      host: 'r1',
      zone: { id: 5 },
      added: 3,
      changed: 1,
      durationMs: 12,
    });
    expect(JSON.parse(jsonLine(resync, FULL))).toMatchObject({ deleted: 0 });
  });

  test('fields of a status stand at the top level and cannot pose as members of the record', () => {
    const status: StatusRecord = {
      ...COMMON,
      type: 'status',
      what: 'counters',
      zone: null,
      fields: { received: 10n, lost: 0, seq: 99, nested: { empty: [] }, list: [0, { a: 0 }] },
    };
    expect(JSON.parse(jsonLine(status, LEAN))).toEqual({
      v: 1,
      type: 'status',
      seq: 7,
      time: COMMON.time,
      host: 'r1',
      what: 'counters',
      received: '10',
      list: [0, {}],
    });
    expect(JSON.parse(jsonLine(status, FULL))).toMatchObject({
      seq: 7,
      zone: null,
      lost: 0,
      nested: { empty: [] },
    });
  });
});
