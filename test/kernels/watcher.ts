import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export type TierName = 'fentry' | 'kprobe' | 'tracepoint';

/** A line of `monitor --json --full`; docs/events.md has the members. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the checks read what is there and say what is not
export type Line = Readonly<Record<string, any>>;

/** What one `monitor` said, when it has ended. */
export interface Watched {
  readonly tier: TierName;
  readonly lines: readonly Line[];
  readonly code: number;
  readonly stderr: string;
}

export interface Watcher {
  readonly tier: TierName;
  /** Resolves when a line has this text; false when the monitor ended or `seconds` went by. */
  sees(text: string, seconds: number): Promise<boolean>;
  stop(): Promise<Watched>;
}

const parsed = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

/** Starts `routetap monitor` on all namespaces with one tier alone. */
export function startWatcher(tier: TierName, program: string, folder: string): Watcher {
  const output = `${folder}/${tier}.jsonl`;
  const errors = `${folder}/${tier}.err`;
  const files = [openSync(output, 'w'), openSync(errors, 'w')] as const;
  const args = ['monitor', '--zone', 'all', '--json', '--full', '--bpf', tier];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', ...files] });
  for (const file of files) closeSync(file);
  let code: number | null = null;
  const ended = new Promise<number>((resolve) => {
    child.once('close', (status) => {
      code = status ?? -1;
      resolve(code);
    });
  });
  const sees = async (text: string, seconds: number): Promise<boolean> => {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      if (readFileSync(output, 'utf8').includes(text)) return true;
      if (code !== null) return false;
      await sleep(250);
    }
    return false;
  };
  const stop = async (): Promise<Watched> => {
    child.kill('SIGINT');
    const killer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const status = await ended;
    clearTimeout(killer);
    const lines = parsed(readFileSync(output, 'utf8'));
    return { tier, lines, code: status, stderr: readFileSync(errors, 'utf8') };
  };
  return { tier, sees, stop };
}
