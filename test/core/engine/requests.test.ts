import { describe, expect, test } from '@jest/globals';
import { buildProcess, PROCESS_SOURCE } from '../../../core/attribution/process.js';
import { FRAME_KIND } from '../../../core/frame.js';
import { NLM_F, RTM } from '../../../core/wire/constants.js';
import type { EventSpec } from '../bpf/event.js';
import { deleteRoute, netlinkMessage, newRoute, type RouteSpec } from '../fib/route-message.js';
import {
  addressMessage,
  FakeKernel,
  IFF_RUNNING,
  IFF_UP,
  linkPayload,
  type FakeLink,
} from './fake-kernel.js';

const NEW = NLM_F.EXCL | NLM_F.CREATE;
const gateway: RouteSpec = {
  dst: '10.1.0.0/16',
  protocol: 4,
  paths: [{ via: '10.0.0.2', dev: 2 }],
};
const boot: RouteSpec = { ...gateway, protocol: 3 };
const up: FakeLink = { ifindex: 2, name: 'v0', flags: IFF_UP | IFF_RUNNING };
const down: FakeLink = { ifindex: 2, name: 'v0', flags: 0 };

const asks: EventSpec = {
  kind: 'request',
  task_pid: 500,
  task_tid: 501,
  task_uid: 3,
  task_comm: 'bird',
  addr: 0xffff_8881_0a00_0000n,
  portid: 700,
  nlmsg_type: RTM.NEWROUTE,
  nlmsg_flags: NLM_F.REQUEST,
};
const byIoctl: EventSpec = {
  ...asks,
  portid: 0,
  nlmsg_flags: 0,
  dst: '10.1.0.0',
  prefix_len: 16,
};

function watched(...routes: readonly RouteSpec[]): FakeKernel {
  const kernel = new FakeKernel();
  kernel.routes = [...routes];
  kernel.zone();
  kernel.forget();
  return kernel;
}

describe('a request seen at the call', () => {
  test('names the thread and the socket behind a message, be it in the same batch and after it', () => {
    const kernel = watched();
    kernel.processes.set(700, 'wrong');
    kernel.feed(
      {
        kind: FRAME_KIND.DATAGRAM,
        zone: 0,
        value: 1,
        payload: newRoute(gateway, { portid: 700, seq: 9, flags: NEW }),
      },
      kernel.bpfFrame([asks]),
    );
    const [event] = kernel.events;
    expect(event).toMatchObject({
      cause: { kind: 'request' },
      process: { pid: 500, tid: 501, uid: 3, comm: 'bird', confidence: 'exact' },
      kernelAddress: '0xffff88810a000000',
    });
    expect(event?.csinfo.cs_pid).toBe(500);
    expect(kernel.records).toHaveLength(1);
  });

  test('is completed by what is known of the process', () => {
    const kernel = watched();
    const cgroup = `/docker/${'ab'.repeat(32)}`;
    kernel.described.set(500, { exe: '/usr/sbin/bird', cgroup });
    kernel.bpf(asks, asks);
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events[0]?.process).toMatchObject({
      comm: 'bird',
      exe: '/usr/sbin/bird',
      cgroup,
      container: 'ab'.repeat(32),
    });
    expect(kernel.describeCalls).toEqual([500]);
  });

  test.each([
    [500, '/usr/sbin/bird', 'a.service'],
    [900, null, null],
  ])('is completed by procfs when that names the same process, %i', (pid, exe, unit) => {
    const kernel = watched();
    const payload = buildProcess({
      pid,
      uid: 0,
      source: PROCESS_SOURCE.OWNER_CHECK,
      comm: 'other',
      exe: '/usr/sbin/bird',
      cgroup: '/a.service',
    });
    kernel.feed({ kind: FRAME_KIND.PROCESS, zone: 0, portid: 700, payload });
    kernel.bpf(asks);
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events[0]?.process).toMatchObject({
      pid: 500,
      comm: 'bird',
      exe,
      unit,
      confidence: 'exact',
    });
  });

  test('of another process with the same port id later counts from then on', () => {
    const kernel = watched();
    kernel.bpf(asks);
    kernel.bpf({ ...asks, task_pid: 600, task_comm: 'zebra' });
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events[0]?.process).toMatchObject({ pid: 600, comm: 'zebra' });
  });

  test('is not believed of a port id for ever', () => {
    const kernel = watched();
    kernel.processes.set(700, 'ip');
    kernel.bpf(asks);
    kernel.pass(61_000);
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events[0]).toMatchObject({
      process: { pid: 700, confidence: 'portid' },
      kernelAddress: '0x0',
    });
  });

  test('in a namespace found only later names its process there', () => {
    const kernel = new FakeKernel({ allZones: true });
    kernel.bpf(asks);
    kernel.pass(1500);
    kernel.zone();
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events.map(({ process }) => process?.pid)).toEqual([500]);
  });

  test('of a kernel thread names nobody', () => {
    const kernel = watched();
    kernel.bpf({ ...asks, task_comm: 'kworker/u8:1' });
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    expect(kernel.events[0]?.process).toBeNull();
  });
});

