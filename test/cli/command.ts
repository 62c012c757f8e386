import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a user starts. */
export const BIN = fileURLToPath(new URL('../../bin/routetap.js', import.meta.url));

/** Bound for everything waited for; a loaded machine needs far less. */
const PATIENCE_MS = 40_000;

export interface JsonLine {
  readonly type: string;
  readonly seq: number;
  readonly what?: string;
  readonly probe?: string;
  readonly provenance?: string;
  readonly route?: { readonly dst?: string; readonly family?: string };
  readonly zone?: { readonly name?: string };
  readonly process?: {
    readonly comm?: string;
    readonly pid?: number;
    readonly confidence?: string;
  };
  readonly [member: string]: unknown;
}

const commands: Command[] = [];

/** The built command as a user starts it, with no configuration of this machine. */
export class Command {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(words: readonly string[], prefix: readonly string[] = [], bin = BIN) {
    const [command = '', ...args] = [...prefix, process.execPath, bin, ...words];
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: '/nonexistent' },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    commands.push(this);
  }

  get records(): JsonLine[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as JsonLine);
  }

  get probes(): string[] {
    return this.records
      .filter(({ type }) => type === 'route')
      .map(({ probe, route }) => `${probe} ${route?.dst}`);
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`waited for ${what}:\n${this.stdout}${this.stderr}`);
      if (this.child.exitCode !== null) throw new Error(`ended before ${what}:\n${this.stderr}`);
      await sleep(20);
    }
  }

  watching(): Promise<void> {
    return this.until(() => this.stderr.includes('watching '), 'the line that says events flow');
  }

  has(dst: string): Promise<void> {
    return this.until(() => this.stdout.includes(dst), dst);
  }
}

/** Ends what the tests started and did not end. */
export async function endCommands(): Promise<void> {
  for (const { child } of commands) child.kill('SIGKILL');
  await Promise.all(commands.map(({ ended }) => ended));
  commands.length = 0;
}
