import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { RT_KIND } from '../../core/bpf/layout.gen.js';
import { eachEvent, type BpfEvent } from '../../core/bpf/read-event.js';
import { openBpf, type OpenedBpf } from '../../sources/bpf/open-bpf.js';
import { Namespaces } from '../sources/zones/namespaces.js';
import { u32, u64, until, verifiedSteps } from './objects.js';

const SCENE = fileURLToPath(new URL('./scenes/request.sh', import.meta.url));
const SENDER = fileURLToPath(new URL('./scenes/send-requests.py', import.meta.url));

const RTM = { 16: 'NEWLINK', 19: 'SETLINK', 20: 'NEWADDR', 21: 'DELADDR', 24: 'NEWROUTE' } as const;
const MORE_RTM = { 25: 'DELROUTE', 32: 'NEWRULE', 104: 'NEWNEXTHOP' } as const;
const ERRNO = { 3: 'ESRCH', 17: 'EEXIST', 19: 'ENODEV', 101: 'ENETUNREACH' } as const;

const nameOf = (names: Readonly<Record<number, string>>, value: number): string =>
  names[value] ?? String(value);

const typeOf = (event: BpfEvent): string =>
  nameOf({ ...RTM, ...MORE_RTM }, event.u16('nlmsg_type'));

/** Without a message there are no flags. */
const isIoctl = (event: BpfEvent): boolean => event.u16('nlmsg_flags') === 0;

/** `NEWROUTE`, or `NEWROUTE EEXIST text` where it was refused. */
function said(event: BpfEvent): string {
  if (event.u16('kind') === RT_KIND.request) return typeOf(event);
  const words = [typeOf(event), nameOf(ERRNO, -event.i32('error')), event.extack];
  return words.filter((word) => word !== null).join(' ');
}

const ADDRESS_AT = 28 + 4;

/** The IPv4 destination of the message copied into a refusal, in hex: behind nlmsghdr, rtmsg and an rtattr. */
const refusedDst = (event: BpfEvent): string =>
  Buffer.from(event.message.subarray(ADDRESS_AT, ADDRESS_AT + 4)).toString('hex');

let namespaces: Namespaces;
let opened: OpenedBpf | null = null;
let events: BpfEvent[] = [];
let lost = 0;

function watch(knobs: Readonly<Record<string, Uint8Array>> = {}): void {
  opened = openBpf({
    mode: 'require',
    probes: ['request'],
    knobs: { request: knobs },
    onBatch: (bytes, more) => {
      lost += more;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      eachEvent(bytes, view, 0, bytes.length, 0n, (event) => events.push(event.copy()));
    },
  });
}

/** All that was told until now. */
function finish(): readonly BpfEvent[] {
  opened?.close();
  opened = null;
  return events;
}

beforeEach(() => {
  namespaces = new Namespaces();
  events = [];
  lost = 0;
});
afterEach(async () => {
  finish();
  await namespaces.cleanUp();
});

/** A namespace with loopback up; its name and inode. */
function place(): { readonly name: string; readonly inode: number } {
  const name = namespaces.newName();
  const inode = namespaces.add(name);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return { name, inode };
}

const send = (name: string, ...words: readonly string[]): string =>
  execFileSync('ip', ['netns', 'exec', name, 'python3', SENDER, ...words], { encoding: 'utf8' });