describe('a request from a socket without a port id yet', () => {
  const unbound: EventSpec = { ...asks, portid: 0, nlmsg_seq: 9 };
  const add = (portid: number, seq: number): Uint8Array =>
    newRoute({ ...gateway, priority: portid * 100 + seq }, { portid, seq, flags: NEW });
  const pids = (kernel: FakeKernel): readonly (number | null)[] =>
    kernel.events.map(({ process }) => process?.pid ?? null);

  test('is known by its sequence number, and its socket from then on by the port id', () => {
    const kernel = watched();
    kernel.bpf(unbound);
    kernel.tell(add(801, 8));
    kernel.tell(add(802, 9));
    kernel.tell(add(802, 10));
    kernel.tell(add(803, 9));
    expect(pids(kernel)).toEqual([null, 500, 500, null]);
    expect(kernel.events[1]).toMatchObject({
      process: { confidence: 'exact' },
      kernelAddress: '0xffff88810a000000',
    });
  });

  test('told again with its port id is no other socket’s', () => {
    const kernel = watched();
    kernel.bpf(unbound, { ...unbound, portid: 802 });
    kernel.tell(add(803, 9));
    kernel.tell(add(802, 9));
    expect(pids(kernel)).toEqual([null, 500]);
  });

  test('says nothing of a socket known, of a message of another kind, and of one much later', () => {
    const kernel = watched();
    kernel.bpf({ ...asks, task_pid: 600, portid: 802, addr: 1n }, unbound);
    kernel.tell(add(802, 9));
    kernel.bpf({ ...unbound, nlmsg_type: RTM.NEWNEXTHOP, nlmsg_seq: 10 });
    kernel.tell(add(803, 10));
    kernel.pass(2500);
    kernel.tell(add(804, 9));
    expect(pids(kernel)).toEqual([600, null, null]);
  });
});

describe('a request by ioctl', () => {
  test('names who added and who took a route, without port id', () => {
    const kernel = watched();
    kernel.bpf({ ...byIoctl, dst: '10.1.2.3' });
    kernel.tell(newRoute(boot, { flags: NLM_F.CREATE }));
    kernel.bpf({ ...byIoctl, task_pid: 502, nlmsg_type: RTM.DELROUTE });
    kernel.tell(deleteRoute(boot));
    expect(kernel.told()).toEqual(['add 10.1.0.0/16 request', 'delete 10.1.0.0/16 request']);
    expect(kernel.events).toMatchObject([
      { process: { pid: 500, confidence: 'exact' }, kernelAddress: '0xffff88810a000000' },
      { process: { pid: 502, confidence: 'exact' } },
    ]);
  });

  test('explains one route, of its prefix, for two seconds', () => {
    const kernel = watched();
    kernel.bpf(byIoctl);
    kernel.tell(newRoute({ ...boot, dst: '10.2.0.0/16' }, { flags: NLM_F.CREATE }));
    kernel.tell(newRoute(boot, { flags: NLM_F.CREATE }));
    kernel.tell(newRoute({ ...boot, priority: 5 }, { flags: NLM_F.CREATE }));
    kernel.bpf(byIoctl);
    kernel.pass(2500);
    kernel.tell(newRoute({ ...boot, priority: 6 }, { flags: NLM_F.CREATE }));
    expect(kernel.events.map(({ process }) => process?.pid ?? null)).toEqual([
      null,
      500,
      null,
      null,
    ]);
  });
});

