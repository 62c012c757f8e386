import { describe, expect, test } from '@jest/globals';
import { RT_SHAPE_BYTES } from '../../../core/bpf/layout.gen.js';
import type { BpfObject } from '../../../sources/bpf/libbpf.js';
import { attachFunctions } from '../../../sources/trace/attach-functions.js';
import { FENTRY, KPROBE, KPROBE_MULTI, waysOf } from '../../../sources/trace/hooks.js';
import type { Traceable } from '../../../sources/trace/resolve-functions.js';

const ENOENT = -2;
const EINVAL = -22;
const EOPNOTSUPP = -95;

const traceable = (id: number, symbol: string, over: Partial<Traceable> = {}): Traceable => ({
  id,
  row: {
    name: symbol.replace(/\..*/, ''),
    file: 'net/ipv4/route.c',
    family: 'inet',
    role: 'step',
    way: 'both',
    isRoot: false,
    isFlowOut: false,
    explain: 'Words.',
  },
  symbol,
  btfId: 1000 + id,
  parameters: [],
  returns: 'int',
  isRoot: false,
  shape: new Uint8Array(RT_SHAPE_BYTES),
  ...over,
});

/** A kernel that refuses some functions to some programs; what it was asked, in order. */
class Kernel {
  readonly asked: string[] = [];
  opened = 0;
  closed = 0;
  readonly #refusal: (program: string, symbol: string) => number;

  constructor(refusal: (program: string, symbol: string) => number) {
    this.#refusal = refusal;
  }

