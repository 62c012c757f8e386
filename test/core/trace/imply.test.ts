import { describe, expect, test } from '@jest/globals';
import { RT_STEP_KIND, RT_STEP_PLACE } from '../../../core/bpf/layout.gen.js';
import { explain, lookupFlow } from '../../../core/lookup/lookup.js';
import type { Flow, LookupState } from '../../../core/lookup/state.js';
import { askedOf, completeTree } from '../../../core/trace/imply.js';
import { answerOf } from '../../../core/trace/summary.js';
import { followTree } from '../../../core/trace/match.js';
import { POINT_FUNCTIONS } from '../../../core/trace/point-table.js';
import { PointBuilder } from '../../../core/trace/points.js';
import type { LookupTree, TreeNode } from '../../../core/trace/tree.js';
import { address, device, flow, route, rule, state, withDevices } from '../lookup/state.js';
import { stepBytes, type Fields } from './steps.js';

const INET = 2;
const INET6 = 10;
const NR_SENDTO = 44;
const IDS = { fib: 1, fib6: 2, neigh: 4, xmit: 7 } as const;
const WHERE: Readonly<Record<keyof typeof IDS, readonly Fields['sections'][]>> = {
  fib: [['has_flow'], ['has_flow', 'has_route']],
  fib6: [['has_flow', 'has_route']],
  neigh: [['has_neighbour']],
  xmit: [['has_flow', 'has_packet']],
};

type Point = readonly [keyof typeof IDS, Fields];

const EAGAIN = -11;
const none = (table: number, asked: Fields): Point => ['fib', { table, ret: EAGAIN, ...asked }];
const found = (table: number, oif: number, asked: Fields, gateway = ''): Point => [
  'fib',
  {
    table,
    route_oif: oif,
    route_prefix_len: 255,
    ...(gateway === '' ? {} : { route_gateway: gateway, route_gateway_family: INET }),
    ...asked,
  },
];
const to = (dst: string, more: Fields = {}): Fields => ({ flow_dst: dst, flow_iif: 1, ...more });
const sent = (dst: string, ifindex: number): Point => ['xmit', { flow_dst: dst, ifindex }];

/** A tree as the tracepoints show it. */
function treeOf(points: readonly Point[], more: Fields = {}): LookupTree {
  const trees: LookupTree[] = [];
  const builder = new PointBuilder(POINT_FUNCTIONS, (tree) => trees.push(tree));
  points.forEach(([what, fields], seq) => {
    const sections = WHERE[what].at(fields.route_oif === undefined ? 0 : -1) ?? [];
    builder.take(
      stepBytes({
        kind: RT_STEP_KIND.point,
        function: IDS[what],
        lookup: 1,
        depth: 1,
        family: what === 'fib6' ? INET6 : INET,
        seq,
        arguments: [0, 0, 0, 0, 0, NR_SENDTO + 1],
        sections,
        ...more,
        ...fields,
      }),
      0n,
    );
  });
  builder.flush();
  const [tree] = trees;
  if (tree === undefined) throw new Error('no tree');
  return tree;
}

const line = (node: TreeNode, depth: number): string[] => {
  const indent = '  '.repeat(depth);
  if (node.kind === 'hole') return [`${indent}… ${node.lost}`];
  const { words } = node;
  const result = words?.result == null ? '' : ` → ${words.result}`;
  const table = node.enter?.u32('table') ?? 0;
  const call = words?.call ?? `${node.function.name}${table === 0 ? '' : ` ${table}`}`;
  const mark = node.origin === 'implied' ? '~' : '';
  return [`${indent}${mark}${call}${result}`, ...node.calls.flatMap((n) => line(n, depth + 1))];
};

/** The lines of the completed tree. */
function completed(tree: LookupTree, asked: Flow, shape: Partial<LookupState>): string[] {
  const here = state(asked.family, shape);
  const explanation = explain(asked, here, lookupFlow(asked, here), null, null);
  return completeTree(tree, explanation).calls.flatMap((node) => line(node, 0));
}

const dst = '10.66.66.66';
const shape: Partial<LookupState> = {
  routes: [
    route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] }),
    route('10.66.0.0/16', { table: 100, hops: ['via 10.0.0.2 dev 2'] }),
  ],
  rules: [
    rule({ priority: 0, table: 255, tableName: 'local' }),
    rule({ priority: 50, fwmark: 7, table: 99, tableName: 'red' }),
    rule({ priority: 100, dst: '10.66.0.0/16', table: 100, tableName: 'blue' }),
  ],
  addresses: [address('10.0.0.5/24', 2)],
};