describe('a link taken down', () => {
  const setLink: EventSpec = { ...asks, nlmsg_type: RTM.SETLINK, oif: 2 };

  test.each([
    ['by its number', setLink],
    ['by name', { ...setLink, oif: 0 }],
    ['by ioctl', { ...setLink, portid: 0, nlmsg_flags: 0 }],
  ])('%s tells in whose name its routes go', (_how, request) => {
    const kernel = watched(gateway);
    kernel.bpf(request);
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred link-down']);
    expect(kernel.events[0]).toMatchObject({
      process: { pid: 500, comm: 'bird', confidence: 'cascade' },
      kernelAddress: '0x0',
    });
  });

  test.each([
    ['another link', { ...setLink, oif: 3 }, 0],
    ['something long ago', setLink, 2500],
    ['a route', { ...asks, oif: 2 }, 0],
  ])('is not put down to who asked for %s', (_what, request, waitMs) => {
    const kernel = watched(gateway);
    kernel.bpf(request);
    kernel.pass(waitMs);
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.events[0]?.process).toBeNull();
  });

  test('is put down to the last who asked for it', () => {
    const kernel = watched(gateway);
    kernel.bpf(setLink, { ...setLink, task_pid: 600 }, { ...setLink, task_pid: 601, oif: 0 });
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.events[0]?.process).toMatchObject({ pid: 600 });
  });

  test('is not a carrier that comes and goes by itself', () => {
    const kernel = watched(gateway);
    kernel.bpf(setLink);
    kernel.routes = [];
    kernel.tellLink({ ...up, flags: IFF_UP });
    kernel.pass(400);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred carrier']);
    expect(kernel.events[0]?.process).toBeNull();
  });
});

describe('an IPv6 address asked for', () => {
  const host = [0xfd, 9, 0, 1, ...new Array<number>(11).fill(0), 1];
  const local: RouteSpec = { dst: 'fd09:1::1/128', type: 2, protocol: 2, paths: [{ dev: 2 }] };

  test.each([
    ['by who asked for it', {}, 500],
    ['by nobody when another address was asked for', { family: 2 }, null],
    ['by nobody when one was taken away', { nlmsg_type: RTM.DELADDR }, null],
  ])('brings its route, %s: the message names no port id', (_by, but, pid) => {
    const kernel = watched();
    kernel.bpf({ ...asks, nlmsg_type: RTM.NEWADDR, family: 10, oif: 2, ...but });
    kernel.tell(newRoute(local), addressMessage(RTM.NEWADDR, 2, host, 64));
    expect(kernel.told()).toEqual(['add fd09:1::1/128 address-added']);
    expect(kernel.events[0]?.process?.pid ?? null).toBe(pid);
  });
});

describe('an address taken by ioctl', () => {
  test('tells in whose name its routes go, of its own family', () => {
    for (const family of [2, 10]) {
      const kernel = watched(gateway);
      kernel.bpf({ ...byIoctl, family, nlmsg_type: RTM.DELADDR, oif: 2 });
      kernel.routes = [];
      kernel.tell(addressMessage(RTM.DELADDR, 2, [10, 0, 0, 1], 24));
      kernel.pass(400);
      expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred address-removed']);
      expect(kernel.events[0]?.process?.pid ?? null).toBe(family === 2 ? 500 : null);
    }
  });
});

