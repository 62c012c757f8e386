import { afterEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { readProcess } from '../../../core/attribution/process.js';
import type { Process } from '../../../core/event.js';
import { findProcess } from '../../../sources/procfs/find-process.js';
import { procVisible } from '../../../sources/procfs/proc.js';
import { inCgroup } from './cgroup.js';
import { type Sender, startSender } from './sender.js';

const senders: Sender[] = [];

async function start(prefix: readonly string[], portid?: number): Promise<Sender> {
  const sender = await startSender(prefix, portid);
  senders.push(sender);
  return sender;
}

afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.end();
});

/** Asks until the answer is there: walking /proc is rationed, so a busy machine may need a second try. */
async function find(netnsInode: number, portid: number, tableFd?: number): Promise<Process | null> {
  for (let tries = 0; tries < 10; tries++) {
    const payload = findProcess({ netnsInode, tableFd }, portid);
    if (payload !== null) return readProcess(payload);
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  return null;
}

const UNSHARE = ['unshare', '-n'];

describe('finding the process behind a port id', () => {
  test('works for both sockets of a process, although the second port id is no pid', async () => {
    const sender = await start(UNSHARE);
    expect(sender.told).toEqual(sender.portids);
    expect(sender.portids[0]).toBe(sender.outerPid);
    expect(sender.portids[1]).toBeGreaterThan(0x7fffffff);
    for (const portid of sender.told) {
      const found = await find(sender.netns, portid);
      expect(found).toMatchObject({ pid: sender.outerPid, uid: 0, confidence: 'portid' });
      expect(found?.comm).toMatch(/^python3/);
      expect(found?.exe).toMatch(/\/python3/);
      expect(found?.cgroup).toMatch(/^\//);
    }
  });

  test('tells the unit and the container of the process', async () => {
    const sender = await start(UNSHARE);
    const id = process.pid.toString(16).padStart(64, '0');
    await inCgroup(`docker-${id}.scope`, sender.outerPid, async () => {
      expect(await find(sender.netns, sender.portids[1])).toMatchObject({
        unit: `docker-${id}.scope`,
        container: id,
      });
    });
  });

  test('tells the outer pid of a process in its own pid namespace', async () => {
    const sender = await start([...UNSHARE, '-p', '-f', '--mount-proc']);
    expect(sender.pid).toBe(1);
    expect(sender.portids[0]).toBe(1);
    expect(sender.outerPid).toBeGreaterThan(1);
    for (const portid of sender.told)
      expect(await find(sender.netns, portid)).toMatchObject({ pid: sender.outerPid });
  });

  test('keeps zones apart in which the same port id exists', async () => {
    const one = await start([...UNSHARE, '-p', '-f', '--mount-proc']);
    const two = await start([...UNSHARE, '-p', '-f', '--mount-proc']);
    expect(one.portids[0]).toBe(two.portids[0]);
    expect((await find(one.netns, 1))?.pid).toBe(one.outerPid);
    expect((await find(two.netns, 1))?.pid).toBe(two.outerPid);
  });

  test('never takes a port id for the pid of a bystander', async () => {
    const bystander = spawn('unshare', ['-n', 'sleep', '600'], { stdio: 'ignore' });
    const gone = once(bystander, 'close');
    const pid = bystander.pid ?? 0;
    try {
      const sender = await start(UNSHARE, pid);
      expect(sender.told[0]).toBe(pid);
      expect(await find(sender.netns, pid)).toMatchObject({ pid: sender.outerPid });
      expect(findProcess({ netnsInode: sender.netns }, process.pid)).toBeNull();
    } finally {
      bystander.kill();
      await gone;
    }
  });

  test('finds a holder that lives in another namespace than its socket, while there is a door to that namespace', async () => {
    const name = `rtfp${process.pid}`;
    execFileSync('ip', ['netns', 'add', name]);
    // A process that lives in the namespace opens the door to its table.
    const inhabitant = spawn('ip', ['netns', 'exec', name, 'sleep', '600'], { stdio: 'ignore' });
    const gone = once(inhabitant, 'close');
    const code = `
import ctypes, os, socket, sys
home = os.open("/proc/self/ns/net", os.O_RDONLY)
there = os.open("/run/netns/${name}", os.O_RDONLY)
libc = ctypes.CDLL(None)
assert libc.setns(there, 0) == 0
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0x40000000, 0))
more = [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) for number in range(2)]
more[0].bind((0x40000002, 0))
more[1].bind((0x40000003, 0))
assert libc.setns(home, 0) == 0
print("ready", flush=True)
sys.stdin.read()`;
    const outsider = spawn('python3', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(outsider, 'close');
    try {
      await once(outsider.stdout, 'data');
      const netns = statSync(`/run/netns/${name}`).ino;
      expect(await find(netns, 0x40000000)).toMatchObject({ pid: outsider.pid });

      const tableFd = openSync(`/proc/${inhabitant.pid}/net/netlink`, 'r');
      try {
        inhabitant.kill();
        await gone;
        expect(findProcess({ netnsInode: netns }, 0x40000002)).toBeNull();
        expect(await find(netns, 0x40000003, tableFd)).toMatchObject({ pid: outsider.pid });
      } finally {
        closeSync(tableFd);
      }
    } finally {
      outsider.stdin.end();
      inhabitant.kill();
      await Promise.all([ended, gone]);
      execFileSync('ip', ['netns', 'del', name]);
    }
  });

  test('forgets a process whose socket is closed', async () => {
    const sender = await start(UNSHARE);
    const keeper = spawn('nsenter', [`--net=/proc/${sender.outerPid}/ns/net`, 'sleep', '600'], {
      stdio: 'ignore',
    });
    const gone = once(keeper, 'close');
    try {
      expect(await find(sender.netns, sender.portids[1])).toMatchObject({ pid: sender.outerPid });
      await sender.end();
      expect(findProcess({ netnsInode: sender.netns }, sender.portids[1])).toBeNull();
      expect(findProcess({ netnsInode: sender.netns }, sender.portids[0])).toBeNull();
    } finally {
      keeper.kill();
      await gone;
    }
  });

  test('sees a changed program behind the same socket', async () => {
    const code = `
import os, socket, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0x40000001, 0))
os.set_inheritable(s.fileno(), True)
print("ready", flush=True)
sys.stdin.readline()
os.execvp("cat", ["cat"])`;
    const child = spawn('unshare', ['-n', 'python3', '-c', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    try {
      await once(child.stdout, 'data');
      const netns = statSync(`/proc/${child.pid}/ns/net`).ino;
      expect((await find(netns, 0x40000001))?.comm).toMatch(/^python3/);
      child.stdin.write('\n');
      let comm: string | undefined;
      for (let tries = 0; tries < 100 && comm !== 'cat'; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        comm = (await find(netns, 0x40000001))?.comm;
      }
      expect(comm).toBe('cat');
    } finally {
      child.stdin.end();
      await ended;
    }
  });

  test('knows nobody behind the kernel, an unknown port id or an unknown zone', async () => {
    const sender = await start(UNSHARE);
    expect(findProcess({ netnsInode: sender.netns }, 0)).toBeNull();
    expect(findProcess({ netnsInode: sender.netns }, 0x7abcdef0)).toBeNull();
    expect(findProcess({ netnsInode: 1 }, sender.portids[0])).toBeNull();
  });

  test('gives null, not an error, when other processes are hidden', async () => {
    const sender = await start(UNSHARE);
    expect(procVisible()).toBe(true);
    process.seteuid?.(65534);
    try {
      expect(procVisible()).toBe(false);
      expect(findProcess({ netnsInode: sender.netns }, sender.portids[0])).toBeNull();
    } finally {
      process.seteuid?.(0);
    }
  });
});
