import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { kernelRoutes, stateDifference } from '../tools/compare-state.js';
import { RebuiltState, type JsonRecord } from '../tools/rebuild-state.js';

/** The checkout. */
export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Bound for everything waited for; a loaded machine needs far less. */
const PATIENCE_MS = 40_000;

let made = 0;
const namespaces = new Set<string>();
const running = new Set<Tap>();

/** A network namespace of this test's own, removed by `cleanUp`. */
export class Namespace {
  readonly name: string;

  constructor(label: string) {
    this.name = `rt-${label}-${process.pid}-${++made}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    namespaces.add(this.name);
  }

  /** Runs `ip` inside, words split at spaces; throws with its message when it fails. */
  ip(command: string): void {
    const words = command.split(' ').filter((word) => word !== '');
    execFileSync('ip', ['-n', this.name, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Runs lines of `ip -batch`; errors are part of the game. Returns what ip complained about. */
  batch(lines: readonly string[]): string {
    const input = `${lines.join('\n')}\n`;
    return spawnSync('ip', ['-n', this.name, '-force', '-batch', '-'], { input, encoding: 'utf8' })
      .stderr;
  }

  sysctl(name: string, value: string): void {
    this.exec('sysctl', ['-qw', `${name}=${value}`]);
  }

  exec(command: string, args: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, command, ...args], { encoding: 'utf8' });
  }

  ifindex(dev: string): number {
    return Number(this.exec('cat', [`/sys/class/net/${dev}/ifindex`]));
  }

  /** A veth pair DEV – DEVp, both up, with these addresses on DEV. */
  pair(dev: string, ...addresses: string[]): void {
    this.ip(`link add ${dev} type veth peer name ${dev}p`);
    for (const address of addresses) {
      this.ip(`addr add ${address} dev ${dev}${address.includes(':') ? ' nodad' : ''}`);
    }
    this.ip(`link set ${dev}p up`);
    this.ip(`link set ${dev} up`);
  }

  /** Without link-local addresses nothing happens later by duplicate address detection. */
  quietIpv6(): void {
    this.sysctl('net.ipv6.conf.default.addr_gen_mode', '1');
    this.sysctl('net.ipv6.conf.all.addr_gen_mode', '1');
  }

  remove(): void {
    if (!namespaces.delete(this.name)) return;
    spawnSync('ip', ['netns', 'del', this.name]);
  }
}

/** A running `routetap monitor --json --snapshot`. */
export class Tap {
  readonly records: JsonRecord[] = [];
  readonly state = new RebuiltState();
  stderr = '';
  /** Everything on stdout so far. */
  stdout = '';
  readonly #child: ChildProcess;
  readonly #namespace: Namespace;
  readonly #exited: Promise<number | null>;
  #rest = '';
  #markers = 0;

  private constructor(namespace: Namespace, child: ChildProcess) {
    this.#namespace = namespace;
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#exited = new Promise((resolve) => child.on('close', resolve));
  }

  /** Starts inside the namespace and waits until events flow. */
  static async start(namespace: Namespace, ...options: string[]): Promise<Tap> {
    return Tap.#run(namespace, [
      'ip',
      ['netns', 'exec', namespace.name, process.execPath, ...monitor(options)],
    ]);
  }

  /** Starts in the test's own namespace, watching the other one by its name. */
  static async watch(namespace: Namespace, ...options: string[]): Promise<Tap> {
    return Tap.#run(namespace, [process.execPath, monitor(['--zone', namespace.name, ...options])]);
  }

  static async #run(
    namespace: Namespace,
    [command, args]: readonly [string, readonly string[]],
  ): Promise<Tap> {
    const tap = new Tap(namespace, spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    running.add(tap);
    await tap.waitFor(() => tap.stderr.includes('watching '), 'the line that says it is watching');
    return tap;
  }

  /** What happened since the start, without the snapshot. */
  get events(): JsonRecord[] {
    return this.records.filter((record) => record.type === 'route');
  }

  /** Events about a destination, in order. */
  about(dst: string): JsonRecord[] {
    return this.events.filter((record) => record.route?.dst === dst);
  }

  /** Forgets the events so far; the rebuilt state stays. */
  forget(): void {
    this.records.length = 0;
  }

  async waitFor(condition: () => boolean, what: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!condition()) {
      if (this.#child.exitCode !== null) {
        throw new Error(`routetap exited with ${this.#child.exitCode}:\n${this.stderr}`);
      }
      if (Date.now() > end) {
        const last = this.records.slice(-20).map((record) => JSON.stringify(record));
        throw new Error(`waited in vain for ${what}\n${last.join('\n')}\n${this.stderr}`);
      }
      await sleep(20);
    }
  }

  /** Everything done so far has been told: a marker route came and went, and then nothing more followed. */
  async settle(quietMs = 600): Promise<void> {
    const dst = `192.0.2.${(++this.#markers % 250) + 1}`;
    this.#namespace.ip(`route add blackhole ${dst} table 9999`);
    await this.waitFor(() => this.about(`${dst}/32`).length === 1, `the marker ${dst}`);
    this.#namespace.ip(`route del blackhole ${dst} table 9999`);
    await this.waitFor(() => this.about(`${dst}/32`).length === 2, `the end of the marker ${dst}`);
    let seen = -1;
    while (seen !== this.records.length) {
      seen = this.records.length;
      await sleep(quietMs);
    }
    const markers = this.records.filter((record) => record.route?.table === 9999);
    for (const marker of markers) this.records.splice(this.records.indexOf(marker), 1);
  }

  /** Waits until the rebuilt state equals an independent dump; returns the last difference, empty when equal. */
  async difference(): Promise<string> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const difference = stateDifference(kernelRoutes(this.#namespace.name), this.state.lines());
      if (difference === '' || Date.now() > end) return difference;
      await sleep(100);
    }
  }

  /** SIGSTOP: the reader stands still, the kernel's buffer fills. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGINT; resolves with the exit code once everything is read. */
  async stop(): Promise<number | null> {
    running.delete(this);
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGINT');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const code = await this.#exited;
    clearTimeout(late);
    return code;
  }

  #take(text: string): void {
    this.stdout += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const record = JSON.parse(line) as JsonRecord;
      this.records.push(record);
      this.state.apply(record);
    }
  }
}

const monitor = (options: readonly string[]): string[] => [
  path.join(root, 'bin', 'routetap.js'),
  'monitor',
  '--json',
  '--snapshot',
  ...options,
];

/** For `afterEach`: stops what runs and removes what was made, whatever the test did. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((tap) => tap.stop()));
  for (const name of namespaces) spawnSync('ip', ['netns', 'del', name]);
  namespaces.clear();
}

/** The one line a test reads: `delete 10.1.0.0/16 inferred link-down`. */
export const summary = (record: JsonRecord): string =>
  [
    record.probe,
    record.route?.dst,
    record.inferred === true ? 'inferred' : 'announced',
    record.cause?.kind,
  ].join(' ');

/** Summaries sorted, for comparing what happened regardless of order. */
export const summaries = (records: readonly JsonRecord[]): string[] => records.map(summary).sort();

/** Hops of a record's route as `gateway@dev[flags]`. */
export const hops = (route: Readonly<Record<string, unknown>> | undefined): string[] => {
  const nexthops = (route?.nexthops ?? []) as {
    gateway?: string;
    dev?: string;
    flags?: string[];
  }[];
  return nexthops.map(
    ({ gateway = '', dev = '', flags = [] }) => `${gateway}@${dev}[${[...flags].sort().join()}]`,
  );
};
