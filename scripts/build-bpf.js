/**
 * Compiles bpf/*.bpf.c into the committed bpf/*.bpf.o, and generates core/bpf/layout.gen.ts. Needs clang, llvm-strip,
 * bpftool and libbpf's headers; users need none of them. `--check` builds aside and compares.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYOUT, LAYOUT_PROBE, layoutSource } from './bpf-layout.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'bpf');

/** The committed bytecode is this compiler's: another one's instructions do the same, but are other bytes. */
const CLANG_MAJOR = 14;

/** Names are relative, so that the bytes don't depend on the folder. v3 instructions: Linux 5.1 and later. */
const FLAGS = [
  ...['-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86', '-O2', '-g', '-std=gnu11'],
  ...['-Wall', '-Werror', '-fdebug-compilation-dir=.', '-I.'],
];

const clang = () => process.env.CLANG ?? 'clang';

/** Standard output of a tool run in bpf/; throws with the tool's own words. */
function run(command, args, input) {
  try {
    return execFileSync(command, args, {
      cwd: SOURCES,
      input,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    const said = (error.stderr ?? '').trim();
    throw new Error(said === '' ? error.message : `${command}: ${said}`, { cause: error });
  }
}

/** Major version of clang; null where there is none. */
function clangMajor() {
  try {
    return Number(/version (\d+)/.exec(run(clang(), ['--version']))?.[1] ?? NaN);
  } catch {
    return null;
  }
}

/** Compiles one program into `output`, without DWARF; BTF stays. */
export function compileBpf(source, output) {
  run(clang(), [...FLAGS, '-o', output, '-c', source]);
  run(process.env.LLVM_STRIP ?? 'llvm-strip', ['-g', output]);
  return output;
}

function layout(folder) {
  const object = join(folder, 'layout.o');
  run(clang(), [...FLAGS, '-x', 'c', '-o', object, '-c', '-'], LAYOUT_PROBE);
  return layoutSource(JSON.parse(run('bpftool', ['btf', 'dump', '-j', 'file', object])).types);
}

/** Every generated file built afresh: path below the root → bytes. */
function buildAll() {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'build', 'bpf-'));
  try {
    const programs = readdirSync(SOURCES).filter((name) => name.endsWith('.bpf.c'));
    const built = programs.sort().map((name) => {
      const object = name.replace(/\.c$/, '.o');
      return [`bpf/${object}`, readFileSync(compileBpf(name, join(folder, object)))];
    });
    return new Map([...built, [LAYOUT, Buffer.from(layout(folder))]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const differs = (path, bytes) =>
  !existsSync(join(ROOT, path)) || !readFileSync(join(ROOT, path)).equals(bytes);

/** Writes what is new; returns the paths written. Objects without a source are removed. */
function buildBpf() {
  const built = buildAll();
  for (const name of readdirSync(SOURCES)) {
    if (name.endsWith('.bpf.o') && !built.has(`bpf/${name}`)) rmSync(join(SOURCES, name));
  }
  const written = [...built].filter(([path, bytes]) => differs(path, bytes));
  for (const [path, bytes] of written) {
    const target = join(ROOT, path);
    mkdirSync(resolve(target, '..'), { recursive: true });
    writeFileSync(`${target}.${process.pid}`, bytes);
    renameSync(`${target}.${process.pid}`, target);
  }
  return written.map(([path]) => path);
}

/**
 * Compares the committed files with what their sources give. `{ differing: paths }`, or `{ skipped: why }` where
 * the committed files' compiler isn't there.
 */
export function checkBpf() {
  const major = clangMajor();
  if (major !== CLANG_MAJOR) {
    const found = major === null ? 'no clang' : `clang ${major}`;
    return { skipped: `the bytecode is compared with clang ${CLANG_MAJOR}'s, found ${found}` };
  }
  const built = buildAll();
  const orphans = readdirSync(SOURCES)
    .filter((name) => name.endsWith('.bpf.o') && !built.has(`bpf/${name}`))
    .map((name) => `bpf/${name}`);
  const stale = [...built].filter(([path, bytes]) => differs(path, bytes)).map(([path]) => path);
  return { differing: [...stale, ...orphans] };
}

function main(args) {
  if (!args.includes('--check')) {
    for (const path of buildBpf()) console.log(`built: ${path}`);
    return 0;
  }
  const { skipped, differing } = checkBpf();
  if (skipped !== undefined) console.error(`bpf: not compared: ${skipped}`);
  for (const path of differing ?? []) {
    console.error(`${path} is not what its source gives; run node scripts/build-bpf.js`);
  }
  return (differing ?? []).length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    console.error(`build-bpf: ${error.message}`);
    process.exitCode = 1;
  }
}