  readonly open = (): BpfObject => {
    this.opened += 1;
    const object: Pick<BpfObject, 'attachFunctions' | 'close'> = {
      attachFunctions: (program, functions, btfIds, cookies) => {
        this.asked.push(
          `${program} ${functions.map((name, at) => `${name}/${btfIds[at] ?? -1}/${cookies[at] ?? -1}`).join(' ')}`,
        );
        const refusals = functions.map((symbol) => this.#refusal(program, symbol));
        const worst = Math.min(...refusals);
        return Int32Array.from(program.endsWith('multi') ? refusals.map(() => worst) : refusals);
      },
      close: () => {
        this.closed += 1;
      },
    };
    return object as BpfObject;
  };
}

const OUTPUT = traceable(0, 'ip_route_output_flow', { isRoot: true });
const TABLE = traceable(1, 'fib_table_lookup');
const COPY = traceable(2, 'ip_rcv_finish_core.constprop.0', { btfId: null });

const watchedBy = (
  kernel: Kernel,
  ways: Parameters<typeof attachFunctions>[1],
  functions: readonly Traceable[] = [OUTPUT, TABLE, COPY],
): { readonly watched: readonly string[]; readonly leftOut: readonly string[] } => {
  const { watched, leftOut } = attachFunctions(kernel.open, ways, functions);
  return {
    watched: watched.map((one) => `${one.traceable.symbol} ${one.hooks.leave}`),
    leftOut: leftOut.map(({ name, why }) => `${name}: ${why}`),
  };
};

describe('attaching to functions', () => {
  test('watches each by the best way, ends first and roots last', () => {
    const kernel = new Kernel(() => 0);
    expect(watchedBy(kernel, [FENTRY, KPROBE_MULTI])).toEqual({
      watched: [
        'ip_route_output_flow trace_leave_fexit',
        'fib_table_lookup trace_leave_fexit',
        'ip_rcv_finish_core.constprop.0 trace_leave_multi',
      ],
      leftOut: [],
    });
    expect(kernel.asked).toEqual([
      'trace_leave_fexit ip_route_output_flow/1000/0 fib_table_lookup/1001/1',
      'trace_leave_multi ip_rcv_finish_core.constprop.0/0/2',
      'trace_enter_fentry fib_table_lookup/1001/1',
      'trace_enter_multi ip_rcv_finish_core.constprop.0/0/2',
      'trace_root_fentry ip_route_output_flow/1000/0',
    ]);
    expect([kernel.opened, kernel.closed]).toEqual([1, 0]);
  });

  test('a function that refuses a trampoline gets a breakpoint', () => {
    const kernel = new Kernel((program, symbol) =>
      program.endsWith('fexit') && symbol === 'fib_table_lookup' ? EINVAL : 0,
    );
    expect(watchedBy(kernel, [FENTRY, KPROBE], [OUTPUT, TABLE])).toEqual({
      watched: ['ip_route_output_flow trace_leave_fexit', 'fib_table_lookup trace_leave_kretprobe'],
      leftOut: [],
    });
    expect(kernel.opened).toBe(1);
  });

  test('a function that refuses every way is left out with what the kernel said', () => {
    const kernel = new Kernel((program, symbol) =>
      symbol !== 'fib_table_lookup' ? 0 : program.endsWith('fexit') ? EINVAL : ENOENT,
    );
    expect(watchedBy(kernel, [FENTRY, KPROBE]).leftOut).toEqual([
      'fib_table_lookup: fentry: EINVAL; kprobe: ENOENT',
    ]);
    expect(watchedBy(new Kernel(() => 0), [FENTRY]).leftOut).toEqual([
      'ip_rcv_finish_core: fentry: the kernel’s BTF does not have it',
    ]);
  });

  test('no function stays half attached: all is opened anew without that way', () => {
    const kernel = new Kernel((program, symbol) =>
      program.endsWith('root_fentry') && symbol === 'ip_route_output_flow' ? EINVAL : 0,
    );
    expect(watchedBy(kernel, [FENTRY, KPROBE], [OUTPUT, TABLE]).watched).toEqual([
      'ip_route_output_flow trace_leave_kretprobe',
      'fib_table_lookup trace_leave_fexit',
    ]);
    expect([kernel.opened, kernel.closed]).toEqual([2, 1]);
    expect(kernel.asked.slice(3)).toEqual([
      'trace_leave_fexit fib_table_lookup/1001/1',
      'trace_leave_kretprobe ip_route_output_flow/1000/0',
      'trace_enter_fentry fib_table_lookup/1001/1',
      'trace_root_kprobe ip_route_output_flow/1000/0',
    ]);
  });

  test('one function that spoils kprobe.multi for all is alone left out', () => {
    const kernel = new Kernel((_, symbol) => (symbol === 'fib_table_lookup' ? EINVAL : 0));
    expect(watchedBy(kernel, [KPROBE_MULTI])).toEqual({
      watched: [
        'ip_route_output_flow trace_leave_multi',
        'ip_rcv_finish_core.constprop.0 trace_leave_multi',
      ],
      leftOut: ['fib_table_lookup: kprobe: EINVAL'],
    });
  });

  test('a kernel without kprobe.multi is told from functions it refuses, and nothing stays open', () => {
    const kernel = new Kernel((program) => (program.endsWith('multi') ? EOPNOTSUPP : 0));
    expect(() => watchedBy(kernel, [FENTRY, KPROBE_MULTI])).toThrow('kprobe.multi: EOPNOTSUPP');
    expect(kernel.closed).toBe(kernel.opened);
  });
});

describe('ways to watch functions', () => {
  test('a tier has kprobes beside trampolines where they can be had, one link for many first', () => {
    expect(waysOf('fentry', 'multi')).toEqual([[FENTRY, KPROBE_MULTI], [FENTRY, KPROBE], [FENTRY]]);
    expect(waysOf('fentry', 'one by one')).toEqual([[FENTRY, KPROBE], [FENTRY]]);
    expect(waysOf('fentry', 'none')).toEqual([[FENTRY]]);
    expect(waysOf('kprobe', 'multi')).toEqual([[KPROBE_MULTI], [KPROBE]]);
    expect(waysOf('kprobe', 'none')).toEqual([]);
  });
});
