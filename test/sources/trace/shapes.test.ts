import { describe, expect, test } from '@jest/globals';
import { RT_RETURNS, RT_SHAPE, RT_SHAPE_BYTES } from '../../../core/bpf/layout.gen.js';
import type { FunctionRow, TracedParameter } from '../../../core/trace/model.js';
import { shapeOf, shapeWithoutArguments } from '../../../sources/trace/shapes.js';

const ROW: FunctionRow = {
  name: 'ip_find',
  file: 'net/ipv4/route.c',
  family: 'inet',
  role: 'lookup',
  way: 'output',
  isRoot: true,
  isFlowOut: false,
  explain: 'Words.',
};

const AF_INET = 2;
const AF_INET6 = 10;

/** `struct net *: net`, … */
const parameters = (text: string): readonly TracedParameter[] =>
  text.split(', ').map((one) => {
    const [type = '', name = ''] = one.split(': ');
    return { name, type };
  });

/** What of a shape is not 0. */
const told = (shape: Uint8Array): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(RT_SHAPE)
      .map(([name, offset]) => [name, shape[offset] ?? 0] as const)
      .filter(([, value]) => value !== 0),
  );

const arguments_ = (text: string, returns = 'void'): Readonly<Record<string, number>> =>
  told(shapeOf({ ...ROW, family: null, isRoot: false }, parameters(text), returns));

describe('the shape of a function', () => {
  test('numbers its arguments from 1, const or not', () => {
    expect(
      arguments_(
        'struct fib_table *: tb, const struct flowi4 *: flp, struct fib_result *: res, int: flags',
      ),
    ).toEqual({ table4: 1, flow4: 2, result4: 3 });
    expect(
      arguments_('struct sock *: sk, struct sockaddr_unsized *: uaddr, struct msghdr *: msg'),
    ).toEqual({ sk: 1, sockaddr: 2, msg: 3 });
  });

  test('takes the first argument of each kind, and no pointer to a pointer', () => {
    expect(
      arguments_(
        'struct sk_buff *: skb, struct net_device **: at, struct net_device *: dev, struct net_device *: orig_dev',
      ),
    ).toEqual({ skb: 1, dev: 3 });
  });

  test('ends with what registers hold', () => {
    const six = 'int: a, int: b, int: c, int: d, int: e, int: f';
    expect(arguments_(`${six}, struct flowi6 *: fl6`)).toEqual({});
    expect(arguments_(`${six.slice(0, -8)}, struct flowi6 *: fl6`)).toEqual({ flow6: 6 });
  });

  test.each([
    ['__be32: daddr, __be32: saddr', { daddr4: 1, saddr4: 2 }],
    ['__be32: src, __be32: dst', { saddr4: 1, daddr4: 2 }],
    ['__be32: addr', { daddr4: 1 }],
    ['__be32: mask', {}],
    ['const struct in6_addr *: daddr, const struct in6_addr *: saddr', { daddr6: 1, saddr6: 2 }],
    ['const struct in6_addr *: final_dst', { daddr6: 1 }],
    ['u32: id', { table_id: 1 }],
    ['u32: table', { table_id: 1 }],
    ['u32: tb_id', { table_id: 1 }],
    ['u32: mtu', {}],
    ['int: id', {}],
  ])('tells addresses and tables by their names: %s', (text, expected) => {
    expect(arguments_(text)).toEqual(expected);
  });

  test.each([
    ['struct rtable *', RT_RETURNS.returns_dst],
    ['const struct rt6_info *', RT_RETURNS.returns_dst],
    ['struct dst_entry *', RT_RETURNS.returns_dst],
    ['struct fib_table *', RT_RETURNS.returns_table4],
    ['struct fib6_table *', RT_RETURNS.returns_table6],
    ['struct fib_nh_exception *', RT_RETURNS.returns_exception],
    ['struct net_device *', RT_RETURNS.returns_device],
    ['int', RT_RETURNS.returns_errno],
    ['enum skb_drop_reason', RT_RETURNS.returns_errno],
    ['bool', RT_RETURNS.returns_number],
    ['void', RT_RETURNS.returns_number],
  ])('says what is behind a result of type %s', (returns, expected) => {
    expect(shapeOf(ROW, [], returns)[RT_SHAPE.returns]).toBe(expected);
  });

  test('says what the table of functions knows', () => {
    expect(told(shapeOf(ROW, [], 'void'))).toEqual({ family: AF_INET, is_root: 1 });
    const input: FunctionRow = { ...ROW, family: 'inet6', way: 'input', isFlowOut: true };
    expect(told(shapeOf(input, [], 'void'))).toEqual({
      family: AF_INET6,
      is_root: 1,
      is_input: 1,
      is_flow_out: 1,
    });
  });

  test('of which no argument is known begins no tree', () => {
    const shape = shapeWithoutArguments({ ...ROW, way: 'input' });
    expect(shape).toHaveLength(RT_SHAPE_BYTES);
    expect(told(shape)).toEqual({ family: AF_INET, is_input: 1 });
  });
});
