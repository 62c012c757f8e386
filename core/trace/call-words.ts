/** What a call was given, in the field's words: what stands between its brackets. */

import { escapeText } from '../format/escape.js';
import type { Call } from './call.js';
import { deviceWords, flowWords, nexthopWords, routeWords, ruleText } from './section-words.js';
import { dstText, tableWords } from './section-words.js';

type Words = (call: Call) => string;

const SKIPPED = '';

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** A __be32 as it stands in a register. */
export const be32Text = (value: number): string =>
  [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).join('.');

const joined = (...words: readonly (string | null)[]): string =>
  words.filter((word) => word !== null && word !== SKIPPED).join(', ');

const flow: Words = (call) => {
  const asked = call.flow ?? call.flowAfter;
  return asked === null ? SKIPPED : flowWords(asked, call.names);
};

const to: Words = (call) => call.to ?? SKIPPED;

/** `10.66.66.66:80`, `[2001:db8::1]:53`. */
const endpoint: Words = (call) => {
  const asked = call.flow ?? call.flowAfter;
  if (asked?.dst == null) return SKIPPED;
  if (asked.dport === 0) return asked.dst;
  return call.isInet ? `${asked.dst}:${asked.dport}` : `[${asked.dst}]:${asked.dport}`;
};

const dev: Words = ({ dev: name, before, names }) => {
  if (name !== '') return `dev ${escapeText(name)}`;
  const ifindex = before?.u32('ifindex') ?? 0;
  return ifindex === 0 ? SKIPPED : `dev ${deviceWords(ifindex, names)}`;
};

const table: Words = (call) => (call.table === 0 ? SKIPPED : tableWords(call.table, call.names));

/** A returned table is none that was given, so the number stands among the arguments. */
const tableNumber: Words = (call) => {
  const id = call.argument('id', 1);
  return id === null ? table(call) : tableWords(Number(id & 0xffff_ffffn), call.names);
};

const rule: Words = (call) => (call.rule === null ? SKIPPED : ruleText(call.rule));

const nexthop: Words = (call) => {
  const { route } = call;
  return route === null ? SKIPPED : nexthopWords(route);
};

const dst: Words = (call) => {
  const given = call.dst;
  return given === null ? SKIPPED : dstText(given, null, call.isInet);
};

const hashOf = (call: Call, index: number): string => {
  const hash = Number((call.argument('hash', index) ?? 0n) & 0xffff_ffffn);
  return `hash ${hex(hash)}`;
};

const flowHash: Words = (call) => {
  const hash = call.flowAfter?.hash ?? call.flow?.hash ?? 0;
  return hash === 0 ? SKIPPED : `hash ${hex(hash)}`;
};

const packet: Words = (call) => {
  const asked = flow(call);
  const length = call.before?.u32('packet_len') ?? 0;
  const isOn = call.flow !== null && call.flow.iif !== 0;
  return joined(asked, length === 0 ? SKIPPED : `${length} bytes`, isOn ? SKIPPED : dev(call));
};

const address =
  (name: string, index: number): Words =>
  (call) => {
    if (call.to !== null) return call.to;
    const value = call.argument(name, index);
    return value === null ? SKIPPED : be32Text(Number(value & 0xffff_ffffn));
  };

const sourceAndDestination: Words = (call) => {
  const asked = call.flow;
  if (asked === null) return SKIPPED;
  return joined(
    asked.src === null ? asked.dst : `${asked.dst ?? 'any'} from ${asked.src}`,
    dev(call),
  );
};

const typeOfRoute: Words = (call) => {
  const value = call.argument('type', 2);
  const names = ['unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast'];
  return value === null ? SKIPPED : (names[Number(value & 0xffn)] ?? `type ${value & 0xffn}`);
};

const strict: Words = (call) => {
  const oif = Number((call.argument('oif', null) ?? 0n) & 0xffff_ffffn);
  return oif === 0 ? SKIPPED : `oif ${deviceWords(oif, call.names)}`;
};