describe('the requests of a scene', () => {
  test('are told with who, what, by which interface, and what the kernel answered', () => {
    watch();
    const output = execFileSync('bash', [SCENE, `rtreq${process.pid}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const inode = Number(/^namespace (\d+)$/m.exec(output)?.[1]);
    const there = finish().filter((event) => event.u32('netns') === inode);
    const byIp = there.filter(
      (event) => event.comm === 'ip' && event.u16('nlmsg_type') >= 24 && event.u32('portid') > 0,
    );
    expect(byIp.map(said)).toEqual([
      'NEWROUTE',
      'NEWROUTE',
      'NEWROUTE EEXIST',
      'NEWROUTE',
      'NEWROUTE ENETUNREACH Nexthop has invalid gateway',
      'NEWROUTE',
      'DELROUTE',
      'DELROUTE ESRCH',
      'DELROUTE',
      'NEWROUTE', // and two more of the same batch
      'NEWNEXTHOP',
      'NEWRULE',
    ]);
    expect(byIp.filter((event) => event.message.length > 0).map(refusedDst)).toEqual([
      '0a320000',
      '0a330000',
      '0a340000',
    ]);
    const addresses = there.filter(
      (event) => event.comm === 'ip' && event.u16('nlmsg_type') === 20,
    );
    expect(addresses.map((event) => event.family)).toEqual(['inet', 'inet6']);
    expect(addresses.every((event) => event.u32('oif') > 0)).toBe(true);

    const byIoctl = there.filter((event) => event.comm === 'python3' && isIoctl(event));
    const route = (event: BpfEvent): string =>
      `${said(event)} ${event.address('dst')}/${event.u8('prefix_len')} ${event.address('gateway')}`;
    const routes = byIoctl.filter((event) => typeOf(event).endsWith('ROUTE'));
    const inet = '10.70.0.0/16 10.9.1.1';
    const inet6 = 'fd70::/32 fd09:1::1';
    expect(routes.map(route)).toEqual(
      [inet, inet6].flatMap((what) => [
        `NEWROUTE ${what}`,
        `NEWROUTE ${what}`,
        `NEWROUTE EEXIST ${what}`,
        `DELROUTE ${what}`,
        `DELROUTE ${what}`,
        `DELROUTE ESRCH ${what}`,
      ]),
    );
    const others = byIoctl.filter((event) => !routes.includes(event));
    const device = addresses[0]?.u32('oif');
    expect(others.map((event) => [said(event), event.u32('oif'), event.family])).toEqual([
      ['SETLINK', device, null],
      ['SETLINK', device, null],
      ['SETLINK', 0, null],
      ['SETLINK ENODEV', 0, null],
      ['NEWADDR', device, 'inet'],
      ['NEWADDR', device, 'inet6'],
      ['DELADDR', device, 'inet6'],
    ]);

    const byMessage = there.filter(
      (event) => event.comm === 'python3' && !isIoctl(event) && event.u32('portid') > 0,
    );
    expect(byMessage.map((event) => [said(event), event.u32('nlmsg_seq')])).toEqual([
      ['NEWROUTE', 4242],
      ['NEWROUTE', 5000],
      ['NEWROUTE ENETUNREACH Nexthop has invalid gateway', 5001],
      ['NEWROUTE', 5000],
      ['NEWROUTE ENETUNREACH Nexthop has invalid gateway', 5001],
      ['NEWROUTE EEXIST', 5003],
    ]);
    expect(byMessage.filter((event) => event.u32('nlmsg_seq') === 5001).map(refusedDst)[0]).toBe(
      '0a5a0000',
    );
    expect(byMessage.slice(-1).map(refusedDst)).toEqual(['0a470000']);
    expect(lost).toBe(0);
  });
});

describe('the programs', () => {
  test('take the verifier few steps each, for the start waits for it', () => {
    watch();
    const steps = verifiedSteps();
    expect(steps).not.toEqual([]);
    expect(steps.filter((count) => count > 10_000)).toEqual([]);
  });
});

describe('the process of a request', () => {
  test('is named exactly for each of 2,000 that end at once', async () => {
    const { name, inode } = place();
    watch({ only_netns: u32(inode) });
    const script = `for a in $(seq 8); do for b in $(seq 250); do
      (echo $BASHPID; exec ip route add 198.18.$a.$b/32 dev lo)
    done; done`;
    const output = execFileSync('ip', ['netns', 'exec', name, 'bash', '-c', script], {
      encoding: 'utf8',
    });
    const pids = output.trim().split('\n').map(Number);
    await until(() => events.length + lost >= pids.length);
    const told = finish().filter((event) => typeOf(event) === 'NEWROUTE');
    expect(pids).toHaveLength(2000);
    expect(lost).toBe(0);
    expect(told.map((event) => event.u32('task_pid'))).toEqual(pids);
    expect(told.every((event) => event.comm === 'ip' && event.u32('portid') > 0)).toBe(true);
  }, 300_000);

  test('is no other namespace’s where one is asked for', () => {
    const { name, inode } = place();
    const elsewhere = place();
    watch({ only_netns: u32(inode) });
    const add = (where: string): void => {
      execFileSync('ip', ['-n', where, 'route', 'add', '198.18.0.1/32', 'dev', 'lo']);
    };
    add(elsewhere.name);
    add(name);
    expect(finish().map((event) => event.u32('netns'))).toEqual([inode]);
  });

  test('is not our own', async () => {
    const { name, inode } = place();
    const script = `read; exec ip -n ${name} route replace 198.18.0.1/32 dev lo`;
    const [own, other] = [script, script].map((text) =>
      spawn('bash', ['-c', text], { stdio: ['pipe', 'ignore', 'ignore'] }),
    );
    watch({ only_netns: u32(inode), own_tgid: u32(own?.pid ?? 0) });
    for (const child of [own, other]) {
      child?.stdin.end('\n');
      if (child !== undefined) await once(child, 'close');
      expect(child?.exitCode).toBe(0);
    }
    expect(finish().map((event) => event.u32('task_pid'))).toEqual([other?.pid]);
  });
});

describe('route requests of one socket', () => {
  const HOUR = u64(3_600_000_000_000n);
  const told = (): readonly string[] => finish().map(said);

  test('are told once in a window, and requests of other kinds each time', () => {
    const { name, inode } = place();
    watch({ only_netns: u32(inode), request_window_ns: HOUR });
    send(name, 'route*300', 'link*3', 'route*300', 'batch*60', 'link*1');
    expect(told()).toEqual(['NEWROUTE', 'SETLINK', 'SETLINK', 'SETLINK', 'SETLINK']);
  });

  test('are all told without a window', () => {
    const { name, inode } = place();
    watch({ only_netns: u32(inode), request_window_ns: u64(0n) });
    send(name, 'route*300');
    expect(told()).toEqual(Array.from({ length: 300 }, () => 'NEWROUTE'));
  });

  test('are told at once when another thread or process takes over, and on another socket', () => {
    const { name, inode } = place();
    watch({ only_netns: u32(inode), request_window_ns: HOUR });
    const [first, thread, child] = send(
      name,
      'route*2',
      'thread',
      'route*2',
      'fork',
      'route*2',
      'socket',
      'route*2',
    )
      .trim()
      .split('\n')
      .map(Number);
    const tids = finish().map((event) => event.u32('task_tid'));
    expect(new Set([first, thread, child]).size).toBe(3);
    expect(tids).toEqual([first, thread, first, child, first, first]);
  });

  test('in every datagram of a sendmmsg and every piece of a datagram are read', () => {
    const { name, inode } = place();
    watch({ only_netns: u32(inode), request_window_ns: HOUR });
    send(name, 'pieces');
    expect(told()).toEqual(['SETLINK', 'NEWROUTE', 'SETLINK']);
  });
});
