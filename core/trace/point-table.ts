/** Tracepoints and system calls by their numbers in records. */

import type { TracedFunction } from './model.js';

function point(id: number, name: string): TracedFunction {
  return { id, name, symbol: name, mechanism: 'tracepoint', parameters: [], returns: '' };
}

/** What the tracepoint tier watches; numbers as enum rt_point (bpf/trace-points-context.bpf.h). */
export const POINT_FUNCTIONS: readonly TracedFunction[] = [
  point(1, 'fib:fib_table_lookup'),
  point(2, 'fib6:fib6_table_lookup'),
  point(3, 'neigh:neigh_create'),
  point(4, 'neigh:neigh_event_send_done'),
  point(5, 'neigh:neigh_event_send_dead'),
  point(6, 'neigh:neigh_update'),
  point(7, 'net:net_dev_queue'),
  point(8, 'skb:kfree_skb'),
  point(9, 'icmp:icmp_send'),
];

/** The system call around the lookups of a task: the root of their tree. */
export const SYSCALL: TracedFunction = { ...point(0, 'syscall'), returns: 'long' };

/** Number of the argument of every record that says which system call it is, plus 1; 0 for none. */
export const CALL_ARGUMENT = 5;

/** arch/x86/entry/syscalls/syscall_64.tbl: those that send, connect or wait while a packet is looked up. */
const CALLS: ReadonlyMap<number, string> = new Map([
  [0, 'read'],
  [1, 'write'],
  [3, 'close'],
  [16, 'ioctl'],
  [18, 'pwrite64'],
  [20, 'writev'],
  [40, 'sendfile'],
  [42, 'connect'],
  [43, 'accept'],
  [44, 'sendto'],
  [45, 'recvfrom'],
  [46, 'sendmsg'],
  [47, 'recvmsg'],
  [48, 'shutdown'],
  [49, 'bind'],
  [50, 'listen'],
  [54, 'setsockopt'],
  [55, 'getsockopt'],
  [231, 'exit_group'],
  [275, 'splice'],
  [288, 'accept4'],
  [299, 'recvmmsg'],
  [307, 'sendmmsg'],
  [426, 'io_uring_enter'],
]);

/** `sendto()`. `told`: the number plus 1, as records have it. */
export function callName(told: number): string {
  const name = CALLS.get(told - 1);
  return name === undefined ? `system call ${told - 1}` : `${name}()`;
}

/** Reasons of routing to drop a packet, as enum rt_point_drop numbers them; the kernel's own numbers change. */
export const DROP_REASONS: readonly (string | null)[] = [
  null,
  'IP_OUTNOROUTES',
  'IP_INNOROUTES',
  'IP_INADDRERRORS',
  'IP_RPFILTER',
  'NEIGH_FAILED',
  'NEIGH_CREATEFAIL',
  'NEIGH_QUEUEFULL',
  'NEIGH_DEAD',
  'PKT_TOO_BIG',
  'UNICAST_IN_L2_MULTICAST',
  'NETFILTER_DROP',
  'NO_SOCKET',
  'IP_LOCAL_SOURCE',
  'IP_INVALID_SOURCE',
  'IP_LOCALNET',
  'IP_INVALID_DEST',
];
