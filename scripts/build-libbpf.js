/**
 * Compiles bpf/native into build/libbpf.node, when a source is newer. Needs gcc (or CC) and libbpf's headers;
 * without them there is no addon, and routetap has no eBPF tier.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'bpf/native');
const HEADERS = join(ROOT, 'node_modules/node-api-headers/include');
const FLAGS = [
  ...['-O2', '-g', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE'],
  ...['-DNAPI_VERSION=8', '-shared', '-fPIC', '-fvisibility=hidden', '-pthread'],
];

/** libbpf 1.0 gave the calls used here their meaning; 0.x has the same names. */
const PROBE = `
#include <bpf/libbpf.h>
#if LIBBPF_MAJOR_VERSION < 1
#error libbpf is older than 1.0
#endif
`;

const compiler = () => process.env.CC ?? 'gcc';
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function hasLibbpf(flags) {
  try {
    execFileSync(compiler(), [...flags, '-x', 'c', '-fsyntax-only', '-'], {
      input: PROBE,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the path of the addon, or null where libbpf 1.x has no headers, and then an addon built before is gone
 * too. Throws when the compiler refuses the sources. `flags` are for the compiler.
 */
export function buildLibbpf({ output = join(ROOT, 'build/libbpf.node'), flags = [] } = {}) {
  if (!hasLibbpf(flags)) {
    rmSync(output, { force: true });
    return null;
  }
  const files = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  const newest = Math.max(modified(fileURLToPath(import.meta.url)), ...files.map(modified));
  if (modified(output) > newest) return output;
  mkdirSync(resolve(output, '..'), { recursive: true });
  // Built beside and moved: a running process keeps the file it has mapped.
  const fresh = `${output}.${process.pid}`;
  const sources = files.filter((path) => path.endsWith('.c'));
  try {
    execFileSync(
      compiler(),
      [...FLAGS, `-I${HEADERS}`, ...flags, '-o', fresh, ...sources, '-lbpf'],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    renameSync(fresh, output);
  } finally {
    rmSync(fresh, { force: true });
  }
  return output;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(buildLibbpf() ?? 'no headers of libbpf 1.x (Debian: libbpf-dev): no eBPF tier');
}
