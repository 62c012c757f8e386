import { RT_STEP, RT_STEP_BYTES, RT_STEP_HAS, RT_STEP_KIND } from '../../../core/bpf/layout.gen.js';
import { KERNEL_NAMES } from '../../../core/format/text-route.js';
import { TreeBuilder } from '../../../core/trace/build.js';
import type { TracedFunction, TraceInfo } from '../../../core/trace/model.js';
import type { StepField } from '../../../core/trace/read-step.js';
import { treeJson } from '../../../core/trace/json.js';
import { treeLines } from '../../../core/trace/text.js';
import type { LookupTree } from '../../../core/trace/tree.js';
import { parseAddress } from '../../../core/wire/address.js';

/** Prototypes as the BTF of a 6.18 kernel has them: name, result, parameters. */
const PROTOTYPES: readonly string[] = [
  'tcp_v4_connect: int (struct sock * sk, struct sockaddr * uaddr, int addr_len)',
  'udp_sendmsg: int (struct sock * sk, struct msghdr * msg, size_t len)',
  '__ip_queue_xmit: int (struct sock * sk, struct sk_buff * skb, struct flowi * fl, __u8 tos)',
  'ipv4_dst_check: struct dst_entry * (struct dst_entry * dst, u32 cookie)',
  'ip_route_output_flow: struct rtable * (struct net * net, struct flowi4 * flp4, const struct sock * sk)',
  'ip_route_output_key_hash_rcu: struct rtable * (struct net * net, struct flowi4 * fl4, struct fib_result * res, const struct sk_buff * skb)',
  '__ip_dev_find: struct net_device * (struct net * net, __be32 addr, bool devref)',
  '__fib_lookup: int (struct net * net, struct flowi4 * flp, struct fib_result * res, unsigned int flags)',
  'l3mdev_update_flow: void (struct net * net, struct flowi * fl)',
  'fib_rules_lookup: int (struct fib_rules_ops * ops, struct flowi * fl, int flags, struct fib_lookup_arg * arg)',
  'fib4_rule_match: int (struct fib_rule * rule, struct flowi * fl, int flags)',
  'fib4_rule_action: int (struct fib_rule * rule, struct flowi * flp, int flags, struct fib_lookup_arg * arg)',
  'fib4_rule_suppress: bool (struct fib_rule * rule, int flags, struct fib_lookup_arg * arg)',
  'fib_get_table: struct fib_table * (struct net * net, u32 id)',
  'fib_table_lookup: int (struct fib_table * tb, const struct flowi4 * flp, struct fib_result * res, int fib_flags)',
  'fib_lookup_good_nhc: bool (const struct fib_nh_common * nhc, int fib_flags, const struct flowi4 * flp)',
  'fib_select_path: void (struct net * net, struct fib_result * res, struct flowi4 * fl4, const struct sk_buff * skb)',
  'fib_select_multipath: void (struct fib_result * res, int hash, const struct flowi4 * fl4)',
  'fib_detect_death: int (struct fib_info * fi, int order, struct fib_info ** last_resort, int * last_idx, int dflt)',
  'fib_result_prefsrc: __be32 (struct net * net, struct fib_result * res)',
  'find_exception: struct fib_nh_exception * (struct fib_nh_common * nhc, __be32 daddr)',
  'rt_dst_alloc: struct rtable * (struct net_device * dev, unsigned int flags, u16 type, bool noxfrm)',
  'rt_cache_route: bool (struct fib_nh_common * nhc, struct rtable * rt)',
  'xfrm_lookup_route: struct dst_entry * (struct net * net, struct dst_entry * dst_orig, const struct flowi * fl, const struct sock * sk, int flags)',
  'ip_rcv: int (struct sk_buff * skb, struct net_device * dev, struct packet_type * pt, struct net_device * orig_dev)',
  'ip_route_input_noref: enum skb_drop_reason (struct sk_buff * skb, __be32 daddr, __be32 saddr, dscp_t dscp, struct net_device * dev)',
  'fib_validate_source: int (struct sk_buff * skb, __be32 src, __be32 dst, dscp_t dscp, int oif, struct net_device * dev, struct in_device * idev, u32 * itag)',
  'ip_local_deliver: int (struct sk_buff * skb)',
  'ip_forward: int (struct sk_buff * skb)',
  'ip_error: int (struct sk_buff * skb)',
  'tcp_v6_connect: int (struct sock * sk, struct sockaddr * uaddr, int addr_len)',
  'ip6_dst_lookup_flow: struct dst_entry * (struct net * net, const struct sock * sk, struct flowi6 * fl6, const struct in6_addr * final_dst)',
  'ip6_route_output_flags: struct dst_entry * (struct net * net, const struct sock * sk, struct flowi6 * fl6, int flags)',
  'fib6_table_lookup: int (struct net * net, struct fib6_table * table, int oif, struct flowi6 * fl6, struct fib6_result * res, int strict)',
  'fib6_node_lookup: struct fib6_node * (struct fib6_node * root, const struct in6_addr * daddr, const struct in6_addr * saddr)',
  'rt6_score_route: int (const struct fib6_nh * nh, u32 fib6_flags, int oif, int strict)',
  'fib6_select_path: void (const struct net * net, struct fib6_result * res, struct flowi6 * fl6, int oif, bool have_oif_match, const struct sk_buff * skb, int strict)',
  '__rt6_find_exception_rcu: struct rt6_exception * (struct rt6_exception_bucket ** bucket, const struct in6_addr * daddr, const struct in6_addr * saddr)',
  'fib_multipath_hash: int (const struct net * net, const struct flowi4 * fl4, const struct sk_buff * skb, struct flow_keys * flkeys)',
  'rt6_find_cached_rt: struct rt6_info * (const struct fib6_result * res, const struct in6_addr * daddr, const struct in6_addr * saddr)',
  'ip6_rt_cache_alloc: struct rt6_info * (const struct fib6_result * res, const struct in6_addr * daddr, const struct in6_addr * saddr)',
  'ip6_pkt_discard: int (struct sk_buff * skb)',
  'some_new_function: int (struct net * net, int order, u32 flags, bool strict)',
];

