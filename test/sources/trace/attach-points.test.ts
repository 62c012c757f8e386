import { describe, expect, test } from '@jest/globals';
import type { BpfObject } from '../../../sources/bpf/libbpf.js';
import {
  attachPoints,
  pointFunctions,
  pointSets,
  type PointSet,
} from '../../../sources/trace/attach-points.js';

const PROGRAMS = [
  { name: 'trace_enter_fentry', section: 'fentry/ip_route_output_flow' },
  { name: 'trace_fib_tp', section: 'tp_btf/fib_table_lookup' },
  { name: 'trace_fib6_tp', section: 'tp_btf/fib6_table_lookup' },
  { name: 'trace_receive_tp', section: 'tp_btf/netif_receive_skb' },
  { name: 'trace_icmp_tp', section: 'tp_btf/icmp_send' },
  { name: 'trace_exit_tp', section: 'tp_btf/sys_exit' },
  { name: 'trace_fork_all', section: 'tp_btf/sched_process_fork' },
];

const NONE: PointSet = { programs: [], tooYoung: [], knobs: {} };
const names = ({ programs }: PointSet): readonly string[] => programs.map(({ name }) => name);
const all = { isOfTasks: false };
const ends = ({ knobs }: PointSet): number | undefined => knobs['ends_by_work']?.[0];

describe('the tracepoint tier', () => {
  test('is tried with all its tracepoints, then without the young ones, without sys_exit first', () => {
    const sets = pointSets(PROGRAMS, all);
    expect(sets.map(names)).toEqual([
      ['trace_fib_tp', 'trace_fib6_tp', 'trace_receive_tp', 'trace_icmp_tp'],
      ['trace_fib_tp', 'trace_fib6_tp', 'trace_receive_tp', 'trace_icmp_tp', 'trace_exit_tp'],
      ['trace_fib_tp', 'trace_fib6_tp', 'trace_receive_tp'],
      ['trace_fib_tp', 'trace_fib6_tp', 'trace_receive_tp', 'trace_exit_tp'],
    ]);
    expect(sets.map(ends)).toEqual([1, undefined, 1, undefined]);
    const old = PROGRAMS.filter(({ name }) => name !== 'trace_icmp_tp');
    expect(pointSets(old, all)).toHaveLength(2);
    expect(() => pointSets(PROGRAMS.slice(0, 1), all)).toThrow('no programs of tracepoints');
  });

  test('leaves alone what the filters make useless, and names none of it as missing', () => {
    const [, set = NONE] = pointSets(PROGRAMS, { family: 'inet', isOfTasks: true });
    expect(names(set)).toEqual(['trace_fib_tp', 'trace_icmp_tp', 'trace_exit_tp']);
    expect(pointFunctions(set).leftOut).toEqual([]);
  });

  test('attaches what begins a tree last', () => {
    const attached: string[] = [];
    const object: Pick<BpfObject, 'attach'> = { attach: (name) => attached.push(name) };
    const [, set = NONE] = pointSets(PROGRAMS, all);
    attachPoints(object as BpfObject, set.programs);
    expect(attached).toEqual([
      'trace_receive_tp',
      'trace_icmp_tp',
      'trace_exit_tp',
      'trace_fib_tp',
      'trace_fib6_tp',
    ]);
  });

  test('says which tracepoints are watched, by their numbers in records, and which not', () => {
    const { functions, leftOut } = pointFunctions(
      pointSets(PROGRAMS, { family: 'inet', isOfTasks: false })[2] ?? NONE,
    );
    expect(functions).toEqual([
      {
        id: 1,
        name: 'fib:fib_table_lookup',
        symbol: 'fib:fib_table_lookup',
        mechanism: 'tracepoint',
        parameters: [],
        returns: '',
      },
    ]);
    expect(leftOut).toContainEqual({ name: 'icmp:icmp_send', why: 'not in this kernel' });
    expect(leftOut).not.toContainEqual(expect.objectContaining({ name: 'fib:fib_table_lookup' }));
  });
});
