import { describe, expect, test } from '@jest/globals';
import type { EventSpec } from '../bpf/event.js';
import { newRoute, type RouteSpec } from '../fib/route-message.js';
import { NLM_F } from '../../../core/wire/constants.js';
import { FRAME_KIND } from '../../../core/frame.js';
import type { EngineOptions } from '../../../core/engine/engine.js';
import { FakeKernel, IFF_RUNNING, IFF_UP } from './fake-kernel.js';

const gateway: RouteSpec = { dst: '10.1.0.0/16', paths: [{ via: '10.0.0.2', dev: 2 }] };

function watched(options: Partial<EngineOptions> = {}): FakeKernel {
  const kernel = new FakeKernel(options);
  kernel.routes = [gateway];
  kernel.zone();
  kernel.forget();
  return kernel;
}

const CURL = { task_pid: 77, task_tid: 78, task_uid: 1000, task_comm: 'curl' } as const;

const miss: EventSpec = {
  kind: 'miss',
  ...CURL,
  addr: 0xffff_8881_0000_0040n,
  dst: '10.9.0.1',
  dport: 443,
  protocol: 6,
  uid: 1000,
  error: -101,
  table: 254,
  count: 3,
};

const losing: EventSpec = {
  kind: 'losing',
  ...CURL,
  protocol: 6,
  src: '10.0.0.1',
  dst: '10.9.0.1',
  sport: 4444,
  dport: 443,
  gateway: '10.0.0.2',
  oif: 2,
  retransmits: 4,
  rto_ms: 3200,
  srtt_us: 1500,
  rttvar_us: 700,
  ssthresh: 0x7fff_ffff,
  mtu: 1500,
};

describe('a lookup without a route', () => {
  test('is a miss, with the flow, the process and no route to speak of', () => {
    const kernel = watched();
    kernel.described.set(77, { exe: '/usr/bin/curl', cgroup: '/system.slice/a.service' });
    kernel.bpf({ ...miss, mechanism: 1 });
    const [event] = kernel.events;
    expect(event).toMatchObject({
      probe: 'miss',
      inferred: false,
      cause: { kind: 'lookup', trigger: null },
      zone: { id: 4_026_532_000, name: 'blue' },
      provenance: 'fentry',
      timeNs: kernel.nowNs,
      lookup: {
        src: null,
        dst: '10.9.0.1',
        dport: 443,
        protocol: 'tcp',
        uid: 1000,
        errno: 'ENETUNREACH',
        direction: 'output',
        rule: null,
        table: 254,
        count: 3,
      },
      process: {
        pid: 77,
        tid: 78,
        comm: 'curl',
        uid: 1000,
        exe: '/usr/bin/curl',
        unit: 'a.service',
        confidence: 'exact',
      },
      route: { dst: '10.9.0.1/32', table: 254, protocol: 'unspec', type: 'unicast', nexthops: [] },
      previous: null,
      kernelAddress: '0xffff888100000040',
    });
    expect(kernel.engine.counters.events).toBe(1);
  });

  test('of a forwarded packet has no process and no uid', () => {
    const kernel = watched();
    kernel.bpf({
      kind: 'miss',
      family: 10,
      dst: '2001:db8::9',
      src: '2001:db8::1',
      protocol: 58,
      direction: 1,
      iif: 2,
      rule: 32_766,
    });
    expect(kernel.events[0]).toMatchObject({
      process: null,
      provenance: 'tracepoint',
      route: { family: 'inet6', dst: '2001:db8::9/128' },
      lookup: {
        protocol: 'ipv6-icmp',
        direction: 'forward',
        uid: null,
        rule: 32_766,
        table: null,
        src: '2001:db8::1',
        count: 1,
        errno: 'ENETUNREACH',
      },
    });
  });

  test('asks about a process once', () => {
    const kernel = watched();
    kernel.bpf(miss, miss);
    kernel.bpf(miss, { ...miss, task_comm: 'sh' });
    expect(kernel.describeCalls).toEqual([77, 77]);
  });

  test('of the family that is not watched is left out', () => {
    const kernel = watched({ filter: { family: 'inet6', tables: null, protocols: null } });
    kernel.bpf(miss, losing, { kind: 'redirect', dst: '10.9.0.1', verdict: 3 });
    expect(kernel.events).toEqual([]);
    expect(kernel.engine.counters.malformed).toBe(0);
  });
});