function traced(prototype: string, id: number): TracedFunction {
  const [, name = '', returns = '', list = ''] = /^([^:]+): (.*?) ?\((.*)\)$/.exec(prototype) ?? [];
  const parameters = list.split(', ').map((text) => {
    const at = text.lastIndexOf(' ');
    return { type: text.slice(0, at), name: text.slice(at + 1) };
  });
  return { id, name, symbol: name, mechanism: 'fentry', parameters, returns };
}

export const TRACED: readonly TracedFunction[] = [
  ...PROTOTYPES.map((prototype, index) => traced(prototype, index + 1)),
  {
    id: 200,
    name: 'fib:fib_table_lookup',
    symbol: 'fib:fib_table_lookup',
    mechanism: 'tracepoint',
    parameters: [],
    returns: '',
  },
];

export const functionId = (name: string): number => {
  const found = TRACED.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.id;
};

export const INFO: TraceInfo = {
  kernel: '6.18.0',
  tier: 'fentry',
  why: null,
  functions: TRACED,
  leftOut: [],
};

type Value = number | bigint | string;
/** Fields by their names in the layout: addresses and names as text. `has` names sections. */
export type Fields = Readonly<Partial<Record<StepField, Value>>> & {
  readonly sections?: readonly (keyof typeof RT_STEP_HAS)[];
  readonly arguments?: readonly (number | bigint)[];
};

const NAMES = /^(?:comm|.*dev|.*_name|.*ifname|.*iifname|.*oifname)$/;
const U64 = new Set<StepField>(['time_ns', 'lookup', 'net_cookie', 'ret', 'dst_addr']);
const U8 = new Set<StepField>([
  ...(['kind', 'place', 'depth', 'family', 'flow_protocol', 'flow_tos', 'flow_flags'] as const),
  ...(['route_prefix_len', 'route_type', 'route_scope', 'route_protocol'] as const),
  ...(['route_gateway_family', 'route_nexthop_flags', 'route_is_null', 'rule_src_len'] as const),
  ...(['rule_dst_len', 'rule_tos', 'rule_action', 'rule_l3mdev', 'rule_ip_proto'] as const),
  ...(['rule_protocol', 'dst_type', 'dst_gateway_family', 'dst_is_null'] as const),
]);
const U16 = new Set<StepField>([
  ...([
    'function',
    'has',
    'flow_sport',
    'flow_dport',
    'rule_sport_start',
    'rule_sport_end',
  ] as const),
  ...(['rule_dport_start', 'rule_dport_end', 'dst_dst_flags', 'dst_obsolete'] as const),
]);

