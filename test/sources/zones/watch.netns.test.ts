import { afterEach, describe, expect, test } from '@jest/globals';
import { closeSync, openSync } from 'node:fs';
import { selfZone } from '../../../sources/zones/list.js';
import { resolveZone } from '../../../sources/zones/resolve.js';
import { watchZones, type ZoneWatch, type ZoneWatchOptions } from '../../../sources/zones/watch.js';
import type { FoundZone } from '../../../sources/zones/zone.js';
import { Namespaces, until } from './namespaces.js';

const namespaces = new Namespaces();
const watches: ZoneWatch[] = [];
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await namespaces.cleanUp();
});

/** Far beyond a test's time: what is seen nevertheless was told by inotify. */
const NEVER_MS = 3_600_000;

interface Log {
  readonly appeared: FoundZone[];
  readonly vanished: number[];
}

function start(options: Omit<ZoneWatchOptions, 'onAppear' | 'onVanish'>): Log {
  const log: Log = { appeared: [], vanished: [] };
  const watch = watchZones({
    ...options,
    onAppear: (zone) => log.appeared.push(zone),
    onVanish: (id) => log.vanished.push(id),
  });
  watches.push(watch);
  return log;
}

const rounds = (count: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, count * 100));

describe('watching zones', () => {
  test('tells at once what is there, our own first, each once', () => {
    const name = namespaces.newName();
    const id = namespaces.add(name);
    const { appeared } = start({ all: true });
    expect(appeared[0]).toEqual(selfZone());
    expect(appeared.filter((zone) => zone.id === id)).toEqual([
      { path: `/run/netns/${name}`, id, name, initial: false },
    ]);
    expect(new Set(appeared.map((zone) => zone.id)).size).toBe(appeared.length);
  });

  test('hears of ip netns add and del without a rescan, even while we pin the namespace', async () => {
    namespaces.add(namespaces.newName());
    const log = start({ all: true, intervalMs: NEVER_MS });
    const name = namespaces.newName();
    const id = namespaces.add(name);
    await until(() => log.appeared.some((zone) => zone.name === name));
    expect(log.appeared.filter((zone) => zone.id === id)).toHaveLength(1);
    const pin = openSync(`/run/netns/${name}`, 'r');
    try {
      namespaces.delete(name);
      await until(() => log.vanished.includes(id));
    } finally {
      closeSync(pin);
    }
  });

  test('misses none of a burst', async () => {
    namespaces.add(namespaces.newName());
    const log = start({ all: true, intervalMs: NEVER_MS });
    const names = Array.from({ length: 20 }, () => namespaces.newName());
    const ids = names.map((name) => namespaces.add(name));
    await until(() => ids.every((id) => log.appeared.some((zone) => zone.id === id)));
    for (const name of names) namespaces.delete(name);
    await until(() => ids.every((id) => log.vanished.includes(id)));
    for (const id of ids)
      expect(log.appeared.filter((zone) => zone.id === id).length).toBeGreaterThanOrEqual(1);
  });

  test('finds by rescan what only a process keeps, and lets it go with the process', async () => {
    const log = start({ all: true, intervalMs: 50 });
    const { id, end } = await namespaces.inhabit();
    await until(() => log.appeared.some((zone) => zone.id === id));
    await end();
    await until(() => log.vanished.includes(id));
  });

  test('keeps a zone that loses its process but not its mount', async () => {
    const { id, pid, end } = await namespaces.inhabit();
    const log = start({ all: true, intervalMs: 50 });
    expect(log.appeared.some((zone) => zone.id === id)).toBe(true);
    const { unmount } = namespaces.mount(pid);
    await end();
    await rounds(5);
    expect(log.vanished).not.toContain(id);
    unmount();
    await until(() => log.vanished.includes(id));
  });

  test('keeps a zone that loses its name but not its process', async () => {
    const name = namespaces.newName();
    const id = namespaces.add(name);
    const inhabitant = await namespaces.inhabit(name);
    expect(inhabitant.id).toBe(id);
    const log = start({ all: true, intervalMs: 50 });
    namespaces.delete(name);
    await rounds(5);
    expect(log.vanished).not.toContain(id);
    await inhabitant.end();
    await until(() => log.vanished.includes(id));
  });

  test('of one named zone tells its end and its return, and nothing of others', async () => {
    const name = namespaces.newName();
    const id = namespaces.add(name);
    const log = start({ all: false, zones: [resolveZone(name)], intervalMs: 50 });
    expect(log.appeared.map((zone) => zone.id)).toEqual([id]);
    namespaces.add(namespaces.newName());
    namespaces.delete(name);
    await until(() => log.vanished.length > 0);
    expect(log.vanished).toEqual([id]);
    namespaces.add(name);
    await until(() => log.appeared.length === 2);
    expect(log.appeared[1]?.name).toBe(name);
  });

  test('of our own zone alone keeps nothing running', () => {
    const before = process.getActiveResourcesInfo();
    const log = start({ all: false });
    expect(log).toEqual({ appeared: [selfZone()], vanished: [] });
    expect(process.getActiveResourcesInfo()).toEqual(before);
  });

  test('says nothing after close', async () => {
    const log = start({ all: true, intervalMs: 50 });
    watches[0]?.close();
    const count = log.appeared.length;
    namespaces.add(namespaces.newName());
    await rounds(5);
    expect(log.appeared).toHaveLength(count);
  });
});
