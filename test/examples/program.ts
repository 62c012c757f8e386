import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Longest wait for anything; far more than a busy machine needs. */
const PATIENCE_MS = 40_000;

/** A program that runs, with what it has said. */
export interface Program {
  readonly process: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Waits until stdout and stderr together fulfil the condition; throws with both when it takes too long. */
  until(condition: (stdout: string) => boolean): Promise<void>;
  /** Exit code, after the streams are read to their ends. */
  ended(): Promise<number | null>;
}

export function runProgram(
  file: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Program {
  const child = spawn(process.execPath, [file, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const said = (): string => `${file} said on stdout:\n${stdout}\non stderr:\n${stderr}`;
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    async until(condition) {
      const end = Date.now() + PATIENCE_MS;
      while (!condition(stdout)) {
        if (Date.now() > end || child.exitCode !== null) throw new Error(said());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async ended() {
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const [code] = await closed;
      clearTimeout(timer);
      if (code === null) throw new Error(said());
      return code;
    },
  };
}
