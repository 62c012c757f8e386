import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compileTool } from '../test/tools/compile.js';

/** A namespace with a veth pair, and a folder for what listeners write. */
export class Scene {
  constructor() {
    this.name = `rt-bench-${process.pid}`;
    this.folder = mkdtempSync(path.join(tmpdir(), 'routetap-bench-'));
    this.flooder = compileTool('route-flood');
    const ip = (line) => execFileSync('ip', line.split(' '));
    ip(`netns add ${this.name}`);
    ip(`netns exec ${this.name} sysctl -qw net.ipv6.conf.default.addr_gen_mode=1`);
    ip(`-n ${this.name} link add v0 type veth peer name v1`);
    ip(`-n ${this.name} link set v1 up`);
    ip(`-n ${this.name} link set v0 up`);
    ip(`-n ${this.name} addr add 192.0.2.1/24 dev v0`);
    ip(`-n ${this.name} addr add 2001:db8:9::1/64 dev v0 nodad`);
    // Nobody answers there: packets go out all the same.
    for (const address of ['192.0.2.2', '2001:db8:9::2']) {
      ip(`-n ${this.name} neigh add ${address} lladdr 02:00:00:00:00:02 dev v0 nud permanent`);
    }
    this.ifindex = execFileSync('ip', [
      'netns',
      'exec',
      this.name,
      'cat',
      '/sys/class/net/v0/ifindex',
    ])
      .toString()
      .trim();
  }

  /** Adds or deletes routes 100.64.0.0/32 and up; resolves with the seconds it took. */
  flood(verb, count, ...options) {
    return new Promise((resolve, reject) => {
      const args = ['netns', 'exec', this.name, this.flooder, '-g', '192.0.2.2', ...options];
      const child = spawn('ip', [...args, verb, String(count), '100.64.0.0', this.ifindex], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (text) => (out += text));
      child.on('close', (code) =>
        code === 0 ? resolve(Number(out.split(' ')[2])) : reject(new Error(`route-flood: ${out}`)),
      );
    });
  }

  /** Starts a program inside; `stdout` a file descriptor or 'pipe'. */
  spawn(command, args, stdout) {
    return spawn('ip', ['netns', 'exec', this.name, command, ...args], {
      stdio: ['ignore', stdout, 'pipe'],
    });
  }

  file(name) {
    return path.join(this.folder, name);
  }

  times(name) {
    const bytes = readFileSync(this.file(name));
    return new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  }

  remove() {
    execFileSync('ip', ['netns', 'del', this.name]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
