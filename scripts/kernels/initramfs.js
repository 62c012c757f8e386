import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addPrograms, librariesOf } from './contents.js';
import { cpioBytes } from './cpio.js';
import { modulesOf, readModule } from './modules.js';
import { Tree } from './tree.js';

const INIT = fileURLToPath(new URL('init.sh', import.meta.url));

/** What of the project is in the machine, at /routetap; with the addons of build/. */
const PROJECT = [
  'bin',
  'bpf',
  'dist/routetap.mjs',
  'package.json',
  'test/bpf/scenes',
  'test/kernels/scenes',
];

function append(fd, tree) {
  for (const bytes of cpioBytes(tree.entries())) writeSync(fd, bytes);
}

/** Changes when a file of the tree changes. */
function keyOf(tree) {
  const hash = createHash('sha256');
  for (const { name, type, mode, mtimeS, size, source, data } of tree.entries()) {
    const content = source === undefined ? data : `${source} ${size} ${mtimeS}`;
    hash
      .update(`${name}\0${type}\0${mode}\0`)
      .update(content ?? '')
      .update('\0');
  }
  return hash.digest('hex');
}

/** Programs and drivers: the large part, written once. */
function baseArchive(folder, kernel) {
  const tree = new Tree();
  addPrograms(tree);
  tree.text('/init', readFileSync(INIT, 'utf8'), 0o755);
  for (const [index, path] of modulesOf(kernel.modules).entries()) {
    const name = `${String(index).padStart(2, '0')}-${basename(path).replace(/\.xz$/, '')}`;
    tree.file(path, `/lib/modules/load/${name}`, readModule);
  }
  const archive = join(folder, `base-${kernel.name}.cpio`);
  const keyFile = join(folder, `base-${kernel.name}.key`);
  const key = keyOf(tree);
  if (existsSync(archive) && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) {
    return archive;
  }
  const fresh = `${archive}.${process.pid}`;
  const fd = openSync(fresh, 'w');
  append(fd, tree);
  closeSync(fd);
  renameSync(fresh, archive);
  writeFileSync(keyFile, key);
  return archive;
}

/** A word as bash reads it back. */
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Writes the initramfs for one boot and returns its path: programs, drivers, the project at /routetap, `added`
 * ([host path, guest path]) and the command. The caller removes it.
 */
export function writeInitramfs({ root, folder, kernel, command, added = [] }) {
  const tree = new Tree();
  const addons = readdirSync(join(root, 'build'))
    .filter((name) => name.endsWith('.node'))
    .map((name) => join('build', name));
  for (const path of [...PROJECT, ...addons]) {
    if (existsSync(join(root, path))) tree.copy(join(root, path), join('/routetap', path));
  }
  for (const path of librariesOf(addons.map((addon) => join(root, addon)))) tree.file(path);
  for (const [from, to] of added) tree.copy(from, to);
  tree.text('/etc/routetap/command', `exec ${command.map(quote).join(' ')}\n`);
  const archive = join(folder, `boot-${kernel.name}-${process.pid}.cpio`);
  rmSync(archive, { force: true });
  copyFileSync(baseArchive(folder, kernel), archive);
  const fd = openSync(archive, 'a');
  append(fd, tree);
  closeSync(fd);
  return archive;
}
