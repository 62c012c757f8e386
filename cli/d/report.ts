import type { ProgramTree } from '../../core/d/program/program-ast.js';
import type { ProbeRow } from '../../core/d/program/probes.js';
import type { ProgramText } from './program-text.js';
import { attributeLines, leastAttributes, stabilityOf } from './stability.js';

/** Does the tree read args[]? Everything else of a clause is as stable as D itself. */
function readsArguments(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { kind, name } = node as { readonly kind?: unknown; readonly name?: unknown };
  return (kind === 'name' && name === 'args') || Object.values(node).some(readsArguments);
}

/** What dtrace(1) prints of a program with -v. */
export function stabilityReport(
  { kind, name }: ProgramText,
  tree: ProgramTree,
  rows: readonly ProbeRow[],
): string {
  const providers = rows.map(({ provider }) => stabilityOf(provider));
  const probes = leastAttributes(providers.map((one) => one.probes));
  const statements = readsArguments(tree)
    ? leastAttributes(providers.map(({ parameters }) => parameters))
    : leastAttributes([]);
  return (
    `\nStability attributes for ${kind} ${name}:\n` +
    `\n\tMinimum Probe Description Attributes\n${attributeLines(probes)}` +
    `\n\tMinimum Statement Attributes\n${attributeLines(statements)}\n`
  );
}
