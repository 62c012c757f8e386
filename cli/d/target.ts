import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { RoutetapError, usageError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';

/** The process `$target` stands for. */
export interface Target {
  readonly pid: number;
  /** Lets the command of `-c` begin. */
  start(): void;
  /** Resolves when the process has ended, with a line about how. */
  readonly ended: Promise<string>;
  /** A command that still runs is asked to end; a process of `-p` is left alone. */
  release(): void;
}

/**
 * Holds the pid until a line comes on descriptor 3, then becomes the command; without the line, because routetap is
 * gone, it ends.
 */
const HOLD = 'IFS= read -r go <&3 || exit 0; exec 3<&-; exec "$@"';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

const endLine = (pid: number, code: number | null, signal: string | null): string => {
  if (signal !== null) return `pid ${pid} terminated by ${signal}`;
  return code === 0 ? `pid ${pid} has exited` : `pid ${pid} exited with status ${String(code)}`;
};

/** `-c`: words with white space between them, as dtrace takes them; no shell reads them. */
export function holdCommand(command: string): Target {
  const words = command.split(/\s+/).filter((word) => word !== '');
  const [program = ''] = words;
  if (program === '') throw usageError('-c: expected a command, got none');
  const folders = (process.env['PATH'] ?? '').split(':');
  const isFound = program.includes('/')
    ? isExecutable(program)
    : folders.some((folder) => isExecutable(join(folder === '' ? '.' : folder, program)));
  if (!isFound) {
    throw new RoutetapError(
      'runtime',
      `failed to execute ${escapeText(program)}: expected a program, got none of that name`,
    );
  }
  const child = spawn('/bin/sh', ['-c', HOLD, 'sh', ...words], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const { pid } = child;
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined);
  const ended = whenEnded(child);
  if (pid === undefined) {
    throw new RoutetapError('runtime', `failed to execute ${escapeText(program)}: no /bin/sh`);
  }
  return {
    pid,
    start: () => {
      gate.end('go\n');
    },
    ended,
    release: () => {
      gate.destroy();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    },
  };
}

const whenEnded = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', ({ message }) => {
      resolve(message);
    });
    child.once('exit', (code, signal) => {
      resolve(endLine(child.pid ?? 0, code, signal));
    });
  });

const LOOK_EVERY_MS = 100;

/** Field 22 of /proc/PID/stat tells two processes of one pid apart; null: gone, or dead and not yet buried. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** `-p`. */
export function watchProcess(pid: number): Target {
  const startTime = startTimeOf(pid);
  if (startTime === null) {
    throw new RoutetapError('runtime', `failed to grab pid ${pid}: expected a process, got none`);
  }
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<string>((resolve) => {
    const look = (): void => {
      if (startTimeOf(pid) === startTime) timer = setTimeout(look, LOOK_EVERY_MS);
      else resolve(`pid ${pid} has exited`);
    };
    timer = setTimeout(look, LOOK_EVERY_MS);
  });
  return {
    pid,
    start: () => undefined,
    ended,
    release: () => {
      clearTimeout(timer);
    },
  };
}
