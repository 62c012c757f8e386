import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

/** Bundles a TypeScript file, named from the root, into a script that plain Node runs; returns its path. */
export const bundled = (entry: string, folder: string): string => {
  const script = join(folder, `${basename(entry, '.ts')}.mjs`);
  execFileSync('node_modules/.bin/esbuild', [
    entry,
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--log-level=warning',
    `--outfile=${script}`,
  ]);
  return script;
};
