import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, '..', '..', 'build', 'tools');

/**
 * Compiles test/tools/NAME.c when its binary is older, and returns the binary's path.
 * The binary appears by a rename, so tests running side by side never see half of one.
 */
export function compileTool(name) {
  const source = path.join(here, `${name}.c`);
  const binary = path.join(out, name);
  if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) return binary;
  mkdirSync(out, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', fresh, source], { stdio: 'inherit' });
  renameSync(fresh, binary);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) process.stdout.write(`${compileTool(name)}\n`);
}
