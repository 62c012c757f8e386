import { describeProcess } from './describe.js';
import { findHolder, type Holder, holderIn, MAX_PID, stillHolds } from './holder.js';
import { inodeOfPort } from './netlink-table.js';
import { netnsOf, processIds, readText } from './proc.js';

/** How long an unknown port id stays unknown before /proc is asked again. */
const UNKNOWN_MS = 1000;
/** How long comm, exe and cgroup of a holder are believed (it may exec). */
const DESCRIBED_MS = 1000;
/** Walking /proc may take this much of every second; beyond it the answer is null, and asked for again. */
const WALK_MS_PER_SECOND = 200;
const MAX_CACHED = 4096;

/** The zone whose port id is meant. */
interface PortZone {
  /** Inode of its nsfs file. */
  readonly netnsInode: number;
  /** Descriptor of a /proc/net/netlink opened inside it; without, a process that lives there has to be found. */
  readonly tableFd?: number | undefined;
}

interface Known {
  readonly inode: number;
  readonly holder: Holder;
  payload: Uint8Array;
  describedAt: number;
}

const known = new Map<string, Known>();
const unknownUntil = new Map<string, number>();
/** A process that lived in the namespace, the door to its netlink table. */
const witnesses = new Map<number, number>();

/**
 * Who is behind a netlink port id of a network namespace? Payload of a PROCESS frame, or null: the socket is closed, nobody we can see holds it, no process lives in the namespace,
 * or /proc is hidden. Synchronous, for what the reader's own quick look did not know. A port id is
 * never taken for a pid: the process returned holds the very socket the namespace's table names.
 */
export function findProcess(zone: PortZone, portid: number): Uint8Array | null {
  if (portid === 0) return null;
  const key = `${zone.netnsInode}/${portid}`;
  const now = performance.now();
  const seen = known.get(key);
  if (seen !== undefined) {
    const payload = refreshed(seen, now);
    if (payload !== null) return payload;
    known.delete(key);
  }
  if ((unknownUntil.get(key) ?? 0) > now) return null;
  const found = lookUp(zone, portid, now);
  if (found === null || found === LATER) {
    if (found === null) remember(unknownUntil, key, now + UNKNOWN_MS);
    return null;
  }
  unknownUntil.delete(key);
  remember(known, key, found);
  return found.payload;
}

/** What is known of a socket, as long as its holder still holds it. */
function refreshed(entry: Known, now: number): Uint8Array | null {
  if (!stillHolds(entry.holder, entry.inode)) return null;
  if (now - entry.describedAt < DESCRIBED_MS) return entry.payload;
  const payload = describeProcess(entry.holder.pid);
  if (payload === null || !stillHolds(entry.holder, entry.inode)) return null;
  entry.payload = payload;
  entry.describedAt = now;
  return payload;
}

/** /proc had to be walked and this second's share is used up: no answer, which is not the answer null. */
const LATER = Symbol('later');

function lookUp(zone: PortZone, portid: number, now: number): Known | null | typeof LATER {
  const netns = zone.netnsInode;
  // The kernel's autobind gives a process's first socket the process's own number, so try that door first.
  const namesake = portid > 1 && portid <= MAX_PID;
  const table = (namesake ? tableThrough(portid, netns) : null) ?? tableOf(zone, now);
  if (table === LATER) return LATER;
  const inode = table === null ? null : inodeOfPort(table, portid);
  if (inode === null) return null;
  let holder = namesake ? holderIn(portid, inode) : null;
  if (holder === null) {
    if (!mayWalk(now)) return LATER;
    const deadline = now + WALK_MS_PER_SECOND - walkedMs;
    const near = (pid: number): boolean => netnsOf(pid) === netns;
    holder = walked(() => findHolder(inode, near, processIds(), deadline));
    if (holder === null && performance.now() >= deadline) return LATER;
  }
  const payload = holder === null ? null : describeProcess(holder.pid);
  // The number may have been given to another process while we read.
  if (holder === null || payload === null || !stillHolds(holder, inode)) return null;
  return { inode, holder, payload, describedAt: now };
}

/** Text of the namespace's netlink table, null without a descriptor of it or a process that lives in the namespace. */
function tableOf(zone: PortZone, now: number): string | null | typeof LATER {
  const netns = zone.netnsInode;
  const kept = zone.tableFd === undefined ? null : readText(`/proc/self/fd/${zone.tableFd}`);
  if (kept !== null) return kept;
  const own = tableThrough('self', netns);
  if (own !== null) return own;
  const witness = witnesses.get(netns);
  const table = witness === undefined ? null : tableThrough(witness, netns);
  if (table !== null) return table;
  witnesses.delete(netns);
  if (!mayWalk(now)) return LATER;
  const found = walked(() => processIds().find((pid) => netnsOf(pid) === netns));
  if (found === undefined) return null;
  remember(witnesses, netns, found);
  return tableThrough(found, netns);
}

/** The netlink table as `pid` sees it, null unless it lives in the namespace before and after the reading. */
function tableThrough(pid: number | 'self', netns: number): string | null {
  if (netnsOf(pid) !== netns) return null;
  const text = readText(`/proc/${pid}/net/netlink`);
  return netnsOf(pid) === netns ? text : null;
}

let secondStart = Number.NEGATIVE_INFINITY;
let walkedMs = 0;

function mayWalk(now: number): boolean {
  if (now - secondStart >= 1000) {
    secondStart = now;
    walkedMs = 0;
  }
  return walkedMs < WALK_MS_PER_SECOND;
}

function walked<T>(walk: () => T): T {
  const start = performance.now();
  const result = walk();
  walkedMs += performance.now() - start;
  return result;
}

/** Puts an entry, letting the oldest go when there are many. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_CACHED) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}
