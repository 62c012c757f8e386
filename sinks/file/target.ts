import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { RoutetapError } from '../../core/errors.js';
import { plain, reason } from '../quoted.js';

/** An open file that records are appended to. */
export interface Target {
  readonly path: string;
  readonly fd: number;
  /** A regular file: it has a size, and can be rotated. */
  readonly isRegular: boolean;
  /** Bytes in the file when it was opened. */
  readonly size: number;
  /** The last line lacks its newline: a crash or a power loss cut it off. */
  readonly isTorn: boolean;
  /** Last change before it was opened, or now for a new file; milliseconds since the epoch. */
  readonly changedMs: number;
}

const MODE = 0o640;

/**
 * Opens a file to append to; creates it when it is not there.
 * @throws {RoutetapError} runtime, with the errno.
 */
export const openTarget = (path: string): Target => {
  let fd: number;
  try {
    // O_NONBLOCK: opening a FIFO without a reader must fail instead of blocking the process.
    fd = openSync(
      path,
      constants.O_WRONLY |
        constants.O_APPEND |
        constants.O_CREAT |
        constants.O_NOCTTY |
        constants.O_NONBLOCK,
      MODE,
    );
  } catch (error) {
    throw cannotOpen(path, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() && !stat.isCharacterDevice()) {
      throw new RoutetapError('runtime', `sink file: ${plain(path)} must be a regular file`);
    }
    const { size } = stat;
    return {
      path,
      fd,
      isRegular: stat.isFile(),
      size,
      isTorn: stat.isFile() && size > 0 && lastByte(path, size) !== 10,
      changedMs: size > 0 ? stat.mtimeMs : Date.now(),
    };
  } catch (error) {
    closeSync(fd);
    throw error instanceof RoutetapError ? error : cannotOpen(path, error);
  }
};

const lastByte = (path: string, size: number): number | undefined => {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch {
    // Writable but not readable: its end can't be checked.
    return 10;
  }
  try {
    const byte = Buffer.alloc(1);
    return readSync(fd, byte, 0, 1, size - 1) === 1 ? byte[0] : 10;
  } finally {
    closeSync(fd);
  }
};

const cannotOpen = (path: string, error: unknown): RoutetapError => {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why =
    code === 'ENOENT' ? `the directory ${plain(dirname(path))} does not exist` : reason(error);
  return new RoutetapError(
    'runtime',
    `sink file: expected a writable file at ${plain(path)}: ${why}`,
    {
      code,
      cause: error,
    },
  );
};
