import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TreeBuilder } from '../../../core/trace/build.js';
import { MAX_NODES } from '../../../core/trace/open-tree.js';
import type { CallNode, LookupTree, TreeNode } from '../../../core/trace/tree.js';
import { Recorded, stepBytes, TRACED, treeOf, treesOf } from './steps.js';
import { RT_STEP_KIND } from '../../../core/bpf/layout.gen.js';

/** `a(b c(!2) d)`: names, `!2` for two lost records, `-` before a lost beginning and after a lost end. */
function shape(nodes: readonly TreeNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'hole') return `!${node.lost}`;
      const inner = shape(node.calls);
      const begin = node.enter === null ? '-' : '';
      const end = node.leave === null ? '-' : '';
      return `${begin}${node.function.name}${end}${inner === '' ? '' : `(${inner})`}`;
    })
    .join(' ');
}

function recorded(make: (into: Recorded) => void, common = {}): Recorded {
  const into = new Recorded(common);
  make(into);
  return into;
}

const route = (common = {}): Recorded =>
  recorded((it) => {
    it.call('ip_route_output_flow', { arguments: [9] }, { ret: 5 }, () => {
      it.call('ip_route_output_key_hash_rcu', { arguments: [8] }, { ret: 5 }, () => {
        it.call('fib4_rule_match', { arguments: [1] }, { ret: 1 });
        it.call('fib4_rule_match', { arguments: [2] }, { ret: 1 });
        it.call('fib_table_lookup', { arguments: [3] }, {});
      });
      it.call('xfrm_lookup_route', {}, {});
    });
  }, common);

