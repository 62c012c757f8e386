import { describe, expect, test } from '@jest/globals';
import { FLOW, ROUTE, DST, RULE, errno, single } from './lookups.js';
import { type Fields, POINTER } from './steps.js';

describe('the words of a call', () => {
  test.each<[string, Fields, Fields, string]>([
    [
      'fib4_rule_action',
      { ...RULE, rule_pref: 100, rule_table: 7, rule_mark: 7, rule_mark_mask: 0xffffffff },
      errno(11),
      'fib4_rule_action(rule 100: from all fwmark 0x7 lookup 7) → no route, on to the next rule (EAGAIN)',
    ],
    [
      'fib4_rule_suppress',
      { ...RULE, rule_suppress_prefixlen: 0 },
      { ret: 0x7701 },
      'fib4_rule_suppress(rule 32766: from all lookup main suppress_prefixlength 0) → does not count, on to the next rule',
    ],
    [
      'fib4_rule_match',
      RULE,
      { ret: 0 },
      'fib4_rule_match(rule 32766: from all lookup main) → does not match',
    ],
    [
      'fib_rules_lookup',
      FLOW,
      { ...RULE, ret: 0 },
      'fib_rules_lookup(10.66.66.66 tcp dport 80) → rule 32766: from all lookup main',
    ],
    [
      'fib_get_table',
      { arguments: [1, 254] },
      { ret: POINTER, table: 254 },
      'fib_get_table(table main) → table main',
    ],
    [
      'fib_lookup_good_nhc',
      { ...ROUTE, route_prefix_len: 255, route_nexthop_flags: 16 },
      { ret: 0x100 },
      'fib_lookup_good_nhc(via 10.0.0.2 dev v0 linkdown) → does not serve',
    ],
    [
      'fib_result_prefsrc',
      ROUTE,
      { ret: 0x0500000a },
      'fib_result_prefsrc(10.66.0.0/16 via 10.0.0.2 dev v0 scope global) → 10.0.0.5',
    ],
    [
      'find_exception',
      { arguments: [7, 0x4242420a] },
      { ret: POINTER, exception_gateway: '10.0.0.3', exception_expires_s: 290 },
      'find_exception(10.66.66.66) → redirected via 10.0.0.3, 290 s left',
    ],
    [
      'rt6_find_cached_rt',
      { family: 10, flow_dst: 'fd04::7', sections: ['has_flow'] },
      {
        ret: POINTER,
        family: 10,
        dst_gateway: 'fe80::3',
        dst_gateway_family: 10,
        dst_dev: 'v0',
        dst_flags: 0x13,
        sections: ['has_dst'],
      },
      'rt6_find_cached_rt(fd04::7) → via fe80::3 dev v0 (redirected)',
    ],
    [
      'ip_route_output_key_hash_rcu',
      FLOW,
      { ...DST, ret: POINTER, dst_type: 2, dst_gateway: '10.66.66.66', dst_dev: 'lo' },
      'ip_route_output_key_hash_rcu(10.66.66.66 tcp dport 80) → local 10.66.66.66 dev lo',
    ],
    [
      'fib_rules_lookup',
      { ...FLOW, flow_l3mdev: 7, flow_l3mdev_name: 'blue' },
      errno(3),
      'fib_rules_lookup(10.66.66.66 vrf blue tcp dport 80) → no rule gives a route (ESRCH)',
    ],
    [
      'fib_multipath_hash',
      FLOW,
      { ret: 0x1b2c3d4e },
      'fib_multipath_hash(10.66.66.66 tcp dport 80) → hash 0x1b2c3d4e',
    ],
    [
      'find_exception',
      { arguments: [7, 0x4242420a] },
      { ret: POINTER, exception_mtu: 1300, exception_expires_s: 590 },
      'find_exception(10.66.66.66) → mtu 1300, 590 s left',
    ],
    [
      'rt_cache_route',
      { ...ROUTE, route_prefix_len: 255 },
      { ret: 0 },
      'rt_cache_route(via 10.0.0.2 dev v0) → not cached',
    ],
    [
      'ipv4_dst_check',
      DST,
      { ret: 0 },
      'ipv4_dst_check(via 10.0.0.2 dev v0) → no longer valid, looked up again',
    ],
    [
      '__ip_dev_find',
      { arguments: [1, 0x0500000a] },
      { ret: POINTER, dev: 'v0', ifindex: 3 },
      '__ip_dev_find(10.0.0.5) → address of dev v0',
    ],
    [
      '__ip_dev_find',
      { arguments: [1, 0x0500000a] },
      { ret: 0 },
      '__ip_dev_find(10.0.0.5) → no address of this host',
    ],
    [
      'l3mdev_update_flow',
      { ...FLOW, flow_oif: 3, dev: 'v0', ifindex: 3 },
      { ...FLOW, flow_oif: 0, flow_l3mdev: 9, dst_oif: 9, dst_dev: 'blue' },
      'l3mdev_update_flow(10.66.66.66 oif v0 tcp dport 80) → oif v0 becomes none, l3mdev none becomes blue',
    ],
    [
      'l3mdev_update_flow',
      FLOW,
      FLOW,
      'l3mdev_update_flow(10.66.66.66 tcp dport 80) → unchanged: no VRF',
    ],
    [
      'fib_detect_death',
      { arguments: [1, 2] },
      { ret: 1 },
      'fib_detect_death(order 2) → gateway seems dead',
    ],
    [
      'fib_validate_source',
      { flow_src: '192.0.2.1', flow_dst: '10.0.0.5', dev: 'v0', ifindex: 3 },
      errno(18),
      'fib_validate_source(10.0.0.5 from 192.0.2.1, dev v0) → refused: would not go back this way, rp_filter (EXDEV)',
    ],
    [
      'udp_sendmsg',
      { flow_dst: '10.1.2.3', flow_dport: 53 },
      { ret: 12 },
      'udp_sendmsg(10.1.2.3:53) → sent 12 bytes',
    ],
    [
      'xfrm_lookup_route',
      { arguments: [1, POINTER] },
      { ...DST, ret: POINTER + 8n, arguments: [1, POINTER] },
      'xfrm_lookup_route() → through IPsec: via 10.0.0.2 dev v0',
    ],
    [
      'ip_route_input_noref',
      { flow_dst: '10.0.0.5', flow_src: '192.0.2.1', dev: 'v0', ifindex: 3 },
      { ret: 2 },
      'ip_route_input_noref(10.0.0.5 from 192.0.2.1, dev v0) → drop reason 2',
    ],
    [
      'some_new_function',
      { arguments: [1, 0xffffffffffffffffn, 0x30, 1] },
      errno(95),
      'some_new_function(order -1, flags 0x30, strict) → EOPNOTSUPP',
    ],
  ])('%s', (name, enter, leave, line) => {
    expect(single(name, enter, leave)).toBe(line);
  });

  test.each<[string, Fields, Fields, string]>([
    [
      'tcp_v6_connect',
      { flow_dst: '2001:db8::1', flow_dport: 443 },
      errno(113),
      'tcp_v6_connect([2001:db8::1]:443) → EHOSTUNREACH',
    ],
    [
      'fib6_table_lookup',
      { table: 254 },
      { ret: 0, route_is_null: 1 },
      'fib6_table_lookup(table main) → no route',
    ],
    [
      'fib6_table_lookup',
      { table: 254 },
      {
        ret: 0,
        route_type: 1,
        route_prefix: '2001:db8::',
        route_prefix_len: 32,
        route_gateway: 'fe80::1',
        route_dev: 'v0',
        route_priority: 1024,
      },
      'fib6_table_lookup(table main) → 2001:db8::/32 via fe80::1 dev v0 metric 1024',
    ],
    [
      'rt6_score_route',
      { route_prefix_len: 255, route_gateway: 'fe80::1', route_dev: 'v0' },
      { ret: 0xffff_fffdn },
      'rt6_score_route(via fe80::1 dev v0) → does not serve: interface or neighbour (RT6_NUD_FAIL_HARD)',
    ],
    [
      'fib6_select_path',
      {},
      {
        flow_hash: 0x1234,
        route_type: 1,
        route_prefix_len: 32,
        route_nexthops: 2,
        route_leg: 1,
        route_weight: 1,
        route_weights: 2,
        route_gateway: 'fe80::1',
        route_dev: 'v0',
      },
      'fib6_select_path(hash 0x1234) → leg 1 of 2 via fe80::1 dev v0 weight 1 of 2',
    ],
    [
      '__rt6_find_exception_rcu',
      { flow_dst: '2001:db8::1' },
      { ret: POINTER, dst_mtu: 1280, dst_expires_s: 500 },
      '__rt6_find_exception_rcu(2001:db8::1) → mtu 1280 expires in 500 s',
    ],
    [
      'ip6_route_output_flags',
      { flow_dst: '2001:db8::1' },
      { ret: POINTER, dst_is_null: 1, dst_error: -101 },
      'ip6_route_output_flags(2001:db8::1) → no route (ENETUNREACH)',
    ],
    ['ip6_pkt_discard', {}, { ret: 0 }, 'ip6_pkt_discard() → dropped: no route'],
  ])('%s, IPv6', (name, enter, leave, line) => {
    expect(single(name, enter, leave, { family: 10 })).toBe(line);
  });
});
