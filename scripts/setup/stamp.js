import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Every file under `paths` (files or folders, relative to `root`), in a fixed order. */
export function filesUnder(root, paths) {
  const files = [];
  const visit = (path) => {
    if (!existsSync(join(root, path))) return;
    if (!statSync(join(root, path)).isDirectory()) {
      files.push(path);
      return;
    }
    for (const name of readdirSync(join(root, path)).sort()) visit(join(path, name));
  };
  for (const path of paths) visit(path);
  return files;
}

function hashOf(root, inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const file of filesUnder(root, inputs)) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * Runs `make` unless `outputs` exist and were made from the same bytes of `inputs`. A `make` that throws
 * leaves no stamp, so the next run tries again.
 */
export async function whenChanged({ root, name, inputs, outputs, make }) {
  const stamp = join(root, 'build', 'stamps', name);
  const hash = hashOf(root, inputs);
  const isMade = outputs.every((path) => existsSync(join(root, path)));
  if (isMade && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}