describe('a tree of points', () => {
  test('asks the mirror what its first lookup asks', () => {
    const tree = treeOf([
      none(254, to(dst, { flow_mark: 7, flow_dport: 80, flow_protocol: 6, flow_l3mdev: 4 })),
    ]);
    expect(askedOf(tree)).toEqual({
      dst: Uint8Array.of(10, 66, 66, 66),
      oif: 4,
      mark: 7,
      uid: 0,
      ipproto: 6,
      dport: 80,
    });
    expect(askedOf(treeOf([['neigh', {}]]))).toBeNull();
  });

  test('gets the rules in order, each with the table it leads to, and what follows', () => {
    const tree = treeOf([none(255, to(dst)), found(100, 2, to(dst), '10.0.0.2'), sent(dst, 2)]);
    const neighbours = [{ ifindex: 2, address: '10.0.0.2', state: 2, lladdr: '02:00:00:00:00:01' }];
    expect(completed(tree, flow(dst), { ...shape, neighbours })).toEqual([
      'sendto() → end not seen',
      '  ~ip_route_output_key_hash_rcu(10.66.66.66) → 10.66.66.66 via 10.0.0.2 dev d2 src 10.0.0.5',
      '    ~fib4_rule_match(rule 0: from all lookup local) → matches',
      '      fib:fib_table_lookup 255',
      '    ~fib4_rule_match(rule 50: from all fwmark 0x7 lookup red) → does not match: mark is 0x0, not 0x7',
      '    ~fib4_rule_match(rule 100: from all to 10.66.0.0/16 lookup blue) → matches',
      '      fib:fib_table_lookup 100',
      '    ~fib_select_path(10.66.0.0/16 via 10.0.0.2 dev d2) → via 10.0.0.2 dev d2',
      '    ~fib_result_prefsrc(10.66.0.0/16 via 10.0.0.2 dev d2) → 10.0.0.5',
      '    ~find_exception(10.66.66.66) → none',
      '  ~ip_finish_output2(10.0.0.2 dev d2) → neighbour REACHABLE lladdr 02:00:00:00:00:01',
      '  net:net_dev_queue(10.66.66.66 from 0.0.0.0, 0, 0 bytes)',
    ]);
  });

  test('says so where another table was asked than the rules say', () => {
    const tree = treeOf([none(255, to(dst)), found(254, 2, to(dst), '10.0.0.1')]);
    const lines = completed(tree, flow(dst), shape);
    expect(lines).toContain(
      '      ~the mirror says table blue has 10.66.0.0/16 via 10.0.0.2 dev d2, the kernel did not ask it',
    );
    expect(lines).toContain(
      '    ~the mirror says table main is not asked here, the kernel did ask it: it found via 10.0.0.1 dev d2',
    );
  });

  test('says so where a table gave another nexthop, or nothing', () => {
    const other = treeOf([none(255, to(dst)), found(100, 3, to(dst), '10.0.0.9')]);
    expect(completed(other, flow(dst), shape)).toContain(
      '      ~the mirror says 10.66.0.0/16 via 10.0.0.2 dev d2, the kernel did otherwise: it found via 10.0.0.9 dev d3',
    );
    const nothing = treeOf([none(255, to(dst)), none(100, to(dst))]);
    expect(completed(nothing, flow(dst), shape)).toContain(
      '      ~the mirror says 10.66.0.0/16 via 10.0.0.2 dev d2, the kernel did otherwise: it found no route',
    );
  });

  test('says so where the packet left by an interface of no nexthop', () => {
    const tree = treeOf([none(255, to(dst)), found(100, 2, to(dst), '10.0.0.2'), sent(dst, 4)]);
    expect(completed(tree, flow(dst), shape)).toContain(
      '    ~the mirror says via 10.0.0.2 dev d2, the kernel did send it by dev d4',
    );
  });

  test('tells the leg of a multipath route by the interface the packet left by', () => {
    const routes = [route('10.66.0.0/16', { hops: ['via 10.0.0.2 dev 2', 'via 10.1.0.2 dev 3'] })];
    const plain: Partial<LookupState> = { routes, isMerged: true };
    const tree = treeOf([found(254, 2, to(dst), '10.0.0.2'), sent(dst, 3)]);
    const lines = completed(tree, flow(dst), plain);
    expect(lines.filter((text) => text.includes('fib_select_path'))).toEqual([
      '    ~fib_select_path(10.66.0.0/16 nexthop via 10.0.0.2 dev d2 weight 1 nexthop via 10.1.0.2 dev d3 weight 1) → leg 2 of 2 via 10.1.0.2 dev d3 weight 1 of 2',
    ]);
    const unsent = treeOf([found(254, 2, to(dst), '10.0.0.2')]);
    expect(completed(unsent, flow(dst), plain)[1]).toBe(
      '  ~ip_route_output_key_hash_rcu(10.66.66.66) → one of 2 ways',
    );
  });

  test('has no rules where the kernel asks none', () => {
    const rules = [
      rule({ priority: 0, table: 255, tableName: 'local' }),
      rule({ priority: 32766 }),
      rule({ priority: 32767, table: 253, tableName: 'default' }),
    ];
    const tree = treeOf([none(254, to('192.0.2.1'))]);
    const bare = { ...shape, routes: [], rules, isMerged: true };
    expect(completed(tree, flow('192.0.2.1'), bare)).toEqual([
      'sendto() → end not seen',
      '  ~ip_route_output_key_hash_rcu(192.0.2.1) → ENETUNREACH',
      '    fib:fib_table_lookup 254',
      '    ~fib_get_table(table default) → no such table',
    ]);
  });

  test('names the rule that refuses', () => {
    const rules = [...(shape.rules ?? []).slice(0, 2), rule({ action: 'prohibit', table: 0 })];
    const lines = completed(treeOf([none(255, to(dst))]), flow(dst), { ...shape, rules });
    expect(lines.slice(-2)).toEqual([
      '    ~fib4_rule_match(rule 100: from all prohibit) → matches',
      '      ~fib4_rule_action(rule 100: from all prohibit) → refuses: EACCES',
    ]);
  });

  test('has two lookups of one call one after the other, each with its own rules', () => {
    const second = to(dst, { flow_src: '10.0.0.5', flow_sport: 4000 });
    const tree = treeOf([
      none(255, to(dst)),
      found(100, 2, to(dst), '10.0.0.2'),
      none(255, second),
      found(100, 2, second, '10.0.0.2'),
    ]);
    const lines = completed(tree, flow(dst), shape);
    expect(lines.filter((text) => text.startsWith('  ~'))).toEqual([
      '  ~ip_route_output_key_hash_rcu(10.66.66.66) → 10.66.66.66 via 10.0.0.2 dev d2 src 10.0.0.5',
      '  ~ip_route_output_key_hash_rcu(10.66.66.66 from 10.0.0.5) → 10.66.66.66 via 10.0.0.2 dev d2 src 10.0.0.5',
    ]);
    expect(lines.some((text) => text.includes('the mirror says'))).toBe(false);
  });

  test('follows a VRF into its table', () => {
    const devices = withDevices(device(2, { vrf: 4 }), device(4, { vrfTable: 77 }));
    const rules = [
      rule({ priority: 0, table: 255, tableName: 'local' }),
      rule({ priority: 1000, l3mdev: true, table: 0, tableName: null }),
    ];
    const routes = [route('10.66.0.0/16', { table: 77, hops: ['via 10.0.0.2 dev 2'] })];
    const asked = to(dst, { flow_l3mdev: 4 });
    const tree = treeOf([none(255, asked), found(77, 2, asked, '10.0.0.2')]);
    const lines = completed(tree, flow(dst, { oif: 4 }), { ...shape, routes, rules, devices });
    expect(lines.slice(4, 6)).toEqual([
      expect.stringMatching(/^ {4}~fib4_rule_match\(rule 1000: .*l3mdev.*\) → matches$/),
      '      fib:fib_table_lookup 77',
    ]);
    expect(lines.some((text) => text.includes('the mirror says'))).toBe(false);
  });

  test('of a received packet tells the check of its source apart', () => {
    const inward = { place: RT_STEP_PLACE.in_softirq, arguments: [] };
    const asked: Fields = { flow_dst: dst, flow_src: '10.0.0.9', flow_iif: 3 };
    const back = to('10.0.0.9', { flow_src: dst });
    const tree = treeOf(
      [none(255, asked), found(100, 2, asked, '10.0.0.2'), none(255, back)],
      inward,
    );
    const lines = completed(tree, flow(dst, { iif: 3, src: '10.0.0.9' }), shape);
    expect(lines[0]).toBe(
      '~ip_route_input_slow(10.66.66.66 from 10.0.0.9) → 10.66.66.66 via 10.0.0.2 dev d2',
    );
    expect(lines.slice(-2)).toEqual([
      '~__fib_validate_source(10.0.0.9)',
      '  fib:fib_table_lookup 255',
    ]);
  });

  test('keeps lookups of another destination as they were seen', () => {
    const tree = treeOf([none(255, to('192.0.2.9'))]);
    expect(completed(tree, flow(dst), shape)).toEqual([
      'sendto() → end not seen',
      '  fib:fib_table_lookup 255',
    ]);
  });

  test('of IPv6 compares prefixes by what the record has', () => {
    const to6 = '2001:db8:f::1';
    const seen: Point[] = [
      ['fib6', { table: 255, flow_dst: to6, flow_iif: 1, route_is_null: 1 }],
      [
        'fib6',
        {
          table: 254,
          flow_dst: to6,
          flow_iif: 1,
          route_oif: 2,
          route_prefix: '2001:db8:f::',
          route_prefix_len: 48,
          route_type: 1,
          route_gateway: 'fe80::1',
          route_gateway_family: INET6,
        },
      ],
    ];
    const rules = [rule({ family: 'inet6', priority: 0, table: 255 }), rule({ family: 'inet6' })];
    const routes = [route('2001:db8:f::/48', { hops: ['via fe80::1 dev 2'] })];
    expect(completed(treeOf(seen), flow(to6), { routes, rules })).toEqual([
      'sendto() → end not seen',
      '  ~ip6_route_output_flags(2001:db8:f::1) → 2001:db8:f::1 via fe80::1 dev d2',
      '    fib6:fib6_table_lookup 255',
      '    fib6:fib6_table_lookup 254',
      '    ~rt6_find_cached_rt(2001:db8:f::1) → none',
    ]);
  });
});

