import { WantedNames } from '../bpf/wanted-names.js';

/** What /proc/kallsyms has of one function. */
export interface KernelSymbol {
  /** How many functions have exactly this name. */
  readonly exact: number;
  /** Address of the first of them; 0: none, or hidden from us (kptr_restrict). */
  readonly address: bigint;
  /** Copies the compiler made, by their whole names: `ip_route_input_rcu.part.0`. */
  readonly copies: readonly string[];
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
/** Types of symbols that are code: t, T, w, W. */
const CODE: readonly number[] = [0x74, 0x54, 0x77, 0x57];

/** A copy with other arguments, or a part of it; never `.cold`, which is jumped into. */
const COPY = /^(\.(constprop|isra|part)\.\d+)+$/;

/** Functions among the lines of /proc/kallsyms (`address type name`, a tab and a module behind it), by name. */
export function findSymbols(
  kallsyms: Buffer,
  names: Iterable<string>,
): ReadonlyMap<string, KernelSymbol> {
  const wanted = new WantedNames(names);
  const found = new Map<string, { exact: number; address: bigint; copies: string[] }>();
  let line = 0;
  while (line < kallsyms.length) {
    let at = line;
    while (at < kallsyms.length && kallsyms[at] !== SPACE && kallsyms[at] !== NEWLINE) at += 1;
    const type = kallsyms[at + 1] ?? 0;
    const start = at + 3;
    const isWanted = CODE.includes(type) && wanted.mayStand(kallsyms, start);
    const newline = kallsyms.indexOf(NEWLINE, at);
    const end = newline < 0 ? kallsyms.length : newline;
    if (isWanted) take(line, at, end);
    line = end + 1;
  }
  return found;

  function take(lineStart: number, addressEnd: number, lineEnd: number): void {
    const start = addressEnd + 3;
    const tab = kallsyms.subarray(start, lineEnd).indexOf(TAB);
    const symbol = kallsyms.toString('latin1', start, tab < 0 ? lineEnd : start + tab);
    const dot = symbol.indexOf('.');
    const name = dot < 0 ? symbol : symbol.slice(0, dot);
    if (!wanted.has(name) || (dot >= 0 && !COPY.test(symbol.slice(dot)))) return;
    const known = found.get(name) ?? { exact: 0, address: 0n, copies: [] };
    found.set(name, known);
    if (dot >= 0) {
      if (!known.copies.includes(symbol)) known.copies.push(symbol);
      return;
    }
    known.exact += 1;
    if (known.exact > 1) return;
    known.address = BigInt(`0x${kallsyms.toString('latin1', lineStart, addressEnd)}`);
  }
}