const CALLS: Readonly<Record<string, Words>> = {
  'fib:fib_table_lookup': (call) => joined(table(call), flow(call)),
  'fib6:fib6_table_lookup': (call) => joined(table(call), flow(call)),
  tcp_v4_connect: endpoint,
  tcp_v6_connect: endpoint,
  __ip4_datagram_connect: endpoint,
  __ip6_datagram_connect: endpoint,
  udp_sendmsg: endpoint,
  udpv6_sendmsg: endpoint,
  raw_sendmsg: to,
  rawv6_sendmsg: to,
  ping_v4_sendmsg: to,
  ping_v6_sendmsg: to,
  fib_get_table: tableNumber,
  fib6_get_table: tableNumber,
  fib_table_lookup: (call) => (table(call) === SKIPPED ? flow(call) : table(call)),
  fib6_table_lookup: (call) => joined(table(call), strict(call)),
  ip6_pol_route: (call) => joined(table(call), flow(call)),
  ip6_pol_route_output: (call) => joined(table(call), flow(call)),
  ip6_pol_route_input: (call) => joined(table(call), flow(call)),
  fib_rule_match: rule,
  fib4_rule_match: rule,
  fib4_rule_action: rule,
  fib4_rule_suppress: rule,
  fib6_rule_match: rule,
  fib6_rule_action: rule,
  fib6_rule_suppress: rule,
  l3mdev_fib_rule_match: flow,
  fib_lookup_good_nhc: nexthop,
  fib_select_multipath: (call) => hashOf(call, 1),
  fib6_select_path: flowHash,
  fib_select_path: flow,
  find_exception: (call) => joined(address('daddr', 1)(call), nexthop(call)),
  rt6_find_cached_rt: sourceAndDestination,
  __rt6_find_exception_rcu: sourceAndDestination,
  fib6_node_lookup: sourceAndDestination,
  __find_rr_leaf: strict,
  fib6_backtrack: () => SKIPPED,
  rt6_score_route: (call) => joined(nexthop(call), strict(call)),
  rt6_probe: nexthop,
  rt_dst_alloc: (call) => joined(dev(call), typeOfRoute(call)),
  rt_cache_route: nexthop,
  rt_add_uncached_list: dst,
  xfrm_lookup_route: (call) => joined(flow(call) === SKIPPED ? dst(call) : flow(call)),
  ipv4_dst_check: dst,
  ip6_dst_check: dst,
  __fib_lookup: flow,
  fib_rules_lookup: flow,
  fib_multipath_hash: flow,
  rt6_multipath_hash: flow,
  dst_alloc: dev,
  rt_set_nexthop: nexthop,
  __ip_dev_find: address('addr', 1),
  l3mdev_update_flow: flow,
  fib_result_prefsrc: (call) => (call.route === null ? SKIPPED : routeWords(call.route)),
  ip_rcv: packet,
  ip_rcv_core: packet,
  ip_rcv_finish: packet,
  ip_rcv_finish_core: packet,
  ipv6_rcv: packet,
  ip6_rcv_core: packet,
  ip6_rcv_finish: packet,
  ip6_rcv_finish_core: packet,
  ip_route_input_noref: sourceAndDestination,
  ip_route_input_rcu: sourceAndDestination,
  ip_route_input_slow: sourceAndDestination,
  ip_route_use_hint: sourceAndDestination,
  ip_mc_validate_source: sourceAndDestination,
  fib_validate_source: sourceAndDestination,
  __fib_validate_source: sourceAndDestination,
  ip_handle_martian_source: sourceAndDestination,
};

const NUMERIC =
  /^(?:const )?(?:unsigned |signed )?(?:int|long|short|char|bool|_Bool|u8|u16|u32|u64|__u\d+|s8|s16|s32|dscp_t|gfp_t|size_t)$/;
const SIGNED = /^(?:int|long|s8|s16|s32)$/;
const IN_HEX = /flags|mark|hash|cookie|gfp/;

/** A plain number among the arguments by its name; pointers say nothing but what the sections hold. */
function numberWords(call: Call, type: string, name: string, index: number): string {
  const raw = call.before?.arg(index) ?? 0n;
  if (type === '__be32') return SKIPPED;
  if (!NUMERIC.test(type)) return SKIPPED;
  if (type === 'bool' || type === '_Bool') return (raw & 0xffn) === 0n ? SKIPPED : name;
  const low = SIGNED.test(type) ? BigInt.asIntN(32, raw) : raw & 0xffff_ffffn;
  if (low === 0n) return SKIPPED;
  if (/^(?:oif|iif|ifindex)$/.test(name)) {
    return `${name} ${deviceWords(Number(BigInt.asUintN(32, low)), call.names)}`;
  }
  return IN_HEX.test(name) ? `${name} ${hex(BigInt.asUintN(32, low))}` : `${name} ${low}`;
}

/** Of a function without a row here: all that its records hold, and its numbers by name. */
const generic: Words = (call) =>
  joined(
    table(call),
    rule(call),
    flow(call),
    nexthop(call),
    call.flow === null ? dst(call) : SKIPPED,
    dev(call),
    ...call.function.parameters
      .slice(0, 6)
      .map(({ name, type }, index) => numberWords(call, type, escapeText(name), index)),
  );

/** Without the brackets; '' where nothing is worth showing. */
export const callWords = (call: Call): string => (CALLS[call.function.name] ?? generic)(call);
