import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a routetap that ran beside the scenes ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Background {
  /** Resolves when the output has this text; false when routetap ended or `seconds` went by. */
  sees(text: string, seconds: number, where?: 'stdout' | 'stderr'): Promise<boolean>;
  /** Killed after `seconds`: it may take long to detach many programs in an emulated machine. */
  stop(seconds?: number): Promise<Ended>;
}

const PAUSE_MS = 250;
const STOPS_S = 20;

/** Starts `routetap` with these words; what it prints goes to files in `folder` that begin with `name`. */
export function startBackground(
  program: string,
  args: readonly string[],
  { folder, name }: { readonly folder: string; readonly name: string },
): Background {
  const paths = { stdout: `${folder}/${name}.out`, stderr: `${folder}/${name}.err` };
  const files = [openSync(paths.stdout, 'w'), openSync(paths.stderr, 'w')] as const;
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', ...files] });
  for (const file of files) closeSync(file);
  let code: number | null = null;
  const ended = new Promise<number>((resolve) => {
    child.once('close', (status) => {
      code = status ?? -1;
      resolve(code);
    });
  });
  const read = (where: 'stdout' | 'stderr'): string => readFileSync(paths[where], 'utf8');
  return {
    async sees(text, seconds, where = 'stdout') {
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        if (read(where).includes(text)) return true;
        if (code !== null) return false;
        await sleep(PAUSE_MS);
      }
      return false;
    },
    async stop(seconds = STOPS_S) {
      child.kill('SIGINT');
      const killer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
      const status = await ended;
      clearTimeout(killer);
      return { code: status, stdout: read('stdout'), stderr: read('stderr') };
    },
  };
}

/** JSON Lines. */
export const parsedLines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
