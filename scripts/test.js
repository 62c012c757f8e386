import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureNodeModules } from './setup/node-modules.js';
import { run } from './setup/run.js';
import { ensureSystemPackages, SYSTEM_PACKAGES } from './setup/system-packages.js';
import { RINGS, runRing } from './test-rings.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A tool of node_modules, run by the Node that runs us. */
const tool = (path, ...args) =>
  run(process.execPath, [`node_modules/${path}`, ...args], { cwd: ROOT });

async function build() {
  try {
    const { build } = await import('./build.js');
    await build();
    return 0;
  } catch (error) {
    process.stderr.write(`build: ${error.message}\n`);
    return 1;
  }
}

/** The parser on disk must be what the grammar gives, whatever the stamps believe. */
async function generated() {
  const { grammarParser, GRAMMAR_PARSER } = await import('./build.js');
  const path = `${ROOT}${GRAMMAR_PARSER}`;
  if (existsSync(path) && readFileSync(path, 'utf8') === (await grammarParser())) return 0;
  process.stderr.write(`${GRAMMAR_PARSER} is not what its grammar gives; run npm run build\n`);
  return 1;
}

/** The committed bytecode must be what its sources give. */
async function bytecode() {
  const { checkBpf } = await import('./build-bpf.js');
  const { skipped, differing = [] } = checkBpf();
  if (skipped !== undefined) {
    process.stderr.write(`bytecode: not compared: ${skipped}\n`);
    return process.env.CI ? 1 : 0;
  }
  for (const path of differing) {
    process.stderr.write(`${path} is not what its source gives; run node scripts/build-bpf.js\n`);
  }
  return differing.length === 0 ? 0 : 1;
}

/** Everything that is checked besides the tests, in this order. */
const STEPS = [
  { name: 'generated files', check: generated },
  { name: 'bytecode', check: bytecode },
  { name: 'types', check: () => tool('typescript/bin/tsc', '-p', '.') },
  { name: 'lint', check: () => tool('eslint/bin/eslint.js', '.', '--max-warnings=0') },
  {
    name: 'format',
    check: () => tool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  },
  { name: 'dead code', check: () => tool('knip/bin/knip.js', '--no-progress') },
  { name: 'package', check: () => tool('publint/src/cli.js', '--strict', '--pack=npm') },
];

async function setUp() {
  const lacking = await ensureSystemPackages(SYSTEM_PACKAGES.test);
  if (lacking !== null) {
    process.stderr.write(`npm test: ${lacking}\n`);
    return 3;
  }
  const failed = await ensureNodeModules(ROOT);
  if (failed === null) return null;
  process.stderr.write(`npm test: ${failed}\n`);
  return 1;
}

async function timed(name, work) {
  process.stderr.write(`\n== ${name}\n`);
  const begin = process.hrtime.bigint();
  const result = await work();
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  process.stderr.write(`== ${name}: ${seconds.toFixed(1)} s\n`);
  return result;
}

/** Runs the steps and the rings, all of them even when one fails, and prints the sum as the last line. */
async function main(asked) {
  const unknown = asked.filter((name) => !(name in RINGS));
  if (unknown.length > 0) {
    process.stderr.write(
      `npm test: expected rings of ${Object.keys(RINGS).join(', ')}, got ${unknown.join(' ')}\n`,
    );
    return 2;
  }
  const code = await setUp();
  if (code !== null) return code;
  const failedSteps = [];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  if ((await timed('build', build)) === 0) {
    if (asked.length === 0) {
      for (const { name, check } of STEPS) {
        if ((await timed(name, check)) !== 0) failedSteps.push(name);
      }
    }
    for (const name of asked.length === 0 ? Object.keys(RINGS) : asked) {
      const counts = await timed(`ring ${name}`, () => runRing(ROOT, name));
      for (const key of Object.keys(sum)) sum[key] += counts[key];
      if (counts.failed > 0) failedSteps.push(`ring ${name}`);
    }
  } else {
    failedSteps.push('build');
  }
  return report(sum, failedSteps);
}

function report(sum, failedSteps) {
  const isRing = (name) => name.startsWith('ring ');
  const failed = sum.failed + failedSteps.filter((name) => !isRing(name)).length;
  const isSkipAnError = sum.skipped > 0 && Boolean(process.env.CI);
  process.stderr.write('\n');
  if (failedSteps.length > 0) process.stderr.write(`failed: ${failedSteps.join(', ')}\n`);
  if (isSkipAnError) process.stderr.write('skipped tests are an error where CI is set\n');
  process.stdout.write(`${sum.passed} passed, ${failed} failed, ${sum.skipped} skipped\n`);
  return failed > 0 || isSkipAnError ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