describe('the builder of trees', () => {
  test('nests calls as the kernel made them and times them', () => {
    const tree = treeOf(route());
    expect(shape(tree.calls)).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu(fib4_rule_match fib4_rule_match fib_table_lookup) xfrm_lookup_route)',
    );
    expect(tree).toMatchObject({ pid: 4312, comm: 'nc', lost: 0, isComplete: true, place: 'task' });
    expect((tree.calls[0] as CallNode).durationNs).toBe(1100);
  });

  test('makes CLOCK_BOOTTIME wall clock', () => {
    const [tree] = treesOf(route().records, 5000n);
    expect(tree?.timeNs).toBe(6100n);
  });

  test('keeps lookups of tasks and softirqs apart that come in one batch', () => {
    const all = [
      route({ lookup: 1, tid: 10 }),
      route({ lookup: 2, tid: 11 }),
      route({ lookup: 3, tid: 10, place: 1, cpu: 0 }),
      route({ lookup: 4, tid: 10, place: 1, cpu: 1 }),
    ].map(({ records }) => [...records]);
    const mixed: Uint8Array[] = [];
    for (let n = 0; all.some((rest) => rest.length > 0); n++) {
      const next = all[(n * 7 + (n >> 2)) % all.length]?.shift();
      if (next !== undefined) mixed.push(next);
    }
    const trees = treesOf(mixed);
    expect(trees.map(({ id }) => id).sort()).toEqual([1n, 2n, 3n, 4n]);
    expect(new Set(trees.map(({ calls }) => shape(calls))).size).toBe(1);
    expect(trees.every(({ isComplete, lost }) => isComplete && lost === 0)).toBe(true);
  });

  test('shows a hole where whole calls are lost', () => {
    expect(shape(treeOf(route().lose(4, 2)).calls)).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu(fib4_rule_match !2 fib_table_lookup) xfrm_lookup_route)',
    );
  });

  test('leaves a call without its end open, and counts', () => {
    const tree = treeOf(route().lose(3, 1));
    expect(shape(tree.calls)).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu(fib4_rule_match- !1 fib4_rule_match fib_table_lookup) xfrm_lookup_route)',
    );
    expect(tree).toMatchObject({ lost: 1, isComplete: true });
  });

  test('shows a call whose beginning is lost by its end', () => {
    expect(shape(treeOf(route().lose(6, 1)).calls)).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu(fib4_rule_match fib4_rule_match !1 -fib_table_lookup) xfrm_lookup_route)',
    );
  });

  test('does not put calls into one that may have ended in the gap', () => {
    const it = recorded((into) => {
      into.call('ip_route_output_flow', { arguments: [9] }, {}, () => {
        into.call('fib4_rule_match', { arguments: [1] }, {}, () =>
          into.call('l3mdev_update_flow', {}, {}),
        );
        into.call('fib4_rule_match', { arguments: [2] }, {}, () =>
          into.call('find_exception', {}, {}),
        );
      });
    });
    // From the end of l3mdev_update_flow to the beginning of the second rule.
    expect(shape(treeOf(it.lose(3, 3)).calls)).toBe(
      'ip_route_output_flow(fib4_rule_match-(l3mdev_update_flow-) !3 -fib4_rule_match(find_exception))',
    );
  });

  test('goes on in a call that is seen to end after the gap', () => {
    expect(shape(treeOf(route().lose(2, 4)).calls)).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu(!4 fib_table_lookup) xfrm_lookup_route)',
    );
  });

  test('builds what is left of a tree whose first records are lost', () => {
    expect(shape(treeOf(route().lose(0, 3)).calls)).toBe(
      '!3 -ip_route_output_flow(-ip_route_output_key_hash_rcu(-fib4_rule_match fib4_rule_match fib_table_lookup) xfrm_lookup_route)',
    );
  });

  test('closes calls whose returns were missed without a record being lost', () => {
    const all = route().records.map((bytes) => bytes.slice());
    all.splice(8, 1);
    all.forEach((bytes, seq) => new DataView(bytes.buffer).setUint32(80, seq, true));
    const [tree] = treesOf(all);
    expect(tree?.lost).toBe(0);
    expect(shape(tree?.calls ?? [])).toBe(
      'ip_route_output_flow(ip_route_output_key_hash_rcu-(fib4_rule_match fib4_rule_match fib_table_lookup) xfrm_lookup_route)',
    );
  });

  test('gives out an unfinished tree when its task begins another, and the rest at the flush', () => {
    const first = route({ lookup: 1 }).records.slice(0, 5);
    const second = route({ lookup: 2 }).records.slice(0, 1);
    const trees: LookupTree[] = [];
    const builder = new TreeBuilder(TRACED, (tree) => trees.push(tree));
    builder.take(Buffer.concat([...first, ...second]), 0n);
    expect(trees.map(({ id, isComplete }) => [id, isComplete])).toEqual([[1n, false]]);
    expect(shape(trees[0]?.calls ?? [])).toBe(
      'ip_route_output_flow-(ip_route_output_key_hash_rcu-(fib4_rule_match fib4_rule_match-))',
    );
    builder.flush();
    builder.flush();
    expect(trees.map(({ id }) => id)).toEqual([1n, 2n]);
  });

  test('skips records of functions and kinds it does not know, and halves of records', () => {
    const trees: LookupTree[] = [];
    const builder = new TreeBuilder(TRACED, (tree) => trees.push(tree));
    builder.take(stepBytes({ lookup: 1, function: 9999, kind: RT_STEP_KIND.enter }), 0n);
    builder.take(stepBytes({ lookup: 1, function: 1, kind: 77 }), 0n);
    builder.take(new Uint8Array(100), 0n);
    builder.flush();
    expect(trees).toEqual([]);
    expect(builder.skipped).toBe(3);
  });

  test('ignores a record that comes twice', () => {
    const { records } = route();
    const [tree] = treesOf(records.flatMap((record) => [record, record]));
    expect(shape(tree?.calls ?? [])).toBe(shape(treeOf(route()).calls));
    expect(tree?.lost).toBe(0);
  });

  test('counts what comes after ten thousand calls as lost', () => {
    const it = recorded((into) => {
      into.call('ip_route_output_flow', {}, {}, () => {
        for (let n = 0; n < MAX_NODES + 5; n++) into.call('fib4_rule_match', {}, {});
      });
    });
    const tree = treeOf(it);
    const [root] = tree.calls as CallNode[];
    expect(root?.calls.length).toBe(MAX_NODES);
    expect(root?.calls.at(-1)).toEqual({ kind: 'hole', lost: 13 });
    expect(tree).toMatchObject({ lost: 13, isComplete: true });
    expect(root?.leave).not.toBeNull();
  });

  test('gives out the oldest trees when too many are open', () => {
    const trees: LookupTree[] = [];
    const builder = new TreeBuilder(TRACED, (tree) => trees.push(tree));
    for (let n = 1; n <= 4100; n++) {
      builder.take(route({ lookup: n, tid: n }).records[0] as Uint8Array, 0n);
    }
    expect(trees.map(({ id }) => id)).toEqual([1n, 2n, 3n, 4n]);
  });
});

interface Spec {
  readonly name: number;
  readonly argument: number;
  readonly calls: readonly Spec[];
}

const NAMES = ['fib4_rule_match', 'fib_table_lookup', 'find_exception'];

