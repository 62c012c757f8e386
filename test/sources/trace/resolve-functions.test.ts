import { describe, expect, test } from '@jest/globals';
import { RT_SHAPE } from '../../../core/bpf/layout.gen.js';
import type { FunctionRow } from '../../../core/trace/model.js';
import type { Prototype } from '../../../sources/bpf/kernel-btf.js';
import { findSymbols } from '../../../sources/trace/kernel-symbols.js';
import { resolveFunctions, type Interest } from '../../../sources/trace/resolve-functions.js';

const row = (name: string, over: Partial<FunctionRow> = {}): FunctionRow => ({
  name,
  file: 'net/ipv4/route.c',
  family: 'inet',
  role: 'step',
  way: 'both',
  isRoot: false,
  isFlowOut: false,
  explain: 'Words.',
  ...over,
});

const KALLSYMS = Buffer.from(
  [
    'ffffffff81000010 T ip_route_output_flow',
    'ffffffff81000020 t ip_route_output_flow.cold',
    'ffffffff81000030 t __pfx_find_exception',
    'ffffffff81000040 t find_exception',
    'ffffffff81000050 t ip_rcv_finish_core.constprop.0',
    'ffffffff81000060 t ip_rcv_finish_core.constprop.0.cold',
    'ffffffff81000070 t ip_route_input_rcu.part.0',
    'ffffffff81000080 t ip_route_input_rcu.isra.0.part.1',
    'ffffffff81000090 t twice',
    'ffffffff810000a0 t twice\t[nf_tables]',
    'ffffffff810000b0 D fib_props',
    'ffffffff810000c0 t ip6_output\t[ipv6]',
    'ffffffff810000d0 t untyped',
  ].join('\n') + '\n',
);

const PROTOTYPES: ReadonlyMap<string, Prototype> = new Map(
  ['ip_route_output_flow', 'find_exception', 'twice', 'ip_rcv_finish_core', 'inlined'].map(
    (name, index) => [
      name,
      { id: 100 + index, parameters: [{ name: 'fl4', type: 'struct flowi4 *' }], returns: 'int' },
    ],
  ),
);

const resolve = (
  rows: readonly FunctionRow[],
  interest: Interest = {},
): ReturnType<typeof resolveFunctions> => {
  const symbols = findSymbols(
    KALLSYMS,
    rows.map(({ name }) => name),
  );
  return resolveFunctions(rows, { prototypes: PROTOTYPES, symbols }, interest);
};

describe('symbols of the kernel', () => {
  test('are found by their whole names, with the copies that can be called', () => {
    const names = [
      'ip_route_output_flow',
      'ip_route_input_rcu',
      'ip6_output',
      'fib_props',
      'ip_rcv',
    ];
    expect([...findSymbols(KALLSYMS, names)]).toEqual([
      ['ip_route_output_flow', { exact: 1, address: 0xffffffff81000010n, copies: [] }],
      [
        'ip_route_input_rcu',
        {
          exact: 0,
          address: 0n,
          copies: ['ip_route_input_rcu.part.0', 'ip_route_input_rcu.isra.0.part.1'],
        },
      ],
      ['ip6_output', { exact: 1, address: 0xffffffff810000c0n, copies: [] }],
    ]);
  });

  test('are found in a list that ends within a line, and with short names', () => {
    const list = Buffer.from('0000000000000000 t abc\n0000000000000000 T ip_rcv');
    expect([...findSymbols(list, ['ip_rcv', 'abc']).keys()]).toEqual(['abc', 'ip_rcv']);
    expect([...findSymbols(Buffer.alloc(0), ['ip_rcv'])]).toEqual([]);
  });
});

describe('functions of the running kernel', () => {
  test('are numbered, and have the arguments its BTF says', () => {
    const { traceable, leftOut } = resolve([
      row('ip_route_output_flow', { isRoot: true }),
      row('find_exception'),
    ]);
    expect(leftOut).toEqual([]);
    expect(traceable).toMatchObject([
      { id: 0, symbol: 'ip_route_output_flow', btfId: 100, isRoot: true, returns: 'int' },
      { id: 1, symbol: 'find_exception', btfId: 101, isRoot: false },
    ]);
    expect(traceable[0]?.shape[RT_SHAPE.flow4]).toBe(1);
    expect(traceable[0]?.shape[RT_SHAPE.is_root]).toBe(1);
  });

  test('that the compiler copied are watched as each copy, without arguments, and begin nothing', () => {
    const { traceable } = resolve([
      row('ip_rcv_finish_core', { isRoot: true, way: 'input' }),
      row('ip_route_input_rcu'),
    ]);
    expect(traceable).toMatchObject([
      { id: 0, symbol: 'ip_rcv_finish_core.constprop.0', btfId: null, parameters: [] },
      { id: 1, symbol: 'ip_route_input_rcu.part.0' },
      { id: 2, symbol: 'ip_route_input_rcu.isra.0.part.1' },
    ]);
    expect(traceable[0]?.isRoot).toBe(false);
    expect(traceable[0]?.shape[RT_SHAPE.is_root]).toBe(0);
    expect(traceable[0]?.shape[RT_SHAPE.flow4]).toBe(0);
  });

  test('that BTF does not have begin nothing', () => {
    const { traceable } = resolve([row('untyped', { isRoot: true })]);
    expect(traceable).toMatchObject([
      { symbol: 'untyped', btfId: null, isRoot: false, returns: '' },
    ]);
  });

  test('that are not there are named', () => {
    expect(resolve([row('inlined'), row('twice'), row('fib_props')])).toEqual({
      traceable: [],
      leftOut: [
        { name: 'inlined', why: 'not in this kernel, or inlined' },
        { name: 'twice', why: '2 functions have this name' },
        { name: 'fib_props', why: 'not in this kernel, or inlined' },
      ],
    });
  });

  test('that the filters make useless are neither watched nor missed', () => {
    const rows = [
      row('ip_route_output_flow', { way: 'output' }),
      row('find_exception', { family: null }),
      row('ip6_output', { family: 'inet6' }),
      row('inlined', { way: 'input' }),
      row('fib:fib_table_lookup', { role: 'point' }),
    ];
    const symbolsOf = (interest: Interest): readonly string[] => {
      const { traceable, leftOut } = resolve(rows, interest);
      return [...traceable.map(({ symbol }) => symbol), ...leftOut.map(({ name }) => `-${name}`)];
    };
    expect(symbolsOf({})).toEqual([
      'ip_route_output_flow',
      'find_exception',
      'ip6_output',
      '-inlined',
    ]);
    expect(symbolsOf({ way: 'output' })).toEqual([
      'ip_route_output_flow',
      'find_exception',
      'ip6_output',
    ]);
    expect(symbolsOf({ way: 'input' })).toEqual(['find_exception', 'ip6_output', '-inlined']);
    expect(symbolsOf({ family: 'inet6' })).toEqual(['find_exception', 'ip6_output']);
  });

  test('beyond what the map of shapes holds are left out', () => {
    const rows = Array.from({ length: 257 }, () => row('find_exception'));
    const { traceable, leftOut } = resolve(rows);
    expect(traceable).toHaveLength(256);
    expect(leftOut).toEqual([{ name: 'find_exception', why: 'more than 256 functions' }]);
  });
});
