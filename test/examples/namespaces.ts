import { execFileSync } from 'node:child_process';

/** Two namespaces joined by a veth pair, v0 with 192.0.2.1/24 in the first; removed by `remove()`. */
export interface JoinedNamespaces {
  readonly first: string;
  readonly second: string;
  /** Runs `ip` in the first or second. */
  ip(zone: string, ...words: readonly string[]): void;
  remove(): void;
}

let made = 0;

export function joinNamespaces(): JoinedNamespaces {
  made += 1;
  const stem = `rtex${String(process.pid)}-${String(made)}`;
  const [first, second] = [`${stem}a`, `${stem}b`];
  const run = (...words: readonly string[]): void => {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  const zones = {
    first,
    second,
    ip: (zone: string, ...words: readonly string[]) => run('-n', zone, ...words),
    remove() {
      for (const zone of [first, second]) run('netns', 'del', zone);
    },
  };
  run('netns', 'add', first);
  run('netns', 'add', second);
  run('-n', first, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v0', 'netns', second);
  for (const [zone, address] of [
    [first, '192.0.2.1/24'],
    [second, '192.0.2.2/24'],
  ] as const) {
    run('-n', zone, 'address', 'add', address, 'dev', 'v0');
    run('-n', zone, 'link', 'set', 'v0', 'up');
  }
  return zones;
}
