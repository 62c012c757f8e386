import { describe, expect, test } from '@jest/globals';

import { FUNCTIONS, functionRow } from '../../../core/trace/functions.js';

/** What the routing code of 6.1 to 6.18 passes through, read in its source and call graphs. */
const INET_OUTPUT = `
  tcp_v4_connect __ip4_datagram_connect udp_sendmsg raw_sendmsg ping_v4_sendmsg __ip_queue_xmit inet_csk_route_req
  inet_csk_route_child_sock inet_sk_rebuild_header ip_route_me_harder ip_route_connect ip_route_output_ports
  ipv4_dst_check ip_route_output_flow ip_route_output_key_hash ip_route_output_key_hash_rcu __ip_dev_find fib_lookup
  __fib_lookup l3mdev_update_flow fib_rules_lookup fib_rule_match fib4_rule_match fib4_rule_action fib4_rule_suppress
  fib_get_table fib_table_lookup fib_lookup_good_nhc fib_select_path fib_multipath_hash fib_select_multipath
  fib_select_default fib_detect_death fib_result_prefsrc __mkroute_output find_exception rt_cache_valid rt_dst_alloc
  dst_alloc rt_set_nexthop rt_bind_exception rt_cache_route rt_add_uncached_list xfrm_lookup_route
`;
const INET_INPUT = `
  ip_rcv ip_rcv_core ip_rcv_finish ip_rcv_finish_core tcp_v4_early_demux udp_v4_early_demux ip_route_use_hint
  ip_route_input_noref ip_route_input_rcu ip_route_input_slow fib_validate_source __fib_validate_source
  ip_mc_validate_source ip_handle_martian_source ip_mkroute_input __mkroute_input ip_local_deliver ip_forward
  ip_mr_input ip_error
`;
const INET6_OUTPUT = `
  tcp_v6_connect __ip6_datagram_connect ip6_datagram_dst_update udpv6_sendmsg rawv6_sendmsg inet6_csk_xmit
  inet6_csk_route_socket inet6_csk_route_req inet6_sk_rebuild_header ip6_dst_check ip6_sk_dst_lookup_flow
  ip6_dst_lookup_flow ip6_dst_lookup_tail ip6_route_output_flags ip6_route_output_flags_noref fib6_rule_lookup
  fib6_rule_match fib6_rule_action fib6_rule_suppress ip6_pol_route_output ip6_pol_route fib6_table_lookup
  fib6_node_lookup fib6_backtrack rt6_select find_rr_leaf find_match __find_rr_leaf rt6_score_route rt6_probe
  fib6_select_path rt6_multipath_hash rt6_find_cached_rt __rt6_find_exception_rcu rt6_get_pcpu_route
  rt6_make_pcpu_route ip6_rt_cache_alloc ip6_rt_copy_init ip6_hold_safe ip6_dst_alloc ip6_route_get_saddr
`;
const INET6_INPUT = `
  ipv6_rcv ip6_rcv_core ip6_rcv_finish ip6_rcv_finish_core ip6_route_input ip6_route_input_lookup ip6_pol_route_input
  ip6_input ip6_forward ip6_mr_input ip6_pkt_discard ip6_pkt_prohibit ip6_pkt_drop
`;
const POINTS = `
  fib:fib_table_lookup fib6:fib6_table_lookup neigh:neigh_create neigh:neigh_event_send_done
  neigh:neigh_event_send_dead neigh:neigh_update net:net_dev_queue net:net_dev_start_xmit skb:kfree_skb icmp:icmp_send
  syscall
`;

const words = (text: string): string[] => text.trim().split(/\s+/);

const namesWhere = (test: (row: (typeof FUNCTIONS)[number]) => boolean): string[] =>
  FUNCTIONS.filter(test).map((row) => row.name);

describe('the table of traced functions', () => {
  test.each([
    ['of IPv4 output', INET_OUTPUT],
    ['of IPv4 input', INET_INPUT],
    ['of IPv6 output', INET6_OUTPUT],
    ['of IPv6 input', INET6_INPUT],
    ['that is a tracepoint', POINTS],
  ])('has every function %s', (_of, names) => {
    expect(words(names).filter((name) => functionRow(name) === null)).toEqual([]);
  });

  test('has each name once, and functionRow finds it', () => {
    expect(new Set(FUNCTIONS.map((row) => row.name)).size).toBe(FUNCTIONS.length);
    for (const row of FUNCTIONS) expect(functionRow(row.name)).toBe(row);
    expect(functionRow('fib_table_lookup.isra.0')).toBeNull();
  });

  test('explains each in whole sentences of 240 characters at most', () => {
    expect(
      namesWhere((row) => row.explain.length > 240 || !/^[A-Z].*[^.]\.$/.test(row.explain)),
    ).toEqual([]);
  });

  test('explains no two functions of one family alike', () => {
    const texts = FUNCTIONS.map((row) => `${row.family}: ${row.explain}`);
    const twice = texts.filter((text, index) => texts.indexOf(text) !== index);
    expect(twice).toEqual([]);
  });

  test('says the file in the source', () => {
    expect(namesWhere((row) => !/^(net|include)\/[a-z0-9_/]+\.[ch]$/.test(row.file))).toEqual([]);
    expect(
      namesWhere((row) => row.role === 'point' && !row.file.startsWith('include/trace/events/')),
    ).toEqual([]);
  });

  test('begins trees where the arguments tell one destination: at entries and lookups of one family', () => {
    const roots = FUNCTIONS.filter((row) => row.isRoot);
    expect(
      roots.filter((row) => row.family === null || !['entry', 'lookup'].includes(row.role)),
    ).toEqual([]);
    for (const family of ['inet', 'inet6'] as const)
      for (const way of ['output', 'input'] as const)
        expect(roots.some((row) => row.family === family && row.way === way)).toBe(true);
  });

  test('begins a tree at the first function that a list of received packets leaves for each packet', () => {
    expect(functionRow('ip_rcv_finish_core')?.isRoot).toBe(true);
    expect(functionRow('ip6_rcv_finish_core')?.isRoot).toBe(true);
    expect(functionRow('ip_list_rcv')).toBeNull();
    expect(functionRow('ip_sublist_rcv')).toBeNull();
  });

  test('knows whose flow is worth nothing at the entry', () => {
    expect(namesWhere((row) => row.isFlowOut)).toEqual([
      '__ip_queue_xmit',
      'inet_csk_route_req',
      'inet_csk_rebuild_route',
      'ip_route_connect',
      'ip_route_output_ports',
      'inet6_csk_xmit',
      'inet6_csk_route_socket',
      'inet6_csk_route_req',
    ]);
  });
});