describe('a refused request', () => {
  const refused: EventSpec = {
    ...asks,
    kind: 'refused',
    nlmsg_flags: NLM_F.REQUEST | NEW,
    error: -17,
    extack: 'Nexthop has invalid gateway\u001b[2J',
  };
  const said = (kernel: FakeKernel): unknown[] =>
    kernel.records.map((record) => (record.type === 'status' ? record : null));
  const withMessage = (bytes: Uint8Array, length = bytes.length): EventSpec => ({
    ...refused,
    nlmsg_type: (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8),
    message: bytes.subarray(0, 192),
    message_len: Math.min(length, 192),
  });

  test('is said with the kernel’s words, who asked and what for', () => {
    const kernel = watched();
    kernel.bpf(withMessage(newRoute({ ...gateway, table: 100 })));
    expect(said(kernel)).toMatchObject([
      {
        what: 'refused',
        zone: { name: 'blue' },
        timeNs: kernel.nowNs,
        fields: {
          request: 'RTM_NEWROUTE',
          errno: 'EEXIST',
          extack: 'Nexthop has invalid gateway\u001b[2J',
          process: { pid: 500, comm: 'bird', confidence: 'exact' },
          dst: '10.1.0.0/16',
          gateway: '10.0.0.2',
          dev: 'v0',
          table: 100,
          protocol: 'static',
        },
      },
    ]);
    expect(kernel.engine.counters.events).toBe(0);
  });

  const fieldsOf = (bytes: Uint8Array, length?: number): Readonly<Record<string, unknown>> => {
    const kernel = watched();
    kernel.bpf({ ...withMessage(bytes, length), extack: '', task_pid: 0 });
    const [record] = kernel.records;
    return record?.type === 'status' ? record.fields : {};
  };
  const bare = { errno: 'EEXIST', extack: null, process: null };

  test('is read as its kind has it', () => {
    expect(fieldsOf(deleteRoute({ dst: '0.0.0.0/0', type: 7 }))).toEqual({
      ...bare,
      request: 'RTM_DELROUTE',
      dst: '0.0.0.0/0',
      table: 254,
      protocol: 'boot',
      routeType: 'unreachable',
    });
    expect(fieldsOf(addressMessage(RTM.NEWADDR, 2, [10, 0, 0, 1], 24))).toEqual({
      ...bare,
      request: 'RTM_NEWADDR',
      address: '10.0.0.1/24',
      dev: 'v0',
    });
    const link = (ifindex: number, name: string): Uint8Array =>
      netlinkMessage(RTM.SETLINK, linkPayload({ ifindex, name, flags: 0 }));
    expect(fieldsOf(link(0, 'nosuch'))).toEqual({ ...bare, request: 'RTM_SETLINK', dev: 'nosuch' });
    expect(fieldsOf(link(9, 'other'))).toEqual({ ...bare, request: 'RTM_SETLINK', dev: '9' });
    const rule = netlinkMessage(RTM.NEWRULE, Uint8Array.of(2, 0, 0, 0, 100, 0, 0, 1, 0, 0, 0, 0));
    expect(fieldsOf(rule)).toMatchObject({
      ...bare,
      request: 'RTM_NEWRULE',
      rule: { action: 'lookup', table: 100 },
    });
    const nexthop = netlinkMessage(
      RTM.NEWNEXTHOP,
      Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 7, 0, 0, 0, 8, 0, 5, 0, 2, 0, 0, 0),
    );
    expect(fieldsOf(nexthop)).toEqual({ ...bare, request: 'RTM_NEWNEXTHOP', nhid: 7, dev: 'v0' });
    expect(fieldsOf(netlinkMessage(200, new Uint8Array(4)))).toEqual({ ...bare, request: '200' });
  });

  test('is no news where it is a question only: iproute2’s RTM_NEWLINK of nothing', () => {
    const link = (ifindex: number): Uint8Array =>
      netlinkMessage(
        RTM.NEWLINK,
        Uint8Array.from([0, 0, 0, 0, ifindex, ...new Array<number>(11).fill(0)]),
      );
    const probe = { ...withMessage(link(0)), nlmsg_flags: NLM_F.REQUEST | NLM_F.ACK, error: -19 };
    const told = (spec: EventSpec): number => {
      const kernel = watched();
      kernel.bpf(spec);
      return kernel.records.length;
    };
    expect(told(probe)).toBe(0);
    expect(told({ ...probe, nlmsg_flags: NLM_F.REQUEST | NLM_F.CREATE })).toBe(1);
    expect(told({ ...probe, ...withMessage(link(2)), nlmsg_flags: NLM_F.REQUEST })).toBe(1);
    expect(told({ ...probe, nlmsg_type: RTM.SETLINK })).toBe(1);
    expect(told({ ...probe, message_len: 0 })).toBe(1);
    const named = netlinkMessage(RTM.NEWLINK, linkPayload({ ifindex: 0, name: 'x', flags: 0 }));
    expect(told({ ...probe, ...withMessage(named), nlmsg_flags: NLM_F.REQUEST })).toBe(1);
    expect(told({ ...probe, ...withMessage(named, 32), nlmsg_flags: NLM_F.REQUEST })).toBe(1);
  });

  test('is read as far as its copy goes', () => {
    const whole = newRoute({ ...gateway, table: 100 });
    const shown = Array.from({ length: whole.length + 1 }, (_, length) => fieldsOf(whole, length));
    for (const fields of shown) expect(fields).toMatchObject({ ...bare, request: 'RTM_NEWROUTE' });
    expect(shown[27]).toEqual({ ...bare, request: 'RTM_NEWROUTE' });
    expect(shown.map((fields) => fields['dst'])).toContain('10.1.0.0/16');
    expect(shown.at(-5)).toMatchObject({ dst: '10.1.0.0/16', gateway: '10.0.0.2', table: 100 });
    expect(shown.at(-5)).not.toHaveProperty('dev');
    expect(shown.at(-1)).toHaveProperty('dev', 'v0');
  });
});

