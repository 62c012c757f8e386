import { describe, expect, test } from '@jest/globals';
import { RT_STEP_BYTES, RT_STEP_KIND, RT_STEP_PLACE } from '../../../core/bpf/layout.gen.js';
import { CALL_ARGUMENT, POINT_FUNCTIONS } from '../../../core/trace/point-table.js';
import { MAX_NODES, PointBuilder, QUIET_NS } from '../../../core/trace/points.js';
import type { LookupTree, TreeNode } from '../../../core/trace/tree.js';
import { stepBytes, type Fields } from './steps.js';

const FIB = 1;
const XMIT = 7;
const NR_SENDTO = 44;
const NR_CONNECT = 42;

const point = (seq: number, more: Fields = {}): Uint8Array =>
  stepBytes({
    kind: RT_STEP_KIND.point,
    function: FIB,
    lookup: 1,
    depth: 1,
    family: 2,
    pid: 7,
    tid: 7,
    comm: 'nc',
    netns: 100,
    seq,
    time_ns: 1000 + seq,
    arguments: Array.from({ length: 6 }, (_, at) => (at === CALL_ARGUMENT ? NR_SENDTO + 1 : 0)),
    ...more,
  });

const end = (seq: number, more: Fields = {}): Uint8Array =>
  point(seq, { kind: RT_STEP_KIND.end, function: 10, depth: 0, ...more });

const softirq: Fields = { place: RT_STEP_PLACE.in_softirq, tid: 0, arguments: [] };

function built(records: readonly Uint8Array[], isFlushed = true): LookupTree[] {
  const trees: LookupTree[] = [];
  const builder = new PointBuilder(POINT_FUNCTIONS, (tree) => trees.push(tree));
  builder.take(Buffer.concat(records), 0n);
  if (isFlushed) builder.flush();
  return trees;
}

const shown = (nodes: readonly TreeNode[]): unknown[] =>
  nodes.map((node) =>
    node.kind === 'hole'
      ? { lost: node.lost }
      : node.calls.length > 0
        ? [node.words?.call ?? node.function.name, node.words?.result, shown(node.calls)]
        : node.function.name,
  );

describe('points', () => {
  test('of a task stand below their system call, with its result', () => {
    const trees = built([point(0), point(1, { function: XMIT }), end(2, { ret: 1 })]);
    expect(trees.map(({ calls }) => shown(calls))).toEqual([
      [['sendto()', '1', ['fib:fib_table_lookup', 'net:net_dev_queue']]],
    ]);
    expect(trees[0]).toMatchObject({ id: 1n, comm: 'nc', netns: 100, lost: 0, isComplete: true });
  });

  test('tell the errno of a call that failed', () => {
    const connect = [0, 0, 0, 0, 0, NR_CONNECT + 1];
    const trees = built([point(0, { arguments: connect }), end(1, { ret: -101 })]);
    expect(trees.map(({ calls }) => shown(calls))).toEqual([
      [['connect()', 'ENETUNREACH', ['fib:fib_table_lookup']]],
    ]);
  });

  test('of a softirq stand alone, and those of another cpu are another tree', () => {
    const trees = built([
      point(0, { ...softirq, cpu: 0 }),
      point(0, { ...softirq, cpu: 1, lookup: 2 }),
      end(1, { ...softirq, cpu: 0 }),
      end(1, { ...softirq, cpu: 1, lookup: 2 }),
    ]);
    expect(trees.map(({ place, cpu, calls }) => [place, cpu, shown(calls)])).toEqual([
      ['softirq', 0, ['fib:fib_table_lookup']],
      ['softirq', 1, ['fib:fib_table_lookup']],
    ]);
  });

  test('leave a hole where records are lost', () => {
    const [tree] = built([point(0), point(3), end(5)]);
    expect(tree?.lost).toBe(3);
    expect(shown(tree?.calls ?? [])).toEqual([
      ['sendto()', '0', ['fib:fib_table_lookup', { lost: 2 }, 'fib:fib_table_lookup', { lost: 1 }]],
    ]);
  });

  test('whose beginning is lost start with a hole', () => {
    const [tree] = built([point(2), end(3)]);
    expect(tree?.calls[0]).toMatchObject({ calls: [{ kind: 'hole', lost: 2 }, { kind: 'call' }] });
  });

  test('whose end is lost are given out when their thread begins another tree', () => {
    const trees = built([point(0), point(0, { lookup: 2 })], false);
    expect(trees.map(({ id, isComplete }) => [id, isComplete])).toEqual([[1n, false]]);
  });

  test('take the namespace from the first record that tells', () => {
    const [tree] = built([point(0, { netns: 0 }), point(1, { netns: 55 }), end(2)]);
    expect(tree?.netns).toBe(55);
  });

  test('of a call that waits are given out before its end, which then is no tree', () => {
    const trees: LookupTree[] = [];
    const builder = new PointBuilder(POINT_FUNCTIONS, (tree) => trees.push(tree));
    builder.take(point(0), 0n);
    builder.settle(1000n + QUIET_NS - 1n);
    expect(trees).toHaveLength(0);
    builder.settle(1000n + QUIET_NS);
    expect(trees.map(({ isComplete }) => isComplete)).toEqual([false]);
    builder.take(end(1, { ret: -110 }), 0n);
    builder.flush();
    expect(trees).toHaveLength(1);
  });

  test('that come after their tree was given out are a tree without a hole', () => {
    const trees: LookupTree[] = [];
    const builder = new PointBuilder(POINT_FUNCTIONS, (tree) => trees.push(tree));
    builder.take(point(0), 0n);
    builder.settle(1000n + QUIET_NS);
    builder.take(Buffer.concat([point(1), end(2)]), 0n);
    expect(trees.map(({ lost, isComplete }) => [lost, isComplete])).toEqual([
      [0, false],
      [0, true],
    ]);
  });

  test('without end are held in bounds', () => {
    const many = Array.from({ length: MAX_NODES + 5 }, (_, seq) => point(seq));
    const [tree] = built([...many, end(MAX_NODES + 5)]);
    const [root] = tree?.calls ?? [];
    expect(root?.kind === 'call' && root.calls).toHaveLength(MAX_NODES + 1);
    expect(tree?.lost).toBe(5);
  });

  test('of nothing known are skipped and counted, as is a record cut off', () => {
    const builder = new PointBuilder(POINT_FUNCTIONS, () => undefined);
    builder.take(point(0, { function: 99 }), 0n);
    builder.take(point(0, { kind: RT_STEP_KIND.enter }), 0n);
    builder.take(point(0).subarray(0, RT_STEP_BYTES - 1), 0n);
    expect(builder.skipped).toBe(3);
  });
});
