/**
 * Compiles sources/rtnetlink/native into build/rtnetlink.node, when a source is newer. Needs gcc (or CC).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'sources/rtnetlink/native');
const HEADERS = join(ROOT, 'node_modules/node-api-headers/include');
const FLAGS = [
  ...[
    '-O2',
    '-g',
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-D_GNU_SOURCE',
    '-DNAPI_VERSION=8',
  ],
  ...['-shared', '-fPIC', '-fvisibility=hidden', '-pthread'],
];

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Returns the path of the addon; throws with the compiler's own words when it can't be built. */
export function buildNative({ output = join(ROOT, 'build/rtnetlink.node'), flags = [] } = {}) {
  const files = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  const newest = Math.max(modified(fileURLToPath(import.meta.url)), ...files.map(modified));
  if (modified(output) > newest) return output;
  mkdirSync(resolve(output, '..'), { recursive: true });
  // Built beside and moved: a running process keeps the file it has mapped.
  const fresh = `${output}.${process.pid}`;
  const sources = files.filter((path) => path.endsWith('.c'));
  try {
    execFileSync(
      process.env.CC ?? 'gcc',
      [...FLAGS, `-I${HEADERS}`, ...flags, '-o', fresh, ...sources],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    renameSync(fresh, output);
  } finally {
    rmSync(fresh, { force: true });
  }
  return output;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(buildNative());
}
