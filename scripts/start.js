import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureNodeModules } from './setup/node-modules.js';
import { ensureSystemPackages, SYSTEM_PACKAGES } from './setup/system-packages.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Packages, modules, build; each does nothing when it is done already. Returns an exit code, null to go on. */
async function setUp() {
  const lacking = await ensureSystemPackages(SYSTEM_PACKAGES.start);
  if (lacking !== null) {
    process.stderr.write(`routetap: ${lacking}\n`);
    return 3;
  }
  const failed = await ensureNodeModules(ROOT);
  if (failed !== null) {
    process.stderr.write(`routetap: ${failed}\n`);
    return 1;
  }
  try {
    const { build } = await import('./build.js');
    await build();
  } catch (error) {
    process.stderr.write(`routetap: build: ${error.message}\n`);
    return 1;
  }
  return null;
}

/** Runs the command in our place: same stdio, signals go to it, its exit code is ours. */
function runRoutetap(args) {
  const child = spawn(process.execPath, [`${ROOT}bin/routetap.js`, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    // A terminal's Ctrl-C reaches the child twice this way; the command takes the two as one.
    process.on(signal, () => child.kill(signal));
  }
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

const code = await setUp();
if (code === null) runRoutetap(process.argv.slice(2));
else process.exitCode = code;