describe('a connection that doubts its path', () => {
  test('is losing, over the gateway it used', () => {
    const kernel = watched();
    kernel.bpf(losing);
    const [event] = kernel.events;
    expect(event).toMatchObject({
      probe: 'losing',
      cause: { kind: 'tcp-timeout', trigger: null },
      process: { pid: 77, comm: 'curl', confidence: 'exact' },
      timeout: {
        protocol: 'tcp',
        src: '10.0.0.1',
        dst: '10.9.0.1',
        retransmits: 4,
        rtoMs: 3200,
        srttUs: 1500,
        rttvarUs: 700,
        ssthresh: null,
        mtu: 1500,
      },
      route: {
        dst: '10.9.0.1/32',
        nexthops: [{ gateway: '10.0.0.2', ifindex: 2, dev: 'v0' }],
      },
    });
    expect(event?.csinfo.cs_pid).toBe(0);
    expect(kernel.lookups).toEqual([]);
  });

  const inet6: EventSpec = {
    ...losing,
    family: 10,
    src: '2001:db8::1',
    dst: '2001:db8:9::1',
    gateway: '::',
    oif: 0,
  };

  test('without a route is looked up, for the kernel has dropped it', () => {
    const kernel = watched();
    kernel.lookup = () => ({
      dst: '2001:db8:9::1/128',
      paths: [{ via: 'fe80::2', dev: 2 }],
    });
    kernel.bpf(inet6);
    const { timeNs } = { timeNs: kernel.nowNs };
    kernel.pass(300);
    expect(kernel.lookups).toEqual(['2001:db8:9::1']);
    expect(kernel.events).toHaveLength(1);
    expect(kernel.events[0]).toMatchObject({
      timeNs,
      route: { table: 254, nexthops: [{ gateway: 'fe80::2', ifindex: 2, dev: 'v0' }] },
    });
  });

  test.each([null, 101, -19])('is said without one when the answer is %p', (answer) => {
    const kernel = watched();
    kernel.lookup = () => answer;
    kernel.bpf(inet6);
    kernel.pass(300);
    expect(kernel.events.map(({ route }) => [route.dst, route.nexthops])).toEqual([
      ['2001:db8:9::1/128', []],
    ]);
  });
});

describe('a neighbour that does not answer', () => {
  const failed: EventSpec = {
    kind: 'losing',
    dst: '10.0.0.2',
    gateway: '10.0.0.2',
    oif: 2,
    mtu: 9000,
  };

  test('is losing when routes lead through it', () => {
    const kernel = watched();
    kernel.bpf(failed);
    expect(kernel.events).toHaveLength(1);
    expect(kernel.events[0]).toMatchObject({
      cause: { kind: 'neighbour-failed' },
      process: null,
      timeout: { protocol: 'neighbour', dst: '10.0.0.2', ssthresh: null, mtu: 9000 },
      route: { dst: '10.0.0.2/32', nexthops: [{ gateway: null, ifindex: 2, dev: 'v0' }] },
    });
  });

  test('is nothing else', () => {
    const kernel = watched();
    kernel.bpf({ ...failed, dst: '10.0.0.3' }, { ...failed, oif: 3 });
    kernel.pass(5000);
    expect(kernel.records).toEqual([]);
  });

  test('is losing too when the word of the route comes after that of its failure', () => {
    const kernel = watched();
    kernel.bpf({ ...failed, dst: '10.0.0.9', gateway: '10.0.0.9' });
    kernel.tell(
      newRoute(
        { dst: '10.2.0.0/16', paths: [{ via: '10.0.0.9', dev: 2 }] },
        { flags: NLM_F.EXCL | NLM_F.CREATE },
      ),
    );
    kernel.pass(600);
    expect(kernel.events.map(({ probe }) => probe)).toEqual(['add', 'losing']);
  });
});

