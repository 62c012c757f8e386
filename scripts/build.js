import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run } from './setup/run.js';
import { whenChanged } from './setup/stamp.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const ROOMS = ['index.ts', 'open-sink.ts', 'core', 'sources', 'sinks'];
const LOCK = 'package-lock.json';
const GRAMMAR = 'core/d/d.peggy';
export const GRAMMAR_PARSER = 'core/d/d.gen.js';

/** What peggy makes of the grammar of D programs and `--where`; throws with the position when the grammar is wrong. */
export async function grammarParser() {
  const { readFileSync } = await import('node:fs');
  const { default: peggy } = await import('peggy');
  return peggy.generate(readFileSync(join(ROOT, GRAMMAR), 'utf8'), {
    output: 'source',
    format: 'es',
    grammarSource: GRAMMAR,
    allowedStartRules: ['Predicate', 'Program'],
  });
}

async function buildGrammar() {
  writeFileSync(join(ROOT, GRAMMAR_PARSER), await grammarParser());
}

/** One file for the command line: importing rxjs file by file costs more than the whole start. */
async function buildBundle() {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['cli/main.ts'],
    outfile: 'dist/routetap.mjs',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    legalComments: 'linked',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
}

/** ES modules and their types, file by file, for `import 'routetap'`. */
async function buildLibrary() {
  const made = join(ROOT, 'build', 'library');
  rmSync(made, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', made], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`tsc ended with exit code ${code}`);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  for (const name of [
    'core',
    'sources',
    'sinks',
    'index.js',
    'index.d.ts',
    'open-sink.js',
    'open-sink.d.ts',
  ]) {
    const from = join(made, name);
    const to = join(ROOT, 'dist', name);
    rmSync(to, { recursive: true, force: true });
    if (existsSync(from)) renameSync(from, to);
  }
}

async function buildNativeParts() {
  const { buildNative } = await import('./build-native.js');
  await buildNative();
  const { buildUnixDatagram } = await import('./build-unix-datagram.js');
  await buildUnixDatagram();
}

/** Without libbpf there is no addon, and routetap has no eBPF tier; that is no failure. */
async function buildLibbpfAddon() {
  const { buildLibbpf } = await import('./build-libbpf.js');
  if (buildLibbpf() !== null) return;
  process.stderr.write(
    'build: no eBPF addon, libbpf 1.x has no headers here (Debian: libbpf-dev libelf-dev zlib1g-dev)\n',
  );
}

const STEPS = [
  {
    name: 'native',
    inputs: [
      'sources/rtnetlink/native',
      'sinks/syslog/native',
      'scripts/build-native.js',
      'scripts/build-unix-datagram.js',
    ],
    outputs: ['build/rtnetlink.node', 'build/unix-datagram.node'],
    make: buildNativeParts,
  },
  {
    name: 'libbpf',
    inputs: ['bpf/native', 'scripts/build-libbpf.js'],
    outputs: ['build/libbpf.node'],
    make: buildLibbpfAddon,
  },
  { name: 'grammar', inputs: [GRAMMAR, LOCK], outputs: [GRAMMAR_PARSER], make: buildGrammar },
  {
    name: 'bundle',
    inputs: [...ROOMS, 'cli', 'package.json', LOCK],
    outputs: ['dist/routetap.mjs'],
    make: buildBundle,
  },
  {
    name: 'library',
    inputs: [...ROOMS, 'tsconfig.json', 'tsconfig.build.json', LOCK],
    outputs: ['dist/index.js', 'dist/index.d.ts'],
    make: buildLibrary,
  },
];

/**
 * Builds what is missing or older than its sources: native code, the grammar's parser, the command's bundle,
 * the library. The eBPF addon is left out where libbpf has no headers. Throws when a step fails. With `only`, just the steps of these names.
 */
export async function build({ only } = {}) {
  for (const step of STEPS) {
    if (only !== undefined && !only.includes(step.name)) continue;
    const isNew = await whenChanged({ root: ROOT, ...step });
    const isMade = step.outputs.every((path) => existsSync(join(ROOT, path)));
    if (isNew && isMade) process.stderr.write(`built: ${step.name}\n`);
  }
  chmodSync(join(ROOT, 'bin', 'routetap.js'), 0o755);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const only = process.argv.slice(2);
    await build(only.length === 0 ? {} : { only });
  } catch (error) {
    process.stderr.write(`build: ${error.message}\n`);
    process.exitCode = 1;
  }
}
