import { readLink, readNames } from './proc.js';

/** A process and the descriptor by which it holds a socket. */
export interface Holder {
  readonly pid: number;
  /** /proc/PID/fd/N */
  readonly link: string;
}

/** Does the descriptor still lead to the socket? */
export const stillHolds = (holder: Holder, inode: number): boolean =>
  readLink(holder.link) === `socket:[${inode}]`;

/** The descriptor of `pid` that leads to the socket, null when it has none (or is hidden). */
export function holderIn(pid: number, inode: number): Holder | null {
  const target = `socket:[${inode}]`;
  const directory = `/proc/${pid}/fd/`;
  for (const name of readNames(directory)) {
    if (readLink(directory + name) === target) return { pid, link: directory + name };
  }
  return null;
}

/**
 * Who holds the socket: the processes of `near` are asked first, then the rest, process 1 last, because
 * a service manager opens sockets for the services it starts and keeps a copy. Gives up at `deadline` (of performance.now()).
 */
export function findHolder(
  inode: number,
  near: (pid: number) => boolean,
  pids: readonly number[],
  deadline: number,
): Holder | null {
  const far: number[] = [];
  for (const pid of pids) {
    if (performance.now() >= deadline) return null;
    if (pid === 1) continue;
    if (!near(pid)) {
      far.push(pid);
      continue;
    }
    const holder = holderIn(pid, inode);
    if (holder !== null) return holder;
  }
  far.push(1);
  for (const pid of far) {
    if (performance.now() >= deadline) return null;
    const holder = holderIn(pid, inode);
    if (holder !== null) return holder;
  }
  return null;
}

/** PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h); larger port ids are no process numbers. */
export const MAX_PID = 4_194_304;
