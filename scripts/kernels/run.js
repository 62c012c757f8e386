/**
 * node scripts/kernels/run.js --kernel 6.1|6.12 [--timeout S] [--cpus N] [--add PATH[:GUEST]]… -- COMMAND…
 *
 * Runs COMMAND in a virtual machine with a stock Debian kernel, the project at /routetap. Its output is on our stdout
 * and stderr, its exit code is ours; 125 when the machine did not get that far.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeInitramfs } from './initramfs.js';
import { kernelFrom, KERNELS } from './packages.js';
import { KERNEL_TROUBLE } from './results.js';
import { runMachine } from './vm.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USAGE =
  'usage: run.js --kernel 6.1|6.12 [--timeout S] [--cpus N] [--add PATH[:GUEST]]… -- COMMAND…\n';

const OPTIONS = {
  kernel: { type: 'string' },
  timeout: { type: 'string', default: '120' },
  cpus: { type: 'string', default: '2' },
  add: { type: 'string', multiple: true, default: [] },
};

/** PATH or PATH:GUEST as [host path, guest path]. */
function addedPath(text) {
  const [path, guest] = text.split(':');
  const from = resolve(path);
  return [from, guest ?? from];
}

const CONSOLE_LINES = 40;

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (!Object.hasOwn(KERNELS, values.kernel ?? '') || positionals.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const folder = join(ROOT, 'build', 'kernels');
  const kernel = kernelFrom(folder, values.kernel);
  const added = values.add.map(addedPath);
  const initramfs = writeInitramfs({ root: ROOT, folder, kernel, command: positionals, added });
  const begin = process.hrtime.bigint();
  let result;
  try {
    result = await runMachine({
      kernel,
      initramfs,
      timeoutS: Number(values.timeout),
      cpus: Number(values.cpus),
      onOutput: (bytes) => process.stdout.write(bytes),
      onError: (bytes) => process.stderr.write(bytes),
    });
  } finally {
    rmSync(initramfs, { force: true });
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  process.stderr.write(
    `kernel ${kernel.version}: up after ${result.bootS ?? '?'} s, ended after ${seconds.toFixed(1)} s\n`,
  );
  if (result.exitCode !== null && !KERNEL_TROUBLE.test(result.console)) return result.exitCode;
  process.stderr.write(`${result.console.split('\n').slice(-CONSOLE_LINES).join('\n')}\n`);
  if (result.why !== null) process.stderr.write(`kernel ${kernel.version}: ${result.why}\n`);
  return result.exitCode ?? 125;
}

process.exitCode = await main();
