/** IPv4, packets sent: who needs a route, and the lookup itself. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet', 'output');

export const INET_OUTPUT: readonly FunctionRow[] = [
  row(
    'tcp_v4_connect',
    'net/ipv4/tcp_ipv4.c',
    'entry',
    'Starts a TCP connection. The route is asked for first to learn the source address, and once more when the source port is chosen: ports may matter to rules and to multipath.',
    'root',
  ),
  row(
    '__ip4_datagram_connect',
    'net/ipv4/datagram.c',
    'entry',
    'The connect() of a datagram socket: looks the route up once, takes the source address from it and keeps it in the socket (sk_dst_cache).',
    'root',
  ),
  row(
    'udp_sendmsg',
    'net/ipv4/udp.c',
    'entry',
    'Sends a UDP message. A connected socket tries its kept route first; otherwise a flowi4 is filled in and looked up for this message.',
    'root',
  ),
  row(
    'raw_sendmsg',
    'net/ipv4/raw.c',
    'entry',
    'Sends a message of a raw socket. It keeps no route: every message is looked up.',
    'root',
  ),
  row(
    'ping_v4_sendmsg',
    'net/ipv4/ping.c',
    'entry',
    'Sends an echo request of an unprivileged ping socket. It keeps no route: every message is looked up.',
    'root',
  ),
  row(
    '__ip_queue_xmit',
    'net/ipv4/ip_output.c',
    'entry',
    'Sends a segment of a connected socket. The route kept in the socket is used while ipv4_dst_check accepts it; only then is there a new lookup.',
    'root',
    'flow out',
  ),
  row(
    'inet_csk_route_req',
    'net/ipv4/inet_connection_sock.c',
    'entry',
    'Finds the way back to a client that wants to connect, for the SYN-ACK. The flow is filled in from the request_sock.',
    'root',
    'flow out',
  ),
  row(
    'inet_csk_route_child_sock',
    'net/ipv4/inet_connection_sock.c',
    'entry',
    'Finds the route of the socket made for an accepted connection. The flow, kept in the new socket, is filled in from the request_sock.',
    'root',
  ),
  row(
    'inet_csk_rebuild_route',
    'net/ipv4/inet_connection_sock.c',
    'entry',
    "Looks a connection's route up again when a message about the path MTU finds none kept in the socket.",
    'root',
    'flow out',
  ),
  row(
    'inet_sk_rebuild_header',
    'net/ipv4/af_inet.c',
    'entry',
    'TCP calls it before a SYN and before it sends again: nothing to do while the kept route is valid, else it is looked up anew.',
    'root',
  ),
  row(
    'ip_route_me_harder',
    'net/ipv4/netfilter.c',
    'entry',
    "Routes a packet again after netfilter changed what routing depends on, such as mark or address. The packet's header says the flow.",
    'root',
  ),
  row(
    'ip_route_connect',
    'include/net/route.h',
    'entry',
    'Inline part of tcp_v4_connect: asks for a route without a source address, takes the source it gives, and asks again.',
    'flow out',
  ),
  row(
    'ip_route_output_ports',
    'include/net/route.h',
    'entry',
    'Inline: fills in a flowi4 from addresses, ports and the socket, and calls ip_route_output_flow.',
    'flow out',
  ),
  row(
    'ipv4_dst_check',
    'net/ipv4/route.c',
    'step',
    "Is a kept route still good? Its rt_genid must be the namespace's, which every change of routes, rules and addresses raises. NULL means: look up again.",
  ),
  row(
    'ip_route_output_flow',
    'net/ipv4/route.c',
    'lookup',
    'The door for packets sent: takes a flowi4, gives an rtable or an errno. When the protocol is known, IPsec policy has a say afterwards (xfrm_lookup_route).',
    'root',
  ),
  row(
    'ip_route_output_key_hash',
    'net/ipv4/route.c',
    'lookup',
    'Prepares an empty fib_result and holds the RCU lock around the lookup; ip_route_output_key_hash_rcu does the work.',
    'root',
  ),
  row(
    'ip_route_output_key_hash_rcu',
    'net/ipv4/route.c',
    'lookup',
    'The lookup for packets sent: checks source and interface of the flow, asks rules and tables (fib_lookup), chooses the nexthop (fib_select_path) and makes the rtable (__mkroute_output).',
    'root',
  ),
  row(
    '__ip_dev_find',
    'net/ipv4/devinet.c',
    'step',
    'Which interface has this address? Looks into the hash of own addresses, then the local table. The lookup uses it to refuse a source that is not ours.',
  ),
];
