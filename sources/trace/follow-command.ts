import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { RoutetapError, usageError } from '../../core/errors.js';

/** How a command ended: one of the two is null. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that runs, and is followed. */
export interface FollowedCommand {
  readonly pid: number;
  /** Rejects with a RoutetapError (`runtime`) when it could not be started. */
  readonly end: Promise<CommandEnd>;
  /** SIGINT of the terminal reaches it by itself. */
  signal(signal: NodeJS.Signals): void;
}

/** Waits for a line, then becomes the command; without one (we are gone) the command is not run. */
const WAIT_AND_RUN = 'read routetap_line <&3 || exit 125; exec 3<&-; exec "$@"';

const STDERR = 2;

type Found = 'runnable' | 'there' | null;

function lookAt(path: string): Found {
  try {
    if (!statSync(path).isFile()) return null;
  } catch {
    return null;
  }
  try {
    accessSync(path, constants.X_OK);
    return 'runnable';
  } catch {
    return 'there';
  }
}

/** Throws a usage error where the shell would find no such command; `path` is PATH. */
export function requireCommand(name: string, path = process.env['PATH'] ?? ''): void {
  const places = name.includes('/')
    ? [name]
    : name === ''
      ? []
      : path.split(':').map((folder) => join(folder === '' ? '.' : folder, name));
  const found = places.map(lookAt);
  if (found.includes('runnable')) return;
  const expected = found.includes('there') ? 'can be run' : 'exists';
  throw usageError(`trace: expected a command that ${expected}, got ${JSON.stringify(name)}`);
}

/**
 * Starts a command that does nothing until `follow` was called with its process id. Its input is ours, both its
 * outputs are our stderr. Throws a usage error for a command that is not there.
 */
export function followCommand(
  command: readonly [string, ...string[]],
  follow: (pid: number) => void,
): FollowedCommand {
  requireCommand(command[0]);
  const child = spawn('/bin/sh', ['-c', WAIT_AND_RUN, 'sh', ...command], {
    stdio: ['inherit', STDERR, STDERR, 'pipe'],
  });
  const end = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new RoutetapError('runtime', `trace: expected to start a command, got ${cause.message}`, {
          cause,
        }),
      );
    });
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const { pid } = child;
  const line = child.stdio[3];
  if (pid !== undefined && line instanceof Writable) {
    // It may be killed before it has read the line.
    line.on('error', () => undefined);
    try {
      follow(pid);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    line.end('\n');
  }
  return {
    pid: pid ?? 0,
    end,
    signal: (signal) => {
      child.kill(signal);
    },
  };
}
