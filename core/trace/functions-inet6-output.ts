/** IPv6, packets sent: who needs a route, and the lookup itself. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet6', 'output');
const shared = rowMaker(null, 'output');

export const INET6_OUTPUT: readonly FunctionRow[] = [
  row(
    'tcp_v6_connect',
    'net/ipv6/tcp_ipv6.c',
    'entry',
    'Starts a TCP connection: fills in a flowi6, looks it up, and takes the source address from the answer if the socket has none.',
    'root',
  ),
  row(
    '__ip6_datagram_connect',
    'net/ipv6/datagram.c',
    'entry',
    'The connect() of a datagram socket: notes the destination, then ip6_datagram_dst_update finds the route and keeps it in the socket.',
    'root',
  ),
  row(
    'ip6_datagram_dst_update',
    'net/ipv6/datagram.c',
    'entry',
    'Looks up the route of a connected datagram socket, now or after a message about the path MTU, and stores it in the socket.',
    'root',
  ),
  row(
    'udpv6_sendmsg',
    'net/ipv6/udp.c',
    'entry',
    'Sends a UDP message: a flowi6 is filled in and given to ip6_sk_dst_lookup_flow. A destination in ::ffff:0:0/96 goes to udp_sendmsg.',
    'root',
  ),
  row(
    'rawv6_sendmsg',
    'net/ipv6/raw.c',
    'entry',
    'Sends a message of a raw socket. It keeps no route: every message is looked up.',
    'root',
  ),
  row(
    'ping_v6_sendmsg',
    'net/ipv6/ping.c',
    'entry',
    'Sends an echo request of an unprivileged ping socket; every message is looked up.',
    'root',
  ),
  row(
    'inet6_csk_xmit',
    'net/ipv6/inet6_connection_sock.c',
    'entry',
    'Sends a segment of a connected socket; the route comes from inet6_csk_route_socket. Its flow argument is not used.',
    'root',
    'flow out',
  ),
  row(
    'inet6_csk_route_socket',
    'net/ipv6/inet6_connection_sock.c',
    'entry',
    "Fills in a flowi6 from the socket and gives the socket's kept route; only if ip6_dst_check refuses it there is a lookup.",
    'root',
    'flow out',
  ),
  row(
    'inet6_csk_route_req',
    'net/ipv6/inet6_connection_sock.c',
    'entry',
    'Finds the way back to a client that wants to connect, for the SYN-ACK. The flow is filled in from the request_sock.',
    'root',
    'flow out',
  ),
  row(
    'inet6_sk_rebuild_header',
    'net/ipv6/af_inet6.c',
    'entry',
    'TCP calls it before a SYN and before it sends again: nothing to do while the kept route is valid, else it is looked up anew.',
    'root',
  ),
  row(
    'ip6_route_me_harder',
    'net/ipv6/netfilter.c',
    'entry',
    "Routes a packet again after netfilter changed what routing depends on, such as mark or address. The packet's header says the flow.",
    'root',
  ),
  row(
    'ip6_dst_check',
    'net/ipv6/route.c',
    'step',
    'Is a kept route still good? The cookie kept with it must equal the serial number of the tree node (fn_sernum) its route hangs on. NULL means: look up again.',
  ),
  row(
    'ip6_sk_dst_lookup_flow',
    'net/ipv6/ip6_output.c',
    'entry',
    "Tries the socket's kept route first, if it fits this flow; else ip6_dst_lookup_flow finds one.",
    'root',
  ),
  row(
    'ip6_dst_lookup_flow',
    'net/ipv6/ip6_output.c',
    'lookup',
    'The door for sockets: finds route and source address (ip6_dst_lookup_tail), then IPsec policy has a say. Gives a dst_entry or an errno.',
    'root',
  ),
  row(
    'ip6_dst_lookup',
    'net/ipv6/ip6_output.c',
    'lookup',
    'As ip6_dst_lookup_flow, but IPsec policy is not asked. ICMPv6 errors find their way by it.',
    'root',
  ),
  row(
    'ip6_dst_lookup_tail',
    'net/ipv6/ip6_output.c',
    'lookup',
    'Finds the route and, if the flow has no source address, chooses one that fits it. An error found without a source is tried once more with it.',
  ),
  row(
    'ip6_route_output_flags',
    'net/ipv6/route.c',
    'lookup',
    'The lookup for packets sent. It always gives a route object: ip6_null_entry, or one whose dst.error is set, means there is no way.',
    'root',
  ),
  row(
    'ip6_route_output_flags_noref',
    'net/ipv6/route.c',
    'lookup',
    'Works out how strict the interface is to be taken, as for link-local destinations, then asks rules and tables with ip6_pol_route_output.',
    'root',
  ),
  shared(
    'l3mdev_link_scope_lookup',
    'net/l3mdev/l3mdev.c',
    'step',
    'Link-local and multicast destinations of a flow bound to a VRF: the VRF device is asked. NULL: the usual lookup follows.',
  ),
  row(
    'ip6_route_get_saddr',
    'include/net/ip6_route.h',
    'step',
    'Inline: the source address for a route is its fib6_prefsrc if set, else what ipv6_dev_get_saddr chooses.',
  ),
  row(
    'ipv6_dev_get_saddr',
    'net/ipv6/addrconf.c',
    'step',
    'Source address selection of RFC 6724: compares the addresses of the interface, and of others where allowed, by scope, state, label and common prefix.',
  ),
];
