import { DError } from '../../core/d/d-error.js';
import { Macros } from '../../core/d/program/macros.js';
import type { ProgramTree } from '../../core/d/program/program-ast.js';
import { ProbeSpace, type ProbeRow } from '../../core/d/program/probes.js';

/** `$pid`, `$uid` and their like, as DTrace has them: those of routetap itself. */
export const processMacros = (): Readonly<Record<string, string>> => ({
  pid: String(process.pid),
  ppid: String(process.ppid),
  uid: String(process.getuid?.() ?? 0),
  euid: String(process.geteuid?.() ?? 0),
  gid: String(process.getgid?.() ?? 0),
  egid: String(process.getegid?.() ?? 0),
});

/** Finds the probes that programs describe. */
export class Described {
  readonly #space = new ProbeSpace();
  readonly #macros: Macros;

  constructor(args: readonly string[], target: number | null) {
    const values = new Map(Object.entries(processMacros()));
    for (const [index, text] of args.entries()) values.set(String(index + 1), text);
    if (target !== null) values.set('target', String(target));
    this.#macros = new Macros(values, false);
  }

  /** The probes a program describes, in its order; `missed` is told which description matches none. */
  rows({ items }: ProgramTree, missed: (text: string, error: DError) => void): readonly ProbeRow[] {
    const rows: ProbeRow[] = [];
    for (const item of items) {
      if (item.kind !== 'clause') continue;
      for (const { text, at } of item.descriptions) {
        try {
          const matches = this.#space.match(this.#macros.replaced(text, at), at);
          rows.push(...matches.map(({ row }) => row));
        } catch (error) {
          if (!(error instanceof DError)) throw error;
          missed(text, error);
        }
      }
    }
    return rows;
  }
}