describe('an IPv4 route seen leaving its table', () => {
  const removed: EventSpec = {
    kind: 'removed',
    mechanism: 1,
    dst: '10.1.0.0',
    prefix_len: 16,
    table: 254,
    task_pid: 500,
    task_comm: 'ip',
  };

  test('gives the inferred event its time, its process and its provenance', () => {
    const kernel = watched(gateway);
    kernel.bpf(removed);
    const seenNs = kernel.nowNs;
    kernel.routes = [];
    kernel.pass(3);
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred link-down']);
    expect(kernel.events[0]).toMatchObject({
      timeNs: seenNs,
      provenance: 'fentry',
      process: { pid: 500, comm: 'ip', confidence: 'exact' },
    });
  });

  test('by the kernel itself keeps the process of the trigger', () => {
    const kernel = watched(gateway);
    kernel.bpf(
      { ...asks, nlmsg_type: RTM.SETLINK, oif: 2 },
      { ...removed, task_comm: 'kworker/0:1', mechanism: 2 },
    );
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.events[0]).toMatchObject({
      provenance: 'kprobe',
      process: { comm: 'bird', confidence: 'cascade' },
    });
  });

  test('is no news when a message announces it, nor later when the like goes silently', () => {
    const kernel = watched(gateway);
    kernel.bpf(removed);
    kernel.tell(deleteRoute(gateway, { portid: 700 }));
    expect(kernel.events[0]).toMatchObject({ inferred: false, provenance: 'rtnetlink' });
    kernel.tell(newRoute(gateway, { portid: 700, flags: NEW }));
    kernel.pass(1000);
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.events.at(-1)).toMatchObject({ inferred: true, provenance: 'dump' });
  });

  test('is looked into by itself where nothing else tells', () => {
    const kernel = watched(gateway);
    kernel.dumps.length = 0;
    kernel.bpf(removed);
    kernel.routes = [];
    kernel.pass(1000);
    expect(kernel.dumps).toEqual(['inet']);
    expect(kernel.told()).toEqual(['delete 10.1.0.0/16 inferred unknown']);
    expect(kernel.events[0]).toMatchObject({ provenance: 'fentry', process: { pid: 500 } });
  });

  test('that the mirror never held costs no look', () => {
    const kernel = watched(gateway);
    kernel.dumps.length = 0;
    kernel.bpf({ ...removed, dst: '10.77.0.0' }, { ...removed, table: 100 });
    kernel.pass(1000);
    expect(kernel.dumps).toEqual([]);
    expect(kernel.records).toEqual([]);
  });

  test('is looked into once, and forgotten after half a minute', () => {
    const kernel = watched(gateway);
    // The mirror still holds it, and so does the kernel: somebody put it back unseen.
    kernel.bpf(removed);
    kernel.dumps.length = 0;
    kernel.pass(31_000);
    expect(kernel.dumps).toEqual(['inet']);
    kernel.routes = [];
    kernel.tellLink(down);
    kernel.pass(400);
    expect(kernel.events.at(-1)).toMatchObject({ probe: 'delete', provenance: 'dump' });
  });
});
