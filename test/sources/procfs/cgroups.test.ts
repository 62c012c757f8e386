import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProcess } from '../../../core/attribution/process.js';
import { CgroupPaths } from '../../../sources/procfs/cgroups.js';
import { describeTask } from '../../../sources/procfs/describe-task.js';

const GONE = 4_194_303;

let root: string;
let nowMs: number;

const idOf = (path: string): bigint => statSync(root + path, { bigint: true }).ino;
const paths = (): CgroupPaths => new CgroupPaths(root, () => nowMs);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'routetap-cgroups-'));
  nowMs = 5000;
  mkdirSync(`${root}/system.slice/ssh.service`, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('control groups by id', () => {
  test('are found at every depth, the root as /', () => {
    const groups = paths();
    expect(groups.find(idOf('/'))).toBe('/');
    expect(groups.find(idOf('/system.slice'))).toBe('/system.slice');
    expect(groups.find(idOf('/system.slice/ssh.service'))).toBe('/system.slice/ssh.service');
  });

  test('are looked for again when one is not known, at most once a second', () => {
    const groups = paths();
    expect(groups.find(idOf('/system.slice'))).toBe('/system.slice');
    mkdirSync(`${root}/user.slice`);
    const id = idOf('/user.slice');
    nowMs += 999;
    expect(groups.find(id)).toBeNull();
    nowMs += 1;
    expect(groups.find(id)).toBe('/user.slice');
  });

  test('are not found where no unified hierarchy is mounted', () => {
    expect(new CgroupPaths(null).find(1n)).toBeNull();
  });
});

describe('a process that a program saw', () => {
  test('is described by /proc while it lives', () => {
    const payload = describeTask(process.pid, 0n, paths(), true);
    expect(payload === null ? null : readProcess(payload)).toMatchObject({
      pid: process.pid,
      exe: process.execPath,
    });
  });

  test('has its control group by the id when it is gone, or counted otherwise here', () => {
    const id = idOf('/system.slice/ssh.service');
    const gone = describeTask(GONE, id, paths(), true);
    const hidden = describeTask(process.pid, id, paths(), false);
    for (const payload of [gone, hidden]) {
      expect(payload === null ? null : readProcess(payload)).toMatchObject({
        exe: null,
        cgroup: '/system.slice/ssh.service',
        unit: 'ssh.service',
      });
    }
    expect(describeTask(GONE, 1n, paths(), true)).toBeNull();
  });
});
