import { readFileSync } from 'node:fs';

import { RoutetapError } from '../../core/errors.js';
import type { FunctionRow } from '../../core/trace/model.js';
import { KernelBtf } from '../bpf/kernel-btf.js';
import type { Hooks } from './hooks.js';
import { findSymbols, type KernelSymbol } from './kernel-symbols.js';
import type { KernelFunctions } from './resolve-functions.js';

/** Only in kernels with CONFIG_FPROBE, which kprobe.multi needs. */
const FPROBE = 'register_fprobe_ips';

/** Where functions return to while a return is waited for: by fprobe since Linux 6.14, by a rethook, by a kretprobe. */
const TRAMPOLINES = {
  graph: 'return_to_handler',
  rethook: 'arch_rethook_trampoline',
  kretprobe: '__kretprobe_trampoline',
} as const;
/** Only where fprobe is made of the function graph tracer. */
const FPROBE_GRAPH = 'fprobe_fgraph_entry';

const DROP_REASONS = 'skb_drop_reason';

/** Addresses functions return to while somebody waits for their return; 0: not known. */
export interface Trampolines {
  readonly own: bigint;
  /** Of the function graph tracer. */
  readonly graph: bigint;
}

/** What the running kernel says of the functions of some rows. */
export interface RunningKernel extends KernelFunctions {
  readonly hasMulti: boolean;
  trampolinesOf(hooks: Hooks): Trampolines;
  /** `enum skb_drop_reason` by number; empty before Linux 5.17. */
  readonly dropReasons: ReadonlyMap<number, string>;
}

function fileBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RoutetapError('runtime', `trace: expected to read ${path}, got ${reason}`, { cause });
  }
}

/** Without /proc/kallsyms every function that BTF has counts as there. */
const fromPrototypes = (names: Iterable<string>): ReadonlyMap<string, KernelSymbol> =>
  new Map([...names].map((name) => [name, { exact: 1, address: 0n, copies: [] }]));

/** Reads /sys/kernel/btf/vmlinux and /proc/kallsyms. Throws a RoutetapError (`runtime`) where there is no good BTF. */
export function readRunningKernel(rows: readonly FunctionRow[]): RunningKernel {
  const names = rows.filter(({ role }) => role !== 'point').map(({ name }) => name);
  const btf = new KernelBtf(fileBytes('/sys/kernel/btf/vmlinux'));
  const prototypes = btf.prototypes(names);
  const found = findSymbols(fileBytes('/proc/kallsyms'), [
    ...names,
    FPROBE,
    FPROBE_GRAPH,
    ...Object.values(TRAMPOLINES),
  ]);
  const addressOf = (name: string): bigint => found.get(name)?.address ?? 0n;
  return {
    prototypes,
    symbols: found.size === 0 ? fromPrototypes(prototypes.keys()) : found,
    hasMulti: found.has(FPROBE),
    trampolinesOf: ({ isMulti }) => ({
      own:
        isMulti && found.has(FPROBE_GRAPH)
          ? addressOf(TRAMPOLINES.graph)
          : addressOf(TRAMPOLINES.rethook) || addressOf(TRAMPOLINES.kretprobe),
      graph: addressOf(TRAMPOLINES.graph),
    }),
    dropReasons: btf.enumNames(DROP_REASONS),
  };
}
