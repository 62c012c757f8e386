/** What a call gave back, in the field's words: what stands after its arrow. */

import { errnoName } from '../bpf/errno.js';
import type { Call } from './call.js';
import { be32Text } from './call-words.js';
import {
  deviceOf,
  dstWords,
  generic,
  numberOf,
  yesNo,
  type ResultWords as Words,
} from './result-generic.js';
import { demux, handled, input, sent, validSource } from './result-packet.js';
import { errnoOf, isNothing, returnedOf } from './returned.js';
import {
  deviceWords,
  dstText,
  exceptionWords,
  legWords,
  routeWords,
  ruleText,
} from './section-words.js';
import type { StepFlow } from './sections.js';

const EAGAIN = 11;
const ESRCH = 3;

/** `EHOSTUNREACH` and the like of a table or a rule: which kind of route gives it. */
const REFUSALS: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'unreachable route',
  EINVAL: 'blackhole route',
  EACCES: 'prohibit route',
};

const inTable: Words = (call, returned) => {
  const errno = errnoOf(call);
  const name = errnoName(errno);
  if (errno === EAGAIN) return 'no route (EAGAIN)';
  if (errno !== 0) return REFUSALS[name] === undefined ? name : `${REFUSALS[name]} (${name})`;
  const route = call.routeAfter;
  return route === null ? generic(call, returned) : routeWords(route);
};

const ofRules: Words = (call, returned) => {
  const errno = errnoOf(call);
  if (errno === ESRCH) return 'no rule gives a route (ESRCH)';
  if (errno !== 0) return errnoName(errno);
  const found = call.ruleAfter;
  if (found !== null) return ruleText(found);
  return call.routeAfter === null ? generic(call, returned) : routeWords(call.routeAfter);
};

const action: Words = (call) => {
  const errno = errnoOf(call);
  if (errno === EAGAIN) return 'no route, on to the next rule (EAGAIN)';
  if (errno !== 0) return errnoName(errno);
  const route = call.routeAfter;
  return route === null ? 'a route' : routeWords(route);
};

const selected: Words = (call, returned) => {
  const route = call.routeAfter;
  return route === null ? generic(call, returned) : legWords(route);
};

const lookup: Words = (call, returned) => {
  const errno = errnoOf(call);
  if (errno !== 0) return errnoName(errno);
  if (returned.kind === 'pointer' && returned.value === 0n) return 'none';
  if (call.dstAfter !== null) return dstWords(call);
  return call.routeAfter === null ? generic(call, returned) : routeWords(call.routeAfter);
};

const exception: Words = (call, returned) => {
  if (isNothing(returned)) return 'none';
  if (call.exception !== null) return exceptionWords(call.exception);
  return call.dstAfter === null ? 'found' : dstText(call.dstAfter, null, call.isInet);
};

const allocated: Words = (_call, returned) => (isNothing(returned) ? 'no memory' : 'new route');

const checked: Words = (_call, returned) =>
  isNothing(returned) ? 'no longer valid, looked up again' : 'still valid';

const xfrm: Words = (call, returned) => {
  if (returned.kind !== 'pointer') return generic(call, returned);
  if (returned.errno !== 0) return errnoName(returned.errno);
  const given = call.argument('dst_orig', 1) ?? call.end?.arg(1) ?? null;
  if (given === returned.value) return 'unchanged: no IPsec policy applies';
  return `through IPsec: ${dstWords(call)}`;
};

const CHANGES: readonly (keyof StepFlow & ('iif' | 'oif' | 'l3mdev'))[] = ['iif', 'oif', 'l3mdev'];

/** How the ends of a VRF were put into the flow. */
const vrf: Words = (call) => {
  const { flow: before, flowAfter: after } = call;
  if (before === null || after === null || call.node.enter === null) return null;
  const name = (ifindex: number): string =>
    ifindex === 0 ? 'none' : deviceWords(ifindex, call.names);
  const changes = CHANGES.filter((member) => before[member] !== after[member]).map(
    (member) => `${member} ${name(before[member])} becomes ${name(after[member])}`,
  );
  return changes.length === 0 ? 'unchanged: no VRF' : changes.join(', ');
};

/** RT6_NUD_FAIL_* of net/ipv6/route.c. */
const SCORES: Readonly<Record<number, string>> = {
  [-3]: 'does not serve: interface or neighbour (RT6_NUD_FAIL_HARD)',
  [-2]: 'neighbour failed: to be probed (RT6_NUD_FAIL_PROBE)',
  [-1]: 'neighbour not known to be reachable: round robin (RT6_NUD_FAIL_DO_RR)',
};

const score: Words = (_call, returned) =>
  SCORES[numberOf(returned)] ?? `score ${numberOf(returned)}`;

/** How a packet's source is chosen when nobody has. */
const sourceAddress: Words = (call, returned) =>
  returned.kind === 'number' ? be32Text(returned.value) : generic(call, returned);

/** What chooses a leg of a multipath route. */
const hash: Words = (_call, returned) => `hash 0x${(numberOf(returned) >>> 0).toString(16)}`;

