import { RT_RETURNS, RT_SHAPE, RT_SHAPE_BYTES } from '../../core/bpf/layout.gen.js';
import type { FunctionRow, TracedParameter } from '../../core/trace/model.js';
import type { Family } from '../../core/event.js';

type Slot = keyof typeof RT_SHAPE;

/** Arguments that programs reach: those in registers (bpf/step.h, RT_STEP_ARGUMENTS). */
const REACHED = 6;

/** include/linux/socket.h */
const AF: Readonly<Record<Family, number>> = { inet: 2, inet6: 10 };

/** Kinds of arguments: the type in C without `const`, the name where it matters, and what it is to a shape. */
const SLOTS: readonly (readonly [types: readonly string[], names: RegExp | null, slot: Slot])[] = [
  [['struct net *'], null, 'net'],
  [['struct flowi4 *'], null, 'flow4'],
  [['struct flowi6 *'], null, 'flow6'],
  [['struct flowi *'], null, 'flow'],
  [['struct sk_buff *'], null, 'skb'],
  [['struct sock *'], null, 'sk'],
  [['struct request_sock *'], null, 'req'],
  [['struct msghdr *'], null, 'msg'],
  [['struct sockaddr *', 'struct sockaddr_unsized *'], null, 'sockaddr'],
  [['struct fib_result *'], null, 'result4'],
  [['struct fib6_result *'], null, 'result6'],
  [['struct fib_rule *'], null, 'rule'],
  [['struct fib_lookup_arg *'], null, 'lookup_arg'],
  [['struct fib_rules_ops *'], null, 'ops'],
  [['struct fib_table *'], null, 'table4'],
  [['struct fib6_table *'], null, 'table6'],
  [['u32', '__u32', 'unsigned int'], /^(id|table|tb_id)$/, 'table_id'],
  [['struct fib_nh_common *'], null, 'nhc'],
  [['struct fib6_nh *'], null, 'nh6'],
  [['struct net_device *'], null, 'dev'],
  [['struct dst_entry *', 'struct rtable *', 'struct rt6_info *'], null, 'dst'],
  [['__be32'], /^(daddr|addr|dst)$/, 'daddr4'],
  [['__be32'], /^(saddr|src)$/, 'saddr4'],
  [['struct in6_addr *'], /^(daddr|addr|final_dst)$/, 'daddr6'],
  [['struct in6_addr *'], /^saddr$/, 'saddr6'],
];

const RETURNS: ReadonlyMap<string, number> = new Map([
  ['struct dst_entry *', RT_RETURNS.returns_dst],
  ['struct rtable *', RT_RETURNS.returns_dst],
  ['struct rt6_info *', RT_RETURNS.returns_dst],
  ['struct fib_table *', RT_RETURNS.returns_table4],
  ['struct fib6_table *', RT_RETURNS.returns_table6],
  ['struct fib_nh_exception *', RT_RETURNS.returns_exception],
  ['struct net_device *', RT_RETURNS.returns_device],
  ['int', RT_RETURNS.returns_errno],
  ['enum skb_drop_reason', RT_RETURNS.returns_errno],
]);

const withoutConst = (type: string): string => type.replace(/^const /, '');

function slotOf({ name, type }: TracedParameter): Slot | null {
  const plain = withoutConst(type);
  const row = SLOTS.find(([types, names]) => types.includes(plain) && (names?.test(name) ?? true));
  return row?.[2] ?? null;
}

/** What is known of a function whose arguments are not: a copy the compiler made, or one that BTF does not have. */
export function shapeWithoutArguments(row: FunctionRow): Uint8Array {
  const shape = new Uint8Array(RT_SHAPE_BYTES);
  shape[RT_SHAPE.family] = row.family === null ? 0 : AF[row.family];
  shape[RT_SHAPE.is_input] = Number(row.way === 'input');
  return shape;
}

/** A struct rt_shape: the first argument of each kind counts. */
export function shapeOf(
  row: FunctionRow,
  parameters: readonly TracedParameter[],
  returns: string,
): Uint8Array {
  const shape = shapeWithoutArguments(row);
  for (const [index, parameter] of parameters.slice(0, REACHED).entries()) {
    const slot = slotOf(parameter);
    if (slot !== null && shape[RT_SHAPE[slot]] === 0) shape[RT_SHAPE[slot]] = index + 1;
  }
  shape[RT_SHAPE.returns] = RETURNS.get(withoutConst(returns)) ?? RT_RETURNS.returns_number;
  shape[RT_SHAPE.is_root] = Number(row.isRoot);
  shape[RT_SHAPE.is_flow_out] = Number(row.isFlowOut);
  return shape;
}
