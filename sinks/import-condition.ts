import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The file of a package that only `import` may load (package.json has no `require` condition), looked for from `folder`
 * upwards; null when there is none. Node 20 resolves such packages only from inside a module of the same tree.
 */
export const importCondition = (folder: string, specifier: string): string | null => {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? [];
  if (name === undefined || name.startsWith('.')) return null;
  for (let at = folder; ; at = dirname(at)) {
    const home = join(at, 'node_modules', name);
    const entry = entryOf(join(home, 'package.json'), `.${rest ?? ''}`);
    if (entry !== null) return join(home, entry);
    if (dirname(at) === at) return null;
  }
};

const entryOf = (packageJson: string, subpath: string): string | null => {
  try {
    const { exports } = JSON.parse(readFileSync(packageJson, 'utf8')) as { exports?: unknown };
    const table = isTable(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
    return condition(table ? exports[subpath] : exports);
  } catch {
    return null;
  }
};

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Conditions in the order the package lists them, as Node takes them. */
const condition = (value: unknown): string | null => {
  if (typeof value === 'string') return value;
  if (!isTable(value)) return null;
  for (const [name, target] of Object.entries(value)) {
    if (name !== 'import' && name !== 'node' && name !== 'default') continue;
    const found = condition(target);
    if (found !== null) return found;
  }
  return null;
};
