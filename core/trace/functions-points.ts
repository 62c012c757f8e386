/** Tracepoints passed on the way: all a kernel shows that lets no function be watched. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet', 'both');
const row6 = rowMaker('inet6', 'both');
const shared = rowMaker(null, 'both');
const sent = rowMaker(null, 'output');

export const POINTS: readonly FunctionRow[] = [
  sent(
    'syscall',
    'include/trace/events/syscalls.h',
    'point',
    'The system call the lookups were made in: connect, sendto, sendmsg and the like. Its result is what the program sees.',
  ),
  row(
    'fib:fib_table_lookup',
    'include/trace/events/fib.h',
    'point',
    'One IPv4 table was searched (fib_table_lookup, net/ipv4/fib_trie.c): its number, the flow, and the nexthop found or an errno.',
  ),
  row6(
    'fib6:fib6_table_lookup',
    'include/trace/events/fib6.h',
    'point',
    'One IPv6 table was searched (fib6_table_lookup, net/ipv6/route.c): its number, the flow, and the route found; no route is its null entry.',
  ),
  shared(
    'neigh:neigh_create',
    'include/trace/events/neigh.h',
    'point',
    'A neighbour entry is made: the nexthop of a packet, or its destination on a connected network, was not known on this link.',
  ),
  shared(
    'neigh:neigh_event_send_done',
    'include/trace/events/neigh.h',
    'point',
    'A packet for a neighbour whose link address is not settled: it may have to wait while ARP or neighbour discovery asks.',
  ),
  shared(
    'neigh:neigh_event_send_dead',
    'include/trace/events/neigh.h',
    'point',
    'A packet came for a neighbour entry that was already taken away; it is dropped.',
  ),
  shared(
    'neigh:neigh_update',
    'include/trace/events/neigh.h',
    'point',
    'A neighbour entry gets a new state or link address, as from an ARP answer or a neighbour advertisement.',
  ),
  sent(
    'net:net_dev_queue',
    'include/trace/events/net.h',
    'point',
    'A routed packet reaches the queue of its interface: what routing decided is done from here on.',
  ),
  sent(
    'net:net_dev_start_xmit',
    'include/trace/events/net.h',
    'point',
    "The interface's driver is given the packet.",
  ),
  shared(
    'skb:kfree_skb',
    'include/trace/events/skb.h',
    'point',
    'A packet is dropped; the reason tells why, such as IP_INNOROUTES where no route was found for a received one.',
  ),
  row(
    'icmp:icmp_send',
    'include/trace/events/icmp.h',
    'point',
    'An ICMP error is about to be sent; the route for it, looked up just before, is that of the answer.',
  ),
];