describe('records of namespaces', () => {
  const elsewhere: EventSpec = { ...miss, netns: 4_026_532_001 };

  test('that are not watched are dropped', () => {
    const kernel = watched();
    kernel.bpf(elsewhere);
    kernel.pass(400);
    expect(kernel.records).toEqual([]);
  });

  test('are told apart by cookie, since inodes are used again', () => {
    const kernel = new FakeKernel();
    kernel.zone(1);
    kernel.forget();
    kernel.bpf({ ...elsewhere, net_cookie: 2 }, { ...elsewhere, net_cookie: 1 }, elsewhere);
    expect(kernel.events).toHaveLength(2);
  });

  test('wait for their zone while all are watched', () => {
    const kernel = watched({ allZones: true });
    kernel.bpf(elsewhere);
    kernel.pass(100);
    expect(kernel.events).toEqual([]);
    kernel.zone(1, 'red');
    expect(kernel.events.map(({ zone }) => zone)).toEqual([{ id: 4_026_532_001, name: 'red' }]);
    kernel.pass(400);
    expect(kernel.events).toHaveLength(1);
  });

  test('are told with the inode alone when no zone comes', () => {
    const kernel = watched({ allZones: true });
    kernel.bpf(elsewhere, { ...elsewhere, kind: 'request' });
    kernel.pass(200);
    expect(kernel.events).toEqual([]);
    kernel.pass(200);
    expect(kernel.events.map(({ zone }) => zone)).toEqual([{ id: 4_026_532_001, name: null }]);
    expect(kernel.engine.counters.malformed).toBe(0);
  });

  test('are not put off without end: too many are told at once', () => {
    const kernel = watched({ allZones: true });
    kernel.bpf(...Array.from({ length: 1030 }, () => elsewhere));
    expect(kernel.events).toHaveLength(6);
    kernel.pass(400);
    expect(kernel.events).toHaveLength(1030);
  });

  test('still being learnt come after the word that it is watched, snapshot or not', () => {
    for (const snapshot of [false, true]) {
      const kernel = new FakeKernel({ snapshot });
      kernel.routes = [gateway];
      kernel.afterDump = () => {
        kernel.afterDump = () => undefined;
        kernel.bpf(miss);
      };
      kernel.zone();
      const said = kernel.records.map((record) =>
        record.type === 'status' ? record.what : record.type === 'route' ? record.probe : '',
      );
      expect(said).toEqual(snapshot ? ['watching', 'route', 'miss'] : ['watching', 'miss']);
    }
  });
});

describe('the end', () => {
  test('of a run loses nothing that was still waiting for an answer', () => {
    const kernel = watched({ allZones: true });
    kernel.lookup = () => null;
    kernel.bpf({ ...losing, oif: 0 }, { ...miss, netns: 9 });
    kernel.bpf({
      kind: 'redirect',
      author: '10.0.0.1',
      gateway: '10.0.0.2',
      dst: '10.9.0.1',
      iif: 2,
    });
    expect(kernel.records).toEqual([]);
    kernel.stop();
    expect(kernel.events.map(({ probe }) => probe).sort()).toEqual(['losing', 'miss', 'redirect']);
    expect(kernel.records.at(-1)).toMatchObject({ what: 'stop', fields: { events: 3 } });
    kernel.pass(2000);
    expect(kernel.records).toHaveLength(4);
  });

  test('of a zone that was never learnt keeps what programs saw in it', () => {
    const kernel = watched();
    kernel.afterDump = () => {
      kernel.afterDump = () => undefined;
      kernel.bpf({ ...miss, netns: 4_026_532_001 });
      kernel.feed({ kind: FRAME_KIND.ZONE_GONE, zone: 1 });
    };
    kernel.zone(1, 'red');
    expect(kernel.events.map(({ probe, zone }) => [probe, zone.name])).toEqual([['miss', 'red']]);
  });
});

