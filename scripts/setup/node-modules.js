import { statSync } from 'node:fs';
import { runWithRetries } from './run.js';

const mtimeMs = (path) => {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return null;
  }
};

/** npm writes `.package-lock.json` last, so its age is the age of the whole tree. */
function isCurrent(root) {
  const installed = mtimeMs(`${root}/node_modules/.package-lock.json`);
  const lock = mtimeMs(`${root}/package-lock.json`);
  return installed !== null && (lock === null || installed >= lock);
}

/** Runs `npm ci` when node_modules is missing or older than the lock; returns null, or one line saying what failed. */
export async function ensureNodeModules(root) {
  if (isCurrent(root)) return null;
  process.stderr.write('installing node modules\n');
  const code = await runWithRetries(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'],
    { cwd: root },
  );
  return code === 0 ? null : `npm ci ended with exit code ${code}`;
}