/** One record of what is given; all else is zero. */
export function stepBytes(fields: Fields): Uint8Array {
  const bytes = new Uint8Array(RT_STEP_BYTES);
  const view = new DataView(bytes.buffer);
  const { sections = [], arguments: args = [], ...rest } = fields;
  for (const [name, value] of Object.entries(rest) as [StepField, Value][]) {
    const at = RT_STEP[name];
    if (typeof value === 'string') {
      bytes.set(NAMES.test(name) ? Buffer.from(value) : (parseAddress(value) ?? []), at);
    } else if (U64.has(name)) view.setBigInt64(at, BigInt(value), true);
    else if (U16.has(name)) view.setUint16(at, Number(value), true);
    else if (U8.has(name)) view.setUint8(at, Number(value));
    else view.setUint32(at, Number(value) >>> 0, true);
  }
  args.forEach((value, index) =>
    view.setBigUint64(RT_STEP.args + 8 * index, BigInt.asUintN(64, BigInt(value)), true),
  );
  const has = sections.reduce((bits, section) => bits | RT_STEP_HAS[section], 0);
  view.setUint16(RT_STEP.has, has, true);
  return bytes;
}

/** Sections a record has by the fields that are given. */
function sectionsOf(fields: Fields): (keyof typeof RT_STEP_HAS)[] {
  const has = (prefix: string) => Object.keys(fields).some((name) => name.startsWith(prefix));
  return [
    ...(has('flow_') ? (['has_flow'] as const) : []),
    ...(has('route_') ? (['has_route'] as const) : []),
    ...(has('rule_') ? (['has_rule'] as const) : []),
    ...(has('dst_') ? (['has_dst'] as const) : []),
    ...(has('exception_') ? (['has_exception'] as const) : []),
  ];
}

/** A lookup as the kernel would send it: nested calls, numbered. */
export class Recorded {
  readonly records: Uint8Array[] = [];
  #depth = 0;
  #seq = 0;
  #timeNs = 1000n;

  constructor(readonly common: Fields = {}) {}

  #add(fields: Fields): void {
    this.#timeNs += 100n;
    const all: Fields = {
      lookup: 1,
      family: 2,
      pid: 4312,
      tid: 4312,
      comm: 'nc',
      netns: 4026531833,
      ...this.common,
      time_ns: this.#timeNs,
      seq: this.#seq++,
      depth: this.#depth,
      ...fields,
    };
    this.records.push(stepBytes({ sections: sectionsOf(all), ...all }));
  }

  /** A call: what its beginning and its end know, and what it calls. */
  call(name: string, enter: Fields, leave: Fields, inner: () => void = () => undefined): this {
    const id = functionId(name);
    const args = enter.arguments ?? [];
    this.#add({ ...enter, function: id, kind: RT_STEP_KIND.enter });
    this.#depth++;
    inner();
    this.#depth--;
    this.#add({ arguments: args, ...leave, function: id, kind: RT_STEP_KIND.leave });
    return this;
  }

  /** Records that nobody gets. */
  lose(from: number, count: number): this {
    this.records.splice(from, count);
    return this;
  }
}

/** The records of several lookups in one batch. */
export function treesOf(records: readonly Uint8Array[], offsetNs = 0n): LookupTree[] {
  const trees: LookupTree[] = [];
  const builder = new TreeBuilder(TRACED, (tree) => trees.push(tree));
  builder.take(Buffer.concat(records), offsetNs);
  builder.flush();
  return trees;
}

export function treeOf({ records }: Recorded): LookupTree {
  const [tree] = treesOf(records);
  if (tree === undefined) throw new Error('no tree');
  return tree;
}

export const SHOWN = { zone: { id: 1, name: 'self' }, names: KERNEL_NAMES, info: INFO };

/** Lines without the header's time. */
export const linesOf = (tree: LookupTree, isExplained = false): string[] =>
  treeLines(tree, { ...SHOWN, isExplained }).map((line, index) =>
    index === 0 ? line.replace(/^\S+ /, '') : line,
  );

export const textOf = (recorded: Recorded): string => `${linesOf(treeOf(recorded)).join('\n')}\n`;

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const jsonOf = (tree: LookupTree): any => JSON.parse(treeJson(tree, SHOWN));

export const POINTER = 0xffff_8880_0123_4500n;
