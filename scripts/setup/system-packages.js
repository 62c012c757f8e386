import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runWithRetries } from './run.js';

/** Debian package and what shows that it is there: a command, or a path. Optional: everything else works without. */
const START = [
  { package: 'gcc', command: 'gcc' },
  { package: 'libc6-dev', path: '/usr/include/linux/rtnetlink.h' },
  { package: 'iproute2', command: 'ip' },
  { package: 'libbpf-dev', path: '/usr/include/bpf/libbpf.h', isOptional: true },
  { package: 'libelf-dev', path: '/usr/include/libelf.h', isOptional: true },
  { package: 'zlib1g-dev', path: '/usr/include/zlib.h', isOptional: true },
];

/**
 * The tests compare with other programs' view of the kernel, feed real receivers, compile eBPF programs and boot other
 * kernels (docs/kernels.md).
 */
const TEST = [
  ...START.map((row) => ({ ...row, isOptional: false })),
  { package: 'util-linux', command: 'unshare' },
  { package: 'procps', command: 'ps' },
  { package: 'rsyslog', command: 'rsyslogd' },
  { package: 'jq', command: 'jq' },
  { package: 'socat', command: 'socat' },
  { package: 'python3', path: '/usr/bin/python3' },
  { package: 'python3-pyroute2', path: '/usr/lib/python3/dist-packages/pyroute2' },
  { package: 'golang-go', command: 'go' },
  {
    package: 'golang-github-vishvananda-netlink-dev',
    path: '/usr/share/gocode/src/github.com/vishvananda/netlink',
  },
  { package: 'clang', command: 'clang' },
  { package: 'llvm', command: 'llvm-strip' },
  { package: 'bpftool', command: 'bpftool' },
  { package: 'qemu-system-x86', command: 'qemu-system-x86_64' },
  { package: 'busybox-static', command: 'busybox' },
  { package: 'xz-utils', command: 'xz' },
];

export const SYSTEM_PACKAGES = { start: START, test: TEST };

/** Where Debian puts commands, whatever PATH a service or a cron job came with. */
const COMMAND_FOLDERS = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].filter((folder) => folder !== '');

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const hasCommand = (name) => COMMAND_FOLDERS.some((folder) => isExecutable(join(folder, name)));

const isPresent = (row) =>
  row.path === undefined ? hasCommand(row.command) : existsSync(row.path);

const LISTS = '/var/lib/apt/lists';
const STALE_MS = 24 * 3600 * 1000;

function packageListsAreStale() {
  try {
    const times = readdirSync(LISTS)
      .filter((name) => name.includes('Packages'))
      .map((name) => statSync(join(LISTS, name)).mtimeMs);
    return times.length === 0 || Date.now() - statSync(LISTS).mtimeMs > STALE_MS;
  } catch {
    return true;
  }
}

const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];

/** One unreachable list of many makes `apt-get update` fail; the install that follows decides. */
const update = (env) => runWithRetries('apt-get', [...APT_OPTIONS, 'update', '-q'], { env }, 2);

const install = (names, env) =>
  run('apt-get', [...APT_OPTIONS, 'install', '-y', '-q', '--no-install-recommends', ...names], {
    env,
  });

/** Optional packages that could not be had once are not asked for at every start. */
const IN_VAIN = fileURLToPath(new URL('../../build/stamps/optional-packages', import.meta.url));

function triedInVain() {
  try {
    return new Set(readFileSync(IN_VAIN, 'utf8').split('\n'));
  } catch {
    return new Set();
  }
}

function rememberInVain(rows) {
  if (rows.length === 0) return;
  mkdirSync(dirname(IN_VAIN), { recursive: true });
  writeFileSync(IN_VAIN, rows.map((row) => row.package).join('\n'));
}

/**
 * Installs what is missing of `rows`. Returns null when everything but optional packages is there, else one line naming
 * what is not and how to get it.
 */
export async function ensureSystemPackages(rows) {
  const tried = triedInVain();
  const missing = rows.filter(
    (row) => !isPresent(row) && !(row.isOptional === true && tried.has(row.package)),
  );
  if (missing.length === 0) return null;
  const needed = missing.filter((row) => row.isOptional !== true).map((row) => row.package);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !hasCommand('apt-get')) {
    if (needed.length === 0) return null;
    const names = needed.join(' ');
    return `missing system packages: ${names}; install them as root (Debian: apt-get install ${names})`;
  }
  const names = missing.map((row) => row.package);
  process.stderr.write(`installing system packages: ${names.join(' ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
  if (packageListsAreStale()) await update(env);
  if ((await install(names, env)) !== 0) {
    await update(env);
    await install(names, env);
  }
  const absent = missing.filter((row) => !isPresent(row));
  rememberInVain(absent.filter((row) => row.isOptional === true));
  const still = absent.filter((row) => row.isOptional !== true).map((row) => row.package);
  if (still.length === 0) return null;
  return `apt-get could not install: ${still.join(' ')}; install them and start again`;
}
