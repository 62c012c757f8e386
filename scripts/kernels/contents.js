import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Commands that scenes use; where busybox has one of the same name, the real one wins. */
const COMMANDS = [
  ...['bash', 'ip', 'ss', 'tc', 'bridge', 'sysctl', 'ping', 'bpftool'],
  ...['unshare', 'nsenter', 'setpriv', 'prlimit', 'mount', 'umount', 'ps', 'pgrep', 'dmesg'],
  ...['cat', 'date', 'env', 'head', 'ls', 'mktemp', 'printf', 'seq', 'sleep', 'sort', 'stat'],
  ...['stdbuf', 'tail', 'tee', 'timeout', 'wc', 'grep', 'sed', 'jq', 'socat', 'strace', 'tcpdump'],
];

/** Without these the machine is of no use; the others are taken where they are installed. */
const REQUIRED = new Set(['bash', 'ip', 'sysctl']);

const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const findCommand = (name) =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));

/** The dynamic linker of x86-64; `ldd` asks it the same way, through a slow script. */
const LINKER = '/lib64/ld-linux-x86-64.so.2';

/** Shared libraries (host paths) of programs, as the dynamic linker finds them; scripts have none. */
export function librariesOf(paths) {
  const found = new Set();
  const options = {
    encoding: 'utf8',
    env: { LD_TRACE_LOADED_OBJECTS: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  for (const path of paths) {
    let text;
    try {
      text = execFileSync(LINKER, [path], options);
    } catch {
      continue;
    }
    for (const [, library] of text.matchAll(/(?:=> |^\s)(\/\S+) \(0x/gm)) found.add(library);
  }
  return found;
}

/** Parts of Python's library that no scene needs, by far the larger part. */
const PYTHON_LEFT_OUT =
  /\/(test|tests|idlelib|tkinter|turtledemo|lib2to3|ensurepip|pydoc_data|distutils|dist-packages|site-packages|config-[^/]*|unittest|xmlrpc|sqlite3|dbm|curses|wsgiref|venv)$/;

function addPython(tree) {
  const python = findCommand('python3');
  if (python === undefined) throw new Error('python3 is not installed');
  const ask = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  const library = execFileSync(python, ['-I', '-c', ask], { encoding: 'utf8' }).trim();
  tree.file(python);
  tree.copy(library, library, (path) => !PYTHON_LEFT_OUT.test(path));
  const dynamic = join(library, 'lib-dynload');
  const modules = existsSync(dynamic)
    ? readdirSync(dynamic).map((name) => join(dynamic, name))
    : [];
  return [python, ...modules];
}

const ETC = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  '/etc/nsswitch.conf': 'hosts: files\n',
};

/** Fills `tree` with the programs of a virtual machine: those of this host, and Node as it runs here. */
export function addPrograms(tree) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) tree.link(`/${name}`, `usr/${name}`);
  for (const path of ['/proc', '/sys', '/dev', '/run', '/root', '/tmp', '/var/tmp', '/usr/sbin']) {
    tree.folder(path, path.endsWith('tmp') ? 0o1777 : 0o755);
  }
  const busybox = findCommand('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed');
  tree.file(busybox, '/usr/bin/busybox');
  const programs = [busybox, ...addPython(tree)];
  for (const name of COMMANDS) {
    const path = findCommand(name);
    if (path === undefined && REQUIRED.has(name)) throw new Error(`${name} is not installed`);
    if (path === undefined) continue;
    tree.file(path);
    programs.push(path);
  }
  tree.file(process.execPath, '/usr/bin/node');
  programs.push(process.execPath);
  for (const library of librariesOf(programs)) tree.file(library);
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
  for (const name of applets.filter((applet) => applet !== '')) {
    const isThere = ['/usr/bin', '/usr/sbin'].some((folder) => tree.has(join(folder, name)));
    if (!isThere) tree.link(`/usr/bin/${basename(name)}`, 'busybox');
  }
  for (const [path, text] of Object.entries(ETC)) tree.text(path, text);
  for (const path of ['/etc/iproute2', '/usr/share/iproute2', '/etc/protocols', '/etc/services']) {
    if (existsSync(path)) tree.copy(path);
  }
}
