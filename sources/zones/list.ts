import { statSync } from 'node:fs';
import { RoutetapError } from '../../core/errors.js';
import { inhabitedZones, oldestOf, ownerName } from './inhabited.js';
import { initialNetns } from './initial.js';
import { netnsMounts } from './mounts.js';
import { type NamedNetns, namedZones } from './named.js';
import type { FoundZone } from './zone.js';

/** The network namespace routetap itself runs in. Throws a runtime error when /proc does not show it. */
export const selfZone = (): FoundZone => selfAmong(namedZones().zones, initialNetns());

function selfAmong(named: readonly NamedNetns[], initialId: number | null): FoundZone {
  const path = '/proc/self/ns/net';
  const id = ownInode(path);
  const initial = id === initialId;
  const name =
    named.find((zone) => zone.id === id)?.name ?? (initial ? null : ownerName(process.pid));
  return { path, id, name, initial };
}

/**
 * Every network namespace that can be reached: our own first, then those with a name under /run/netns,
 * then those mounted elsewhere, then those only processes keep alive. Each stands once.
 * What is in `known` and still leads to its namespace is taken as it is, which spares reading its processes.
 */
export function listZones(known: ReadonlyMap<number, FoundZone> = new Map()): FoundZone[] {
  // Processes before names: what `ip netns add` is about to name has its name by the time names are read.
  const inhabited = inhabitedZones();
  const mounts = netnsMounts();
  const named = namedZones().zones;
  const initialId = initialNetns();

  const self = selfAmong(named, initialId);
  const zones = new Map<number, FoundZone>([[self.id, self]]);
  for (const { id, path, name } of named) {
    if (name !== null && !zones.has(id))
      zones.set(id, { path, id, name, initial: id === initialId });
  }
  const add = (id: number, mount: string | null): void => {
    if (zones.has(id)) return;
    const pids = inhabited.get(id) ?? [];
    const before = known.get(id);
    if (before !== undefined && leadsTo(before.path, id) && (mount !== null || pids.length > 0)) {
      zones.set(id, before);
      return;
    }
    const oldest = oldestOf(pids);
    const path = mount ?? (oldest === null ? null : `/proc/${oldest}/ns/net`);
    const initial = id === initialId;
    const name = initial || oldest === null ? null : ownerName(oldest);
    if (path !== null) zones.set(id, { path, id, name, initial });
  };
  for (const { id, path } of named) add(id, path);
  for (const { id, path } of mounts) if (leadsTo(path, id)) add(id, path);
  for (const id of inhabited.keys()) add(id, null);
  return [...zones.values()];
}

function ownInode(path: string): number {
  try {
    return statSync(path).ino;
  } catch (cause) {
    const message = `expected ${path} (a mounted /proc, a kernel with CONFIG_NET_NS), got none`;
    throw new RoutetapError('runtime', message, { cause });
  }
}

/** Does the path lead to the namespace with this inode? Another mount may cover it. */
export function leadsTo(path: string, id: number): boolean {
  try {
    return statSync(path).ino === id;
  } catch {
    return false;
  }
}