const RESULTS: Readonly<Record<string, Words>> = {
  udp_sendmsg: sent,
  udpv6_sendmsg: sent,
  raw_sendmsg: sent,
  rawv6_sendmsg: sent,
  ping_v4_sendmsg: sent,
  ping_v6_sendmsg: sent,
  fib_table_lookup: inTable,
  fib6_table_lookup: inTable,
  'fib:fib_table_lookup': inTable,
  'fib6:fib6_table_lookup': inTable,
  __fib_lookup: ofRules,
  fib_lookup: ofRules,
  fib_rules_lookup: ofRules,
  fib_rule_match: yesNo('matches', 'does not match'),
  fib4_rule_match: yesNo('matches', 'does not match'),
  fib6_rule_match: yesNo('matches', 'does not match'),
  l3mdev_fib_rule_match: yesNo('matches', 'does not match'),
  fib4_rule_action: action,
  fib6_rule_action: action,
  fib4_rule_suppress: yesNo('does not count, on to the next rule', 'counts'),
  fib6_rule_suppress: yesNo('does not count, on to the next rule', 'counts'),
  fib_lookup_good_nhc: yesNo('serves', 'does not serve'),
  fib_select_path: selected,
  fib_select_multipath: selected,
  fib6_select_path: selected,
  fib_detect_death: yesNo('gateway seems dead', 'gateway may be used'),
  fib_multipath_hash: hash,
  rt6_multipath_hash: hash,
  fib_result_prefsrc: sourceAddress,
  inet_select_addr: sourceAddress,
  find_exception: exception,
  rt6_find_cached_rt: exception,
  __rt6_find_exception_rcu: exception,
  rt_dst_alloc: allocated,
  dst_alloc: allocated,
  ip6_dst_alloc: allocated,
  ip6_rt_cache_alloc: allocated,
  rt_cache_route: yesNo('cached on the nexthop', 'not cached'),
  rt_bind_exception: yesNo('cached on the exception', 'not cached'),
  xfrm_lookup_route: xfrm,
  ipv4_dst_check: checked,
  ip6_dst_check: checked,
  l3mdev_update_flow: vrf,
  __ip_dev_find: (call, returned) =>
    isNothing(returned) ? 'no address of this host' : `address of dev ${deviceOf(call)}`,
  ip_route_output_flow: lookup,
  ip_route_output_key_hash: lookup,
  ip_route_output_key_hash_rcu: lookup,
  ip6_dst_lookup_flow: lookup,
  ip6_sk_dst_lookup_flow: lookup,
  ip6_route_output_flags: lookup,
  ip6_route_output_flags_noref: lookup,
  fib6_rule_lookup: lookup,
  ip6_pol_route: lookup,
  ip6_pol_route_output: lookup,
  ip6_pol_route_input: lookup,
  ip6_route_input_lookup: lookup,
  ip6_route_input: (call, returned) => (call.dstAfter === null ? null : input(call, returned)),
  ip_route_input_noref: input,
  ip_route_input_rcu: input,
  ip_route_input_slow: input,
  ip_route_use_hint: input,
  ip_mkroute_input: input,
  fib_validate_source: validSource,
  __fib_validate_source: validSource,
  ip_mc_validate_source: validSource,
  tcp_v4_early_demux: demux,
  udp_v4_early_demux: demux,
  tcp_v6_early_demux: demux,
  udp_v6_early_demux: demux,
  fib6_node_lookup: yesNo('a node of the tree', 'none'),
  fib6_backtrack: yesNo('a shorter prefix', 'none left'),
  rt6_score_route: score,
  ip_rcv_core: yesNo('goes on', 'dropped'),
  ip6_rcv_core: yesNo('goes on', 'dropped'),
  ip_local_deliver: handled('delivered here'),
  ip_forward: handled('forwarded'),
  ip_mr_input: handled('to multicast routing'),
  ip_error: handled('dropped'),
  ip6_input: handled('delivered here'),
  ip6_forward: handled('forwarded'),
  ip6_mr_input: handled('to multicast routing'),
  ip6_mc_input: handled('to multicast'),
  ip6_pkt_discard: handled('dropped: no route'),
  ip6_pkt_discard_out: handled('dropped: no route'),
  ip6_pkt_prohibit: handled('dropped: prohibited by a route'),
  ip6_pkt_prohibit_out: handled('dropped: prohibited by a route'),
  ip6_pkt_drop: handled('dropped'),
  ip_rcv_finish_core: handled('goes on'),
  ip6_rcv_finish_core: handled('goes on'),
};

/** Null: not ended, or a function that gives nothing. */
export function resultWords(call: Call): string | null {
  const returned = returnedOf(call);
  if (returned === null) return null;
  const words = RESULTS[call.function.name];
  if (words !== undefined) return words(call, returned);
  // A copy the compiler made: it may well give nothing.
  const isUntyped = call.function.returns === '' && returned.kind === 'number';
  return isUntyped && returned.errno === 0 ? null : generic(call, returned);
}
