import { spawn } from 'node:child_process';

/**
 * Runs a command with its output on our stderr; resolves with the exit code (128 + signal number when
 * a signal ended it, 127 when it could not be started).
 */
export function run(command, args, { env = process.env, stdio = ['ignore', 2, 2], cwd } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio, cwd });
    child.once('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.once('close', (code, signal) => {
      resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 1));
    });
  });
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 };

/** Runs a command until it succeeds, at most `tries` times, a little later each time. */
export async function runWithRetries(command, args, options, tries = 3) {
  for (let attempt = 1; ; attempt += 1) {
    const code = await run(command, args, options);
    if (code === 0 || attempt >= tries) return code;
    await new Promise((resolve) => setTimeout(resolve, attempt * 3000));
  }
}
