/** IPv6, packets received: the lookup, and where a packet goes then. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet6', 'input');
const sent = rowMaker('inet6', 'output');

export const INET6_INPUT: readonly FunctionRow[] = [
  row(
    'ipv6_rcv',
    'net/ipv6/ip6_input.c',
    'entry',
    "IPv6's door for a received packet: checks it (ip6_rcv_core), passes netfilter's PREROUTING and goes on with ip6_rcv_finish.",
    'root',
  ),
  row(
    'ip6_rcv_core',
    'net/ipv6/ip6_input.c',
    'step',
    'Checks header, length and addresses. NULL: the packet is dropped before any routing.',
  ),
  row(
    'ip6_rcv_finish',
    'net/ipv6/ip6_input.c',
    'entry',
    "Finds the packet's route (ip6_rcv_finish_core), then calls its dst->input: that is where delivery, forwarding or refusal begins.",
    'root',
  ),
  row(
    'ip6_rcv_finish_core',
    'net/ipv6/ip6_input.c',
    'entry',
    'Gets a packet its route: from its socket (early demux) or by ip6_route_input. Here a list of packets arrives too, one after the other.',
    'root',
  ),
  row(
    'tcp_v6_early_demux',
    'net/ipv6/tcp_ipv6.c',
    'step',
    'Finds the established socket before any routing. If it keeps a valid route for input (sk_rx_dst), the packet gets that and nothing is looked up.',
  ),
  row(
    'udp_v6_early_demux',
    'net/ipv6/udp.c',
    'step',
    'Looks for the one connected UDP socket of the packet; its kept route (sk_rx_dst) spares the lookup.',
  ),
  row(
    'ip6_route_input',
    'net/ipv6/route.c',
    'lookup',
    "The door for packets received: makes a flowi6 out of the packet's header and looks it up. The route lands in the skb, an error as well as a good one.",
    'root',
  ),
  row(
    'ip6_route_input_lookup',
    'net/ipv6/route.c',
    'lookup',
    'The lookup for packets received: link-local destinations keep to their interface; rules and tables are asked with ip6_pol_route_input.',
    'root',
  ),
  row(
    'ip6_pol_route_input',
    'net/ipv6/route.c',
    'lookup',
    'One table, for a packet received: ip6_pol_route with the interface it came in by.',
  ),
  row(
    'ip6_input',
    'net/ipv6/ip6_input.c',
    'outcome',
    "The packet is for this host: netfilter's INPUT is passed, extension headers are read and the protocol gets it.",
  ),
  row(
    'ip6_mc_input',
    'net/ipv6/ip6_input.c',
    'outcome',
    'A multicast packet: delivered if a socket here joined the group, and forwarded if this is a multicast router.',
  ),
  row(
    'ip6_forward',
    'net/ipv6/ip6_output.c',
    'outcome',
    "The packet goes on: forwarding must be on, hop limit and size are checked, a redirect may be sent, and netfilter's FORWARD is passed.",
  ),
  row(
    'ip6_mr_input',
    'net/ipv6/ip6mr.c',
    'outcome',
    'Multicast forwarding: the cache of multicast routes says on which interfaces copies leave.',
  ),
  row(
    'ip6_pkt_discard',
    'net/ipv6/route.c',
    'outcome',
    'Input of ip6_null_entry and of unreachable routes: the packet is dropped and answered with "no route".',
  ),
  row(
    'ip6_pkt_prohibit',
    'net/ipv6/route.c',
    'outcome',
    'Input of prohibit routes: the packet is dropped and answered with "administratively prohibited".',
  ),
  sent(
    'ip6_pkt_discard_out',
    'net/ipv6/route.c',
    'outcome',
    'As ip6_pkt_discard, for a packet that was to be sent.',
  ),
  sent(
    'ip6_pkt_prohibit_out',
    'net/ipv6/route.c',
    'outcome',
    'As ip6_pkt_prohibit, for a packet that was to be sent.',
  ),
  row(
    'ip6_pkt_drop',
    'net/ipv6/route.c',
    'outcome',
    'Counts a packet without a usable route, answers with ICMPv6 unreachable of the given code, and drops it.',
  ),
  row(
    'icmp6_send',
    'net/ipv6/icmp.c',
    'outcome',
    'Answers a packet with an ICMPv6 error. The answer needs a route of its own, to the sender: lookups below belong to it.',
  ),
];
