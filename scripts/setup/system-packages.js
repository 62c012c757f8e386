import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, runWithRetries } from './run.js';

/** Debian package and what shows that it is there: a command, or a path. */
const START = [
  { package: 'gcc', command: 'gcc' },
  { package: 'libc6-dev', path: '/usr/include/linux/rtnetlink.h' },
  { package: 'iproute2', command: 'ip' },
];

/** The tests compare with other programs' view of the kernel and feed real receivers. */
const TEST = [
  ...START,
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

/**
 * Installs what is missing of `rows`. Returns null when everything is there, else one line naming what
 * is not and how to get it.
 */
export async function ensureSystemPackages(rows) {
  const missing = rows.filter((row) => !isPresent(row)).map((row) => row.package);
  if (missing.length === 0) return null;
  const names = missing.join(' ');
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !hasCommand('apt-get')) {
    return `missing system packages: ${names}; install them as root (Debian: apt-get install ${names})`;
  }
  process.stderr.write(`installing system packages: ${names}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
  if (packageListsAreStale()) await update(env);
  if ((await install(missing, env)) !== 0) {
    await update(env);
    await install(missing, env);
  }
  const still = rows.filter((row) => !isPresent(row)).map((row) => row.package);
  if (still.length === 0) return null;
  return `apt-get could not install: ${still.join(' ')}; install them and start again`;
}