describe('the answer of a completed tree', () => {
  const answerOfCompleted = (points: readonly Point[], asked: Flow, here: LookupState) => {
    const explanation = explain(asked, here, lookupFlow(asked, here), null, null);
    return answerOf(completeTree(treeOf(points), explanation));
  };

  test('is that of the points, though they stand below what was filled in', () => {
    const asked = flow(dst);
    const answer = answerOfCompleted(
      [found(254, 2, to(dst), '10.0.0.1'), sent(dst, 2)],
      asked,
      state('inet', shape),
    );
    expect(answer).toMatchObject({ outcome: 'found', gateway: '10.0.0.1', oif: 2, table: 254 });
  });

  test('says that no table had it', () => {
    const asked = flow('192.0.2.1');
    const answer = answerOfCompleted(
      [none(255, to('192.0.2.1')), none(254, to('192.0.2.1'))],
      asked,
      state('inet', { ...shape, routes: [] }),
    );
    expect(answer).toMatchObject({
      outcome: 'none',
      errno: 'ENETUNREACH',
      why: 'no table had 192.0.2.1',
    });
  });

  test('names the leg that the neighbour tells, not the first one of the table', () => {
    const asked = flow(dst);
    const main = rule({ priority: 32766, table: 254, tableName: 'main' });
    const legs = route('10.66.0.0/16', { hops: ['via 10.0.0.1 dev 2', 'via 10.0.0.2 dev 2'] });
    const answer = answerOfCompleted(
      [
        found(254, 2, to(dst), '10.0.0.1'),
        ['neigh', { route_gateway: '10.0.0.2', route_gateway_family: INET, ifindex: 2 }],
      ],
      asked,
      state('inet', { ...shape, rules: [main], routes: [legs] }),
    );
    expect(answer).toMatchObject({ outcome: 'found', gateway: '10.0.0.2', oif: 2, dst });
  });
});

test('a function is followed by its tracepoint, where that alone is seen', () => {
  const tree = treeOf([none(255, to(dst)), found(100, 2, to(dst), '10.0.0.2'), sent(dst, 2)]);
  const explanation = explain(
    flow(dst),
    state('inet', shape),
    lookupFlow(flow(dst), state('inet', shape)),
    null,
    null,
  );
  for (const one of [tree, completeTree(tree, explanation)]) {
    const followed = followTree(one, 'fib_table_lookup');
    expect(followed.map(({ isComplete }) => isComplete)).toEqual([true, true]);
    expect(followTree(one, 'fib6_table_lookup')).toHaveLength(0);
  }
});
