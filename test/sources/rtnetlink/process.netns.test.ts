import { afterEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';

import { FRAME_KIND } from '../../../core/frame.js';
import { startSender } from '../procfs/sender.js';
import { Catch, readProcess, RTM, type SeenProcess, until } from './frames.js';
import { cleanUp, hostRoutes, Namespace } from './namespace.js';

const open: Catch[] = [];
const children: ChildProcess[] = [];

function watched(seeProcesses = true): { namespace: Namespace; one: Catch } {
  const namespace = new Namespace();
  const one = new Catch({ seeProcesses });
  open.push(one);
  one.reader.addZone(1, namespace.path, null);
  return { namespace, one };
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
  for (const one of open.splice(0)) await one.reader.close();
  cleanUp();
});

const processes = (one: Catch): SeenProcess[] =>
  one.of(FRAME_KIND.PROCESS).map((frame) => readProcess(frame.payload));

test('a process that lives is told once, before its first message, with what procfs knows', async () => {
  const { namespace, one } = watched();
  const child = start('ip', ['-n', namespace.name, '-batch', '-']);
  child.stdin?.write(`${hostRoutes('add', 300).join('\n')}\n`);
  await until(() => one.messages(RTM.NEWROUTE).length === 300);
  const told = processes(one);
  expect(told[0]).toMatchObject({
    pid: child.pid,
    uid: process.getuid?.(),
    source: 1,
    comm: 'ip',
    exe: readlinkSync(`/proc/${child.pid ?? 0}/exe`),
  });
  expect(told[0]?.cgroup).toMatch(/^\//);
  const first = one.frames.findIndex((frame) => frame.kind === FRAME_KIND.PROCESS);
  expect(one.frames[first]?.portid).toBe(child.pid);
  expect(one.frames[first + 1]?.payload.readUInt32LE(12)).toBe(child.pid);
  expect(told.length).toBeLessThan(30);
});

test('nearly every short-lived ip is told, with its name and pid', async () => {
  const { namespace, one } = watched();
  const pids: number[] = [];
  for (let i = 0; i < 400; i++) {
    const prefix = `10.${i >> 8}.${i & 255}.0/24`;
    const route = ['-n', namespace.name, 'route', 'add', prefix, 'dev', 'lo'];
    pids.push(spawnSync('ip', route).pid);
  }
  await one.settle(1);
  const names = new Map(processes(one).map((seen) => [seen.pid, seen.comm]));
  const told = pids.filter((pid) => names.get(pid) === 'ip');
  // Measured: 2,000 of 2,000.
  expect(told.length).toBeGreaterThanOrEqual(396);
}, 240_000);

test('a process whose pid somebody else took as port id is not accused', async () => {
  const { namespace, one } = watched();
  const inside = ['ip', 'netns', 'exec', namespace.name];
  const bystander = start('ip', [...inside.slice(1), 'sleep', '600']);
  const sender = await startSender(inside, bystander.pid);
  expect(sender.told[0]).toBe(bystander.pid);
  await one.settle(1);
  await sender.end();
  expect(one.messages(RTM.NEWROUTE).map(({ payload }) => payload.readUInt32LE(12))).toContain(
    bystander.pid,
  );
  expect(processes(one).map(({ pid }) => pid)).not.toContain(bystander.pid);
});

test('nobody is looked up when not asked for', async () => {
  const { namespace, one } = watched(false);
  namespace.ip('route add 10.0.0.0/8 dev lo');
  await one.settle(1);
  expect(one.messages(RTM.NEWROUTE)).toHaveLength(1);
  expect(one.of(FRAME_KIND.PROCESS)).toEqual([]);
});
