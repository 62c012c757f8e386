import type { Family } from '../../core/event.js';
import type { FunctionRow, LeftOut, TracedParameter } from '../../core/trace/model.js';
import type { Prototype } from '../bpf/kernel-btf.js';
import type { KernelSymbol } from './kernel-symbols.js';
import { shapeOf, shapeWithoutArguments } from './shapes.js';

/** A function of the running kernel that can be watched. */
export interface Traceable {
  /** Number in records and in the map `shapes`. */
  readonly id: number;
  readonly row: FunctionRow;
  readonly symbol: string;
  /** Number in the kernel's BTF, which a trampoline needs; null: a breakpoint is left. */
  readonly btfId: number | null;
  readonly parameters: readonly TracedParameter[];
  readonly returns: string;
  /** A tree may begin here, as it can be told whose packet it is. */
  readonly isRoot: boolean;
  /** struct rt_shape. */
  readonly shape: Uint8Array;
}

export interface Resolved {
  readonly traceable: readonly Traceable[];
  readonly leftOut: readonly LeftOut[];
}

/** What the kernel says of its functions. */
export interface KernelFunctions {
  readonly prototypes: ReadonlyMap<string, Prototype>;
  readonly symbols: ReadonlyMap<string, KernelSymbol>;
}

/** What the filters leave to be seen. */
export interface Interest {
  readonly way?: 'output' | 'input';
  /** Of the addresses asked for. */
  readonly family?: Family;
}

/** bpf/step.h: entries of the map `shapes`. */
const MAX_FUNCTIONS = 256;

/** False: no packet the filters let through comes by. */
const isOfInterest = (row: FunctionRow, { way, family }: Interest): boolean =>
  (way === undefined || row.way === 'both' || row.way === way) &&
  (family === undefined || row.family === null || row.family === family);

type Found = Omit<Traceable, 'id'>;

/** Where BTF does not tell the arguments, or the compiler changed them. */
const untyped = (row: FunctionRow, symbol: string): Found => ({
  row,
  symbol,
  btfId: null,
  parameters: [],
  returns: '',
  isRoot: false,
  shape: shapeWithoutArguments(row),
});

function whole(row: FunctionRow, prototype: Prototype | undefined): Found {
  if (prototype === undefined) return untyped(row, row.name);
  const { id, parameters, returns } = prototype;
  const shape = shapeOf(row, parameters, returns);
  return { row, symbol: row.name, btfId: id, parameters, returns, isRoot: row.isRoot, shape };
}

function find(row: FunctionRow, { prototypes, symbols }: KernelFunctions): Found[] | string {
  const symbol = symbols.get(row.name);
  if (symbol === undefined) return 'not in this kernel, or inlined';
  if (symbol.exact > 1) return `${symbol.exact} functions have this name`;
  if (symbol.exact === 1) return [whole(row, prototypes.get(row.name))];
  return symbol.copies.map((name) => untyped(row, name));
}

/** Which functions can be watched here, by their symbols, and which not. Tracepoints are no functions. */
export function resolveFunctions(
  rows: readonly FunctionRow[],
  kernel: KernelFunctions,
  interest: Interest,
): Resolved {
  const traceable: Traceable[] = [];
  const leftOut: LeftOut[] = [];
  for (const row of rows) {
    if (row.role === 'point' || !isOfInterest(row, interest)) continue;
    const found = find(row, kernel);
    if (typeof found === 'string') {
      leftOut.push({ name: row.name, why: found });
      continue;
    }
    for (const one of found) {
      if (traceable.length < MAX_FUNCTIONS) traceable.push({ id: traceable.length, ...one });
      else leftOut.push({ name: row.name, why: `more than ${MAX_FUNCTIONS} functions` });
    }
  }
  return { traceable, leftOut };
}
