import { cgroupPath, containerOf, unitOf } from '../../core/attribution/cgroup.js';
import { netnsOf, processIds, readText, startTimeOf } from '../procfs/proc.js';

/** Length of a container id as `docker ps` and its like show it. */
const SHORT_ID = 12;

/**
 * Network namespaces with the processes that live in them. Our own process is left out: that we hold or
 * inhabit a namespace does not make it alive.
 */
export function inhabitedZones(): Map<number, number[]> {
  const zones = new Map<number, number[]>();
  for (const pid of processIds()) {
    if (pid === process.pid) continue;
    const id = netnsOf(pid);
    if (id === null) continue;
    const pids = zones.get(id);
    if (pids === undefined) zones.set(id, [pid]);
    else pids.push(pid);
  }
  return zones;
}

/** The process that started first, null when all are gone. */
export function oldestOf(pids: readonly number[]): number | null {
  let oldest: number | null = null;
  let oldestStart = Number.POSITIVE_INFINITY;
  for (const pid of pids) {
    const start = startTimeOf(pid);
    if (
      start === null ||
      start > oldestStart ||
      (start === oldestStart && oldest !== null && pid > oldest)
    )
      continue;
    oldest = pid;
    oldestStart = start;
  }
  return oldest;
}

/** Container (a long id cut to 12 digits) or else unit of a process, null for neither. */
export function ownerName(pid: number): string | null {
  const path = cgroupPath(readText(`/proc/${pid}/cgroup`) ?? '');
  if (path === null) return null;
  const container = containerOf(path);
  if (container === null) return unitOf(path);
  return /^[0-9a-f]{64}$/.test(container) ? container.slice(0, SHORT_ID) : container;
}
