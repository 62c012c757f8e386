import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Drivers that the machine itself and the scenes need; what a kernel has built in is not loaded. */
const WANTED = [
  ...['virtio_pci', 'virtio_console'],
  ...['veth', 'bridge', 'dummy', 'vrf', 'tun', 'macvlan', '8021q', 'nlmon', 'ip_tunnel', 'sit'],
];

const MODULE = /\.ko(\.xz)?$/;

/** Names as the kernel writes them: with `_`. */
const nameOf = (path) => basename(path).replace(MODULE, '').replaceAll('-', '_');

function modulesUnder(folder) {
  const found = new Map();
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (item.isDirectory()) for (const [name, file] of modulesUnder(path)) found.set(name, file);
    else if (MODULE.test(path)) found.set(nameOf(path), path);
  }
  return found;
}

/** The bytes the kernel takes: Debian may compress modules, and a small initramfs has no kmod. */
export function readModule(path) {
  if (!path.endsWith('.xz')) return readFileSync(path);
  return execFileSync('xz', ['-dc', path], { maxBuffer: 1 << 28 });
}

/** What `depends=` of a module's .modinfo section says. */
export function dependenciesOf(bytes) {
  const begin = bytes.indexOf('\0depends=');
  if (begin < 0) return [];
  const text = bytes.toString('latin1', begin + 9, bytes.indexOf(0, begin + 9));
  return text === '' ? [] : text.split(',').map((name) => name.replaceAll('-', '_'));
}

/**
 * Order in which to load `wanted` of { name → path }, what a module depends on before it. What is not a module
 * must be in `builtIn`; else this throws.
 */
export function loadOrder(wanted, modules, builtIn, depends) {
  const order = new Set();
  const visit = (name) => {
    const path = modules.get(name);
    if (path === undefined) {
      if (builtIn.has(name)) return;
      throw new Error(`kernel has no module ${name}`);
    }
    if (order.has(path)) return;
    for (const other of depends(path)) visit(other);
    order.add(path);
  };
  for (const name of wanted) visit(name);
  return [...order];
}

/** Paths of the modules to load, in order, of the kernel whose /lib/modules/VERSION is `folder`. */
export function modulesOf(folder) {
  const builtInFile = join(folder, 'modules.builtin');
  const lines = existsSync(builtInFile) ? readFileSync(builtInFile, 'utf8').split('\n') : [];
  const builtIn = new Set(lines.map(nameOf));
  const depends = (path) => dependenciesOf(readModule(path));
  return loadOrder(WANTED, modulesUnder(join(folder, 'kernel')), builtIn, depends);
}
