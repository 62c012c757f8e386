/**
 * Functions of the routing code whose calls a trace must show wherever the kernel has them as a symbol of its own. Kept
 * apart from routetap's table on purpose: what is forgotten there is found by this list.
 */
const OUTPUT_4 = [
  ...['tcp_v4_connect', '__ip4_datagram_connect', 'udp_sendmsg', 'raw_sendmsg', 'ping_v4_sendmsg'],
  ...['__ip_queue_xmit', 'inet_csk_route_req', 'inet_csk_route_child_sock'],
  ...['inet_sk_rebuild_header', 'ip_route_me_harder', 'ipv4_dst_check', 'ip_route_output_flow'],
  ...['ip_route_output_key_hash', 'ip_route_output_key_hash_rcu', '__ip_dev_find', '__fib_lookup'],
  ...['l3mdev_update_flow', 'fib_rules_lookup', 'fib4_rule_match', 'fib4_rule_action'],
  ...['fib4_rule_suppress', 'fib_get_table', 'fib_table_lookup', 'fib_lookup_good_nhc'],
  ...['fib_select_path', 'fib_multipath_hash', 'fib_select_multipath', 'fib_select_default'],
  ...['fib_detect_death', 'fib_result_prefsrc', '__mkroute_output', 'find_exception'],
  ...['rt_cache_valid', 'rt_dst_alloc', 'rt_set_nexthop', 'rt_cache_route'],
  ...['rt_add_uncached_list', 'xfrm_lookup_route'],
];

const INPUT_4 = [
  ...['ip_rcv', 'ip_rcv_core', 'ip_rcv_finish', 'ip_rcv_finish_core', 'tcp_v4_early_demux'],
  ...['udp_v4_early_demux', 'ip_route_use_hint', 'ip_route_input_noref', 'ip_route_input_rcu'],
  ...['ip_route_input_slow', 'fib_validate_source', '__fib_validate_source'],
  ...['ip_mc_validate_source', 'ip_handle_martian_source', '__mkroute_input', 'ip_mkroute_input'],
  ...['ip_local_deliver', 'ip_forward', 'ip_mr_input', 'ip_error'],
];

const OUTPUT_6 = [
  ...['tcp_v6_connect', '__ip6_datagram_connect', 'ip6_datagram_dst_update', 'udpv6_sendmsg'],
  ...['rawv6_sendmsg', 'inet6_csk_xmit', 'inet6_csk_route_socket', 'inet6_csk_route_req'],
  ...['inet6_sk_rebuild_header', 'ip6_dst_check', 'ip6_sk_dst_lookup_flow', 'ip6_dst_lookup_flow'],
  ...['ip6_dst_lookup_tail', 'ip6_route_output_flags', 'ip6_route_output_flags_noref'],
  ...['fib6_rule_lookup', 'fib6_rule_match', 'fib6_rule_action', 'fib6_rule_suppress'],
  ...['ip6_pol_route_output', 'ip6_pol_route', 'fib6_table_lookup', 'fib6_node_lookup'],
  ...['fib6_backtrack', 'rt6_select', 'find_rr_leaf', 'find_match', '__find_rr_leaf'],
  ...['rt6_score_route', 'rt6_probe', 'fib6_select_path', 'rt6_multipath_hash'],
  ...['rt6_find_cached_rt', '__rt6_find_exception_rcu', 'rt6_get_pcpu_route'],
  ...['rt6_make_pcpu_route', 'ip6_rt_cache_alloc', 'ip6_rt_copy_init', 'ip6_hold_safe'],
  ...['ip6_dst_alloc', 'ip6_route_get_saddr'],
];

const INPUT_6 = [
  ...['ipv6_rcv', 'ip6_rcv_core', 'ip6_rcv_finish', 'ip6_rcv_finish_core', 'ip6_route_input'],
  ...['ip6_route_input_lookup', 'ip6_pol_route_input', 'ip6_input', 'ip6_forward', 'ip6_mr_input'],
  ...['ip6_pkt_discard', 'ip6_pkt_prohibit', 'ip6_pkt_drop'],
];

export const EXPECTED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...OUTPUT_4,
  ...INPUT_4,
  ...OUTPUT_6,
  ...INPUT_6,
]);

/** The name in the source of a symbol that the compiler made a copy of: `f.part.0` is `f`. */
export const sourceName = (symbol: string): string => symbol.replace(/\..*$/, '');
