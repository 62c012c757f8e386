import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const GO_PATH = '/usr/share/gocode';
const PYTHON = '/usr/bin/python3';

const ROUTETAP = path.join(root, 'bin', 'routetap.js');

const routetap = (name, ...options) => ({
  name,
  command: process.execPath,
  args: [ROUTETAP, 'monitor', ...options],
  ready: 'watching ',
  counts: 'lines',
});

const iproute = (name, ...args) => ({ name, command: 'ip', args, ready: null, counts: 'lines' });

/** What listens to routes in the benchmarks; those not installed are left out, with a line saying so. */
export function listeners() {
  return [
    routetap('routetap --json', '--json'),
    routetap('routetap'),
    iproute('ip monitor route', 'monitor', 'route'),
    iproute('ip -ts monitor route', '-ts', 'monitor', 'route'),
    ...goListener(),
    ...pythonListener(),
  ];
}

function goListener() {
  if (!existsSync(`${GO_PATH}/src/github.com/vishvananda/netlink`)) {
    console.error(
      'vishvananda/netlink is not installed (golang-github-vishvananda-netlink-dev): left out',
    );
    return [];
  }
  const binary = path.join(root, 'build', 'tools', 'bench-netlink');
  mkdirSync(path.dirname(binary), { recursive: true });
  execFileSync('go', ['build', '-o', binary, path.join(root, 'bench', 'listeners', 'netlink.go')], {
    env: { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOPROXY: 'off', GOFLAGS: '' },
    stdio: 'inherit',
  });
  return [
    { name: 'vishvananda/netlink', command: binary, args: [], ready: 'ready', counts: 'own' },
  ];
}

function pythonListener() {
  try {
    execFileSync(PYTHON, ['-c', 'import pyroute2'], { stdio: 'ignore' });
  } catch {
    console.error('pyroute2 is not installed (python3-pyroute2): left out');
    return [];
  }
  const script = path.join(root, 'bench', 'listeners', 'pyroute.py');
  return [{ name: 'pyroute2', command: PYTHON, args: [script], ready: 'ready', counts: 'own' }];
}

/** Resolves when the listener listens. */
export function whenReady(child, word) {
  if (word === null) return new Promise((resolve) => setTimeout(resolve, 500));
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
      if (text.includes(word)) resolve();
    });
    child.on('close', (code) => reject(new Error(`listener ended with ${code}: ${text}`)));
  });
}
