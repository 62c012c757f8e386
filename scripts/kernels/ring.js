import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkedBlocks, DOCUMENT } from '../learning.js';
import { writeInitramfs } from './initramfs.js';
import { kernelFrom, KERNELS } from './packages.js';
import { failureLine, machineResults, pagesIn, resultsIn, tableLines } from './results.js';
import { runMachine } from './vm.js';

const SCENARIOS = 'build/kernels/scenarios.mjs';
/** Pages of traces, of one kernel: what docs/learning-the-routing-code.md is made of. */
const PAGES = { kernel: '6.12', file: 'learning.json' };
const TIMEOUT_S = 600;
const CONSOLE_LINES = 30;

const say = (text) => process.stderr.write(`${text}\n`);

async function bundleScenarios(root) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/kernels/scenarios.ts'],
    outfile: SCENARIOS,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
}

/** What the document shows of traces is what traces show. */
const documentResults = (root, kernel, pages) =>
  checkedBlocks(readFileSync(join(root, DOCUMENT), 'utf8'), pages).map(({ name, difference }) => ({
    ...{ kernel: kernel.name, tier: 'fentry', probe: 'document' },
    ...{ name: `${DOCUMENT}: ${name}`, ok: difference === null, detail: difference },
  }));

async function runKernel(root, folder, kernel, cpus) {
  const initramfs = writeInitramfs({
    ...{ root, folder, kernel, command: ['node', SCENARIOS] },
    added: [[join(root, SCENARIOS), `/routetap/${SCENARIOS}`]],
  });
  const begin = process.hrtime.bigint();
  let output = '';
  let notes = '';
  const machine = await runMachine({
    ...{ kernel, initramfs, cpus, timeoutS: TIMEOUT_S },
    onOutput: (bytes) => (output += bytes.toString()),
    onError: (bytes) => (notes += bytes.toString()),
  }).finally(() => rmSync(initramfs, { force: true }));
  const results = [...machineResults(kernel.name, machine), ...resultsIn(output, kernel.name)];
  if (kernel.name === PAGES.kernel) {
    const pages = pagesIn(output);
    writeFileSync(join(folder, PAGES.file), `${JSON.stringify(pages, null, 2)}\n`);
    results.push(...documentResults(root, kernel, pages));
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  say(
    `kernel ${kernel.version}: up after ${machine.bootS ?? '?'} s, ended after ${seconds.toFixed(1)} s`,
  );
  if (results.some(({ ok }) => !ok)) {
    say(notes.trimEnd());
    say(machine.console.split('\n').slice(-CONSOLE_LINES).join('\n').trimEnd());
  }
  return results;
}

/** The kernels that can be had; what can't be is told and counted as skipped. */
function kernelsFor(folder) {
  const kernels = [];
  for (const name of Object.keys(KERNELS)) {
    try {
      kernels.push(kernelFrom(folder, name));
    } catch (error) {
      say(`ring kernels: skipped kernel ${name}: ${error.message.split('\n')[0]}`);
    }
  }
  return kernels;
}

/**
 * Boots each stock kernel once and runs the scenes of test/kernels in it under every tier; prints what failed and a
 * table. Resolves with what passed, failed and was skipped, a kernel that can't be had counting as one skipped.
 * Needs dist/ and build/ as `npm run build` leaves them.
 */
export async function runKernelsRing(root) {
  const folder = join(root, 'build', 'kernels');
  await bundleScenarios(root);
  const kernels = kernelsFor(folder);
  const cores = availableParallelism();
  const cpus = cores >= 2 * kernels.length ? 2 : 1;
  const runs = [];
  for (const kernel of kernels) {
    const run = runKernel(root, folder, kernel, cpus);
    runs.push(run);
    if (cores < 2) await run;
  }
  const results = (await Promise.all(runs)).flat();
  const failed = results.filter(({ ok }) => !ok);
  for (const result of failed) say(failureLine(result));
  for (const line of tableLines(results)) say(line);
  return {
    passed: results.length - failed.length,
    failed: failed.length,
    skipped: Object.keys(KERNELS).length - kernels.length,
  };
}
