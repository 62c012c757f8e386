import { afterEach, describe, expect, test } from '@jest/globals';
import { readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { RoutetapError } from '../../../core/errors.js';
import { listZones, selfZone } from '../../../sources/zones/list.js';
import { resolveZone } from '../../../sources/zones/resolve.js';
import type { FoundZone } from '../../../sources/zones/zone.js';
import { inCgroup } from '../procfs/cgroup.js';
import { Namespaces } from './namespaces.js';

const namespaces = new Namespaces();
afterEach(() => namespaces.cleanUp());

const zoneOf = (id: number): FoundZone | undefined => listZones().find((zone) => zone.id === id);

const tableInode = (pid: string): number => statSync(`/proc/${pid}/net/netlink`).ino;

const failure = (run: () => unknown): RoutetapError => {
  try {
    run();
  } catch (error) {
    if (error instanceof RoutetapError) return error;
  }
  throw new Error('expected a RoutetapError');
};

describe('the list of zones', () => {
  test('starts with our own and has every inode once', () => {
    const zones = listZones();
    expect(zones[0]).toEqual(selfZone());
    expect(readlinkSync('/proc/self/ns/net')).toBe(`net:[${zones[0]?.id}]`);
    expect(new Set(zones.map((zone) => zone.id)).size).toBe(zones.length);
  });

  test('has at most one initial zone, that of process 1', () => {
    const initial = listZones().filter((zone) => zone.initial);
    expect(initial.length).toBeLessThanOrEqual(1);
    // Every namespace has its own files under /proc/PID/net, which anyone may look at.
    const sameAsFirst = tableInode('1') === tableInode('self');
    if (sameAsFirst) for (const zone of initial) expect(zone.id).toBe(selfZone().id);
    else expect(selfZone().initial).toBe(false);
  });

  test('has a named namespace nobody lives in', () => {
    const name = namespaces.newName();
    const id = namespaces.add(name);
    expect(zoneOf(id)).toEqual({ path: `/run/netns/${name}`, id, name, initial: false });
    namespaces.delete(name);
    expect(zoneOf(id)?.name).not.toBe(name);
  });

  test('has a namespace only a process keeps', async () => {
    const { id, pid, end } = await namespaces.inhabit();
    expect(zoneOf(id)).toMatchObject({ path: `/proc/${pid}/ns/net`, id, initial: false });
    await end();
    expect(listZones().some((zone) => zone.path === `/proc/${pid}/ns/net`)).toBe(false);
  });

  test('names a namespace after the unit or the container its oldest process belongs to', async () => {
    const { id, pid } = await namespaces.inhabit();
    const unit = `rtz${process.pid}.service`;
    await inCgroup(unit, pid, () => {
      expect(zoneOf(id)).toMatchObject({ id, name: unit });
      expect(resolveZone(unit).id).toBe(id);
    });
    const container = process.pid.toString(16).padStart(12, '0').padEnd(64, '0');
    await inCgroup(`docker-${container}.scope`, pid, () => {
      expect(zoneOf(id)).toMatchObject({ id, name: container.slice(0, 12) });
      expect(resolveZone(container).id).toBe(id);
    });
  });

  test('has a namespace only a mount keeps', async () => {
    const { id, pid, end } = await namespaces.inhabit();
    const { path, unmount } = namespaces.mount(pid);
    await end();
    expect(zoneOf(id)).toEqual({ path, id, name: null, initial: false });
    unmount();
    expect(listZones().some((zone) => zone.path === path)).toBe(false);
  });

  test('takes the name of a link under /run/netns to a process', async () => {
    namespaces.add(namespaces.newName());
    const { id, pid } = await namespaces.inhabit();
    const name = namespaces.newName();
    symlinkSync(`/proc/${pid}/ns/net`, `/run/netns/${name}`);
    try {
      expect(zoneOf(id)).toEqual({ path: `/run/netns/${name}`, id, name, initial: false });
    } finally {
      rmSync(`/run/netns/${name}`);
    }
  });
});

describe('the zone a user means', () => {
  test('may be self, a name, an inode or a path', () => {
    const name = namespaces.newName();
    const id = namespaces.add(name);
    expect(resolveZone('self')).toEqual(selfZone());
    expect(resolveZone(name)).toMatchObject({ id, name });
    expect(resolveZone(String(id))).toMatchObject({ id, name });
    expect(resolveZone(`/run/netns/${name}`)).toMatchObject({ id, name });
    expect(resolveZone('/proc/self/ns/net')).toEqual({ ...selfZone(), path: '/proc/self/ns/net' });
  });

  test('is refused in one line that names what exists', () => {
    const name = namespaces.newName();
    namespaces.add(name);
    const error = failure(() => resolveZone('no such\nzone'));
    expect(error.kind).toBe('usage');
    expect(error.message).toMatch(
      /^--zone: expected the name of a network namespace \(one of .+\), got "no such\\x0azone"$/,
    );
  });

  test.each(['/proc/self/ns/mnt', '/proc/self/status', '/', '/nowhere/at-all'])(
    'is refused when %s is no network namespace',
    (path) => {
      const error = failure(() => resolveZone(path));
      expect(error.kind).toBe('usage');
      expect(error.message).toContain(`expected the path of a network namespace, got "${path}"`);
    },
  );

  test('needs a privilege when the path can not be looked at', async () => {
    const { pid } = await namespaces.inhabit();
    process.seteuid?.(65534);
    try {
      const error = failure(() => resolveZone(`/proc/${pid}/ns/net`));
      expect(error).toMatchObject({ kind: 'privilege', code: 'EACCES' });
    } finally {
      process.seteuid?.(0);
    }
  });
});
