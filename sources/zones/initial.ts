import { statSync } from 'node:fs';

/** PROC_PID_INIT_INO: the initial pid namespace has had this inode since namespaces have inodes (include/linux/proc_ns.h). */
const INITIAL_PIDNS = 0xeffffffc;
/** NET_NS_INIT_INO: newer kernels (6.18 does) fix the initial network namespace's inode too; older ones never give this number (include/uapi/linux/nsfs.h). */
const INITIAL_NETNS = 0xeffffff9;

const inodeOf = (path: string): number | null => {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
};

/**
 * Inode of the host's initial network namespace, null when it can't be told. Process 1 lives in it, but
 * only the host's process 1 counts: inside a container /proc/1 is the container's own, so on kernels
 * that don't fix the inode nothing is initial there.
 */
export function initialNetns(): number | null {
  const self = inodeOf('/proc/self/ns/net');
  if (self === INITIAL_NETNS) return self;
  if (inodeOf('/proc/self/ns/pid') !== INITIAL_PIDNS) return null;
  const first = inodeOf('/proc/1/ns/net');
  if (first !== null) return first;
  // Without the right to look at process 1's links: a namespace's files under /proc/PID/net have inodes
  // of their own, so the same inode means the same namespace.
  const table = inodeOf('/proc/1/net/netlink');
  return table !== null && table === inodeOf('/proc/self/net/netlink') ? self : null;
}
