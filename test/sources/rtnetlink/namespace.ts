import { execFileSync } from 'node:child_process';

let made = 0;
const names = new Set<string>();

/** A network namespace of this test's own, `lo` up, taken away by `cleanUp`. */
export class Namespace {
  readonly name: string;

  constructor() {
    made += 1;
    this.name = `rtnl-${process.pid}-${made}`;
    execFileSync('ip', ['netns', 'add', this.name]);
    names.add(this.name);
    this.ip('link set lo up');
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** Runs `ip` inside, words split at spaces. */
  ip(command: string): string {
    return execFileSync('ip', ['-n', this.name, ...command.split(' ')], { encoding: 'utf8' });
  }

  /** Runs lines of `ip -batch`; throws when one fails. */
  batch(lines: readonly string[]): void {
    execFileSync('ip', ['-n', this.name, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  }

  delete(): void {
    if (names.delete(this.name)) execFileSync('ip', ['netns', 'del', this.name]);
  }
}

/** Takes away every namespace made. */
export function cleanUp(): void {
  for (const name of names) execFileSync('ip', ['netns', 'del', name]);
  names.clear();
}

/** `count` lines adding (or deleting) host routes from 10.0.0.0 on. */
export const hostRoutes = (verb: 'add' | 'del', count: number, rest = 'dev lo'): string[] =>
  Array.from(
    { length: count },
    (_, i) => `route ${verb} 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32 ${rest}`,
  );
