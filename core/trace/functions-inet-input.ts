/** IPv4, packets received: the lookup, and where a packet goes then. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet', 'input');

export const INET_INPUT: readonly FunctionRow[] = [
  row(
    'ip_rcv',
    'net/ipv4/ip_input.c',
    'entry',
    "IPv4's door for a received packet: checks it (ip_rcv_core), passes netfilter's PREROUTING and goes on with ip_rcv_finish.",
    'root',
  ),
  row(
    'ip_rcv_core',
    'net/ipv4/ip_input.c',
    'step',
    'Checks version, lengths and checksum of the header. NULL: the packet is dropped before any routing.',
  ),
  row(
    'ip_rcv_finish',
    'net/ipv4/ip_input.c',
    'entry',
    "Finds the packet's route (ip_rcv_finish_core), then calls its dst->input: that is where delivery, forwarding or refusal begins.",
    'root',
  ),
  row(
    'ip_rcv_finish_core',
    'net/ipv4/ip_input.c',
    'entry',
    'Gets a packet its route: from the hint of the packet before it, from its socket (early demux), or by ip_route_input_noref. Here a list of packets arrives too, one after the other.',
    'root',
  ),
  row(
    'tcp_v4_early_demux',
    'net/ipv4/tcp_ipv4.c',
    'step',
    'Finds the established socket before any routing. If it keeps a valid route for input (sk_rx_dst), the packet gets that and nothing is looked up.',
  ),
  row(
    'udp_v4_early_demux',
    'net/ipv4/udp.c',
    'step',
    'Looks for the one connected UDP socket of the packet; its kept route (sk_rx_dst) spares the lookup. For multicast the source may be checked here.',
  ),
  row(
    'ip_route_use_hint',
    'net/ipv4/route.c',
    'step',
    'The packet before it went to the same address: its route is used again. Only the source is checked anew (fib_validate_source).',
  ),
  row(
    'ip_route_input_noref',
    'net/ipv4/route.c',
    'lookup',
    'The door for packets received. The route lands in the skb without a reference of its own, under the RCU lock.',
    'root',
  ),
  row(
    'ip_route_input_rcu',
    'net/ipv4/route.c',
    'lookup',
    'Sorts multicast out, which has its own way; all else goes to ip_route_input_slow.',
  ),
  row(
    'ip_route_input_slow',
    'net/ipv4/route.c',
    'lookup',
    'The lookup for packets received: refuses impossible addresses (martians), asks rules and tables, checks the source, and makes a local or a forwarding route. No route gives one too: its input is ip_error.',
    'root',
  ),
  row(
    'fib_validate_source',
    'net/ipv4/fib_frontend.c',
    'step',
    'May a packet from this source arrive here? With rp_filter off and nothing special set a short check is enough; else __fib_validate_source.',
  ),
  row(
    '__fib_validate_source',
    'net/ipv4/fib_frontend.c',
    'step',
    'Looks up the way back: source and destination change places. rp_filter 1 wants it to leave by the same interface, 2 wants any route at all.',
  ),
  row(
    'ip_mc_validate_source',
    'net/ipv4/route.c',
    'step',
    'Checks the source of a multicast packet: no multicast or broadcast address, and fib_validate_source must agree.',
  ),
  row(
    'ip_handle_martian_source',
    'net/ipv4/route.c',
    'step',
    'Counts a source that cannot be, and writes it to the log with log_martians. Being here means the packet was refused for its source.',
  ),
  row(
    'ip_mkroute_input',
    'net/ipv4/route.c',
    'step',
    'For packets to be forwarded: chooses a leg of a multipath route by hash, then calls __mkroute_input.',
  ),
  row(
    '__mkroute_input',
    'net/ipv4/route.c',
    'step',
    'Makes the rtable for a packet to be forwarded: checks the source, reads the exceptions, and takes the route cached in the nexthop (nhc_rth_input) or makes a new one.',
  ),
  row(
    'ip_local_deliver',
    'net/ipv4/ip_input.c',
    'outcome',
    "The packet is for this host: fragments are joined, netfilter's INPUT is passed, and the protocol (TCP, UDP, ICMP) gets it.",
  ),
  row(
    'ip_forward',
    'net/ipv4/ip_forward.c',
    'outcome',
    "The packet goes on: TTL and size are checked, a redirect may be sent, and netfilter's FORWARD is passed.",
  ),
  row(
    'ip_mr_input',
    'net/ipv4/ipmr.c',
    'outcome',
    'Multicast forwarding: the cache of multicast routes says on which interfaces copies leave.',
  ),
  row(
    'ip_error',
    'net/ipv4/route.c',
    'outcome',
    'Input of a route that stands for an error: drops the packet and, on a router, answers with the ICMP message for dst->error, not too often per sender.',
  ),
  row(
    '__icmp_send',
    'net/ipv4/icmp.c',
    'outcome',
    'Answers a packet with an ICMP error. The answer needs a route of its own, to the sender: lookups below belong to it.',
  ),
  row(
    'icmp_route_lookup',
    'net/ipv4/icmp.c',
    'step',
    'Looks up the route of an ICMP error back to the sender of the packet it is about; IPsec may make it look the other way round too.',
  ),
];