describe('what the ring could not hold, or holds wrongly', () => {
  test('is counted and said as a gap', () => {
    const kernel = watched();
    kernel.feed(kernel.bpfFrame([miss], 41));
    expect(kernel.records.map(({ type }) => type)).toEqual(['route', 'gap']);
    expect(kernel.records[1]).toMatchObject({
      source: 'bpf',
      lost: 41,
      zone: null,
      reason: 'ring-full',
    });
    kernel.stop();
    expect(kernel.records.at(-1)).toMatchObject({
      what: 'stop',
      fields: { ring_lost: 41, lost: 0 },
    });
  });

  test('is counted as malformed and skipped', () => {
    const kernel = watched();
    const bad: readonly EventSpec[] = [
      { ...miss, kind: 99 },
      { ...miss, family: 17 },
      { ...miss, mechanism: 9 },
      { ...losing, protocol: 17 },
    ];
    kernel.bpf(...bad, miss);
    expect(kernel.engine.counters.malformed).toBe(4);
    expect(kernel.events).toHaveLength(1);
    const { payload } = kernel.bpfFrame([miss]);
    const frame = { kind: FRAME_KIND.BPF, zone: 0 };
    kernel.feed({ ...frame, payload: payload?.slice(0, -1) ?? new Uint8Array(0) });
    kernel.feed({ ...frame, payload: new Uint8Array(7) });
    expect(kernel.engine.counters.malformed).toBe(6);
    expect(kernel.records.filter(({ type }) => type === 'gap')).toHaveLength(6);
    expect(kernel.records.at(-1)).toMatchObject({ source: 'bpf', reason: 'malformed', lost: 1 });
  });
});

describe('the tiers', () => {
  const row = {
    probe: 'miss',
    family: 'inet',
    mechanism: 'fentry',
    fidelity: 'exact',
    better: null,
  };
  const frame = {
    kind: FRAME_KIND.TIERS,
    zone: 0,
    payload: new TextEncoder().encode(JSON.stringify([row])),
  };

  test('come right after watching, however early they were known, and a change at once', () => {
    const kernel = new FakeKernel({ snapshot: true });
    kernel.routes = [gateway];
    kernel.feed(frame);
    expect(kernel.records).toEqual([]);
    kernel.zone();
    kernel.feed(frame);
    const whats = kernel.records.map((record) => (record.type === 'status' ? record.what : ''));
    expect(whats).toEqual(['watching', 'tiers', 'route', 'tiers']);
    expect(kernel.records[1]).toMatchObject({ zone: null, fields: { tiers: [row] } });
  });
});

describe('a recording', () => {
  test('gives the same records again, descriptions and answers included', () => {
    const kernel = watched({ allZones: true });
    kernel.links = [{ ifindex: 2, name: 'v0', flags: IFF_UP | IFF_RUNNING }];
    kernel.described.set(77, { exe: '/usr/bin/curl', cgroup: '/a.slice/a.service' });
    kernel.lookup = () => ({ dst: '10.9.0.1/32', paths: [{ via: '10.0.0.2', dev: 2 }] });
    kernel.bpf(miss, { ...miss, task_pid: 78 }, { ...miss, task_comm: 'wget' });
    kernel.bpf({ ...losing, oif: 0 }, { ...miss, netns: 9 });
    kernel.bpf({
      kind: 'redirect',
      author: '10.0.0.1',
      gateway: '10.0.0.2',
      dst: '10.9.0.1',
      iif: 2,
    });
    kernel.pass(2000);
    kernel.stop();
    expect(kernel.events).toHaveLength(6);
    expect(kernel.again(kernel.batches, { allZones: true }).slice(-7)).toEqual(kernel.lines());
  });
});
