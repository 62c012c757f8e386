import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Kernels of the ring: what Debian calls the packages of each. */
export const KERNELS = {
  6.1: /^linux-image-6\.1\.\d+-\d+-cloud-amd64$/,
  6.12: /^linux-image-6\.12\.\d+\+deb12-cloud-amd64$/,
};

const numbersOf = (name) => (name.match(/\d+/g) ?? []).map(Number);

/** Orders package names by the numbers in them: 6.1.0-9 before 6.1.0-56. */
function compareNames(one, other) {
  const left = numbersOf(one);
  const right = numbersOf(other);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest package of a kernel of KERNELS among `names`; undefined when there is none. */
export const newestPackage = (kernel, names) =>
  names
    .filter((name) => KERNELS[kernel].test(name))
    .sort(compareNames)
    .at(-1);

/** Name of the package in a file that `apt-get download` made. */
const packageOf = (file) => decodeURIComponent(file.split('_')[0] ?? '');

const capture = (command, args, options) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 2], ...options });

function downloaded(folder, kernel) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.deb'));
  const newest = newestPackage(kernel, files.map(packageOf));
  return files.find((file) => packageOf(file) === newest);
}

function downloadNewest(folder, kernel) {
  const names = capture('apt-cache', ['pkgnames', `linux-image-${kernel}.`]).split('\n');
  const name = newestPackage(kernel, names);
  if (name === undefined) throw new Error(`apt-cache knows no Debian cloud kernel ${kernel}`);
  process.stderr.write(`kernel ${kernel}: downloading ${name}\n`);
  capture('apt-get', ['-o', 'Acquire::Retries=3', 'download', '-q', name], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  const file = downloaded(folder, kernel);
  if (file === undefined) throw new Error(`apt-get download ${name} left no file`);
  return file;
}

/** Lists older than the archive name packages that are gone from it: asked again with new ones. */
function download(folder, kernel) {
  try {
    return downloadNewest(folder, kernel);
  } catch {
    capture('apt-get', ['-o', 'Acquire::Retries=3', 'update', '-q'], { stdio: ['ignore', 2, 2] });
    return downloadNewest(folder, kernel);
  }
}

/**
 * The kernel of a Debian package, downloaded into `folder` at first: its version, image and modules. Throws when
 * the package can't be had.
 */
export function kernelFrom(folder, kernel) {
  mkdirSync(folder, { recursive: true });
  const file = downloaded(folder, kernel) ?? download(folder, kernel);
  const name = packageOf(file);
  const unpacked = join(folder, name);
  if (!existsSync(unpacked)) {
    const fresh = `${unpacked}.${process.pid}`;
    capture('dpkg-deb', ['-x', join(folder, file), fresh]);
    rmSync(unpacked, { recursive: true, force: true });
    renameSync(fresh, unpacked);
  }
  const version = name.replace('linux-image-', '');
  return {
    name: kernel,
    version,
    image: join(unpacked, 'boot', `vmlinuz-${version}`),
    modules: join(unpacked, 'lib/modules', version),
  };
}