const specs: fc.Memo<Spec[]> = fc.memo((n) =>
  fc.array(
    fc.record({
      name: fc.nat(NAMES.length - 1),
      // Few, so that one call after another has the same.
      argument: fc.nat(1),
      calls: n > 1 ? specs(n - 1) : fc.constant([]),
    }),
    { maxLength: 4 },
  ),
);

/** Where records are lost, and how many. */
const bursts = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 6 })), { maxLength: 8 });

interface Truth {
  /** Time of the beginning, which names a call. */
  readonly call: bigint;
  readonly parent: bigint | null;
}

/** Of each record by its time: which call it is of, and which call made that. */
function truthOf(records: readonly Uint8Array[]): Map<bigint, Truth> {
  const truth = new Map<bigint, Truth>();
  const stack: bigint[] = [];
  for (const bytes of records) {
    const view = new DataView(bytes.buffer);
    const time = view.getBigUint64(0, true);
    if (view.getUint8(120) === RT_STEP_KIND.enter) {
      truth.set(time, { call: time, parent: stack.at(-1) ?? null });
      stack.push(time);
    } else {
      const call = stack.pop() ?? 0n;
      truth.set(time, { call, parent: stack.at(-1) ?? null });
    }
  }
  return truth;
}

describe('a damaged trace', () => {
  test('never gives a wrong tree, whichever records are lost', () => {
    fc.assert(
      fc.property(specs(4), bursts, (calls, lost) => {
        const it = new Recorded();
        const add = ({ name, argument, calls: inner }: Spec): void => {
          const id = NAMES[name] ?? '';
          it.call(id, { arguments: [argument] }, {}, () => inner.forEach(add));
        };
        it.call('ip_route_output_flow', {}, {}, () => calls.forEach(add));
        const truth = truthOf(it.records);
        const kept = it.records.filter(
          (_, index) => !lost.some(([from, count]) => index >= from && index < from + count),
        );
        const trees = treesOf(kept);
        expect(trees.length).toBeLessThanOrEqual(1);
        const [tree] = trees;
        if (tree === undefined) return;
        let seen = 0;
        const times: bigint[] = [];
        const callsOf = (node: CallNode) =>
          [node.enter, node.leave]
            .filter((step) => step !== null)
            .map((step) => truth.get(step.timeNs));
        const check = (nodes: readonly TreeNode[], parent: CallNode | null): void => {
          let isBelowHole = false;
          for (const node of nodes) {
            if (node.kind === 'hole') {
              isBelowHole = true;
              continue;
            }
            const own = callsOf(node);
            seen += own.length;
            const around = parent === null ? [null] : callsOf(parent).map((one) => one?.call);
            for (const one of own) if (!isBelowHole) expect(around).toContain(one?.parent);
            // Both ends of one call, or of two that are alike with a gap between.
            if (own.length === 2 && own[0]?.call !== own[1]?.call) {
              expect(node.enter?.arg(0)).toBe(node.leave?.arg(0));
              expect(node.calls.some((child) => child.kind === 'hole')).toBe(true);
            }
            if (node.enter !== null) times.push(node.enter.timeNs);
            check(node.calls, node);
            if (node.leave !== null) times.push(node.leave.timeNs);
          }
        };
        check(tree.calls, null);
        expect(seen).toBe(kept.length);
        expect([...times].sort((a, b) => (a < b ? -1 : 1))).toEqual(times);
        const holes = (nodes: readonly TreeNode[]): number =>
          nodes.reduce((n, node) => n + (node.kind === 'hole' ? node.lost : holes(node.calls)), 0);
        expect(holes(tree.calls)).toBe(tree.lost);
        const last = new DataView((it.records.at(-1) as Uint8Array).buffer).getUint32(80, true);
        const lastKept = new DataView((kept.at(-1) as Uint8Array).buffer).getUint32(80, true);
        expect(tree.lost).toBe(it.records.length - kept.length - (last - lastKept));
      }),
      { numRuns: 400 },
    );
  });

  test('that is an end alone is none, whatever function it names', () => {
    const end = { kind: RT_STEP_KIND.end, function: 1, lookup: 7 };
    expect(treesOf([stepBytes(end)])).toEqual([]);
  });

  test('is never given more than it can hold by random bytes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            lookup: fc.nat(3),
            seq: fc.nat(40),
            depth: fc.nat(255),
            kind: fc.nat(5),
            function: fc.nat(45),
            place: fc.nat(2),
            tid: fc.nat(2),
          }),
          { maxLength: 80 },
        ),
        (records) => {
          const trees = treesOf(records.map((fields) => stepBytes(fields)));
          for (const tree of trees) expect(shape(tree.calls)).not.toBe('');
        },
      ),
      { numRuns: 200 },
    );
  });
});
