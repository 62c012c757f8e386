import { DError } from '../d-error.js';
import type { ProgramTree } from './program-ast.js';

/** Nodes under each other: what compiles and runs a tree calls itself once for each. */
const DEPTH_LIMIT = 600;

type Branch = Readonly<Record<string, unknown>>;

const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null;

/**
 * Refuses a tree too deep for the stack, by a walk that does not call itself, and finds the names the program gives a
 * value or declares: they are its variables wherever they stand.
 */
export function checkTree(tree: ProgramTree): ReadonlySet<string> {
  const names = new Set<string>();
  const stack: { readonly branch: Branch; readonly depth: number; readonly at: number }[] = [
    { branch: tree as unknown as Branch, depth: 0, at: 0 },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { branch, depth } = next;
    const at = typeof branch['at'] === 'number' ? branch['at'] : next.at;
    if (depth > DEPTH_LIMIT) {
      throw new DError(at, `at most ${DEPTH_LIMIT} operators in one expression`, 'more');
    }
    const name = assignedName(branch);
    if (name !== null) names.add(name);
    if (branch['kind'] === 'declaration' && branch['isClauseLocal'] === true) continue;
    const deeper = depth + (Array.isArray(branch) ? 0 : 1);
    for (const value of Object.values(branch)) {
      if (isBranch(value)) stack.push({ branch: value, depth: deeper, at });
    }
  }
  return names;
}

function assignedName(branch: Branch): string | null {
  switch (branch['kind']) {
    case 'assign':
      return baseName(branch['target']);
    case 'step':
      return baseName(branch['object']);
    case 'inline':
      return branch['name'] as string;
    default:
      return 'keys' in branch && branch['kind'] === undefined ? (branch['name'] as string) : null;
  }
}

/** The variable of `x`, `x[1]`; null for everything else. */
function baseName(node: unknown): string | null {
  if (!isBranch(node)) return null;
  if (node['kind'] === 'name') return node['name'] as string;
  return node['kind'] === 'index' ? baseName(node['object']) : null;
}
