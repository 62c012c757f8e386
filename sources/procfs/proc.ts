import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** Text of a file, null when it can't be read (the process is gone, or hidden from us). */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Names in a directory, none when it can't be read. */
export function readNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Target of a link, null when it can't be read. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Ids of the processes /proc shows us, in the order it lists them. */
export function processIds(): number[] {
  const pids: number[] = [];
  for (const name of readNames('/proc')) {
    const first = name.charCodeAt(0);
    if (first >= 0x30 && first <= 0x39) pids.push(Number(name));
  }
  return pids;
}

/** Inode of the network namespace a process (or `self`) lives in, null when hidden or gone. */
export function netnsOf(pid: number | 'self'): number | null {
  const inode = /^net:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/ns/net`) ?? '')?.[1];
  return inode === undefined ? null : Number(inode);
}

/** Start of a process in clock ticks since boot (field 22 of /proc/PID/stat), null when gone. */
export function startTimeOf(pid: number): number | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // comm (field 2) may hold spaces and parentheses; the last one closes it.
  const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return field === undefined ? null : Number(field);
}

/**
 * Can we look into other users' processes? False under hidepid, or without CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH: then port ids of other users' sockets stay unresolved.
 */
export function procVisible(): boolean {
  const pids = processIds();
  if (!pids.includes(1)) return false;
  const uid = process.geteuid?.() ?? 0;
  return pids.some((pid) => {
    try {
      if (pid === process.pid || (uid !== 0 && statSync(`/proc/${pid}`).uid === uid)) return false;
      readdirSync(`/proc/${pid}/fd`);
      return netnsOf(pid) !== null;
    } catch {
      return false;
    }
  });
}
