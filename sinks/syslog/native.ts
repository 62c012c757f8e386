import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RoutetapError } from '../../core/errors.js';
import { reason } from '../quoted.js';

/** The addon built from native/unix-datagram.c. Every number below zero is -errno. */
export interface UnixDatagram {
  /** Connects a non-blocking datagram socket to a path; its descriptor. */
  connect(path: string): number;
  /** Sends one datagram; its length. */
  send(fd: number, bytes: Uint8Array): number;
  close(fd: number): number;
}

/**
 * Loads build/unix-datagram.node of the package this file is part of.
 * @throws {RoutetapError} runtime: it was not built, or not for this machine.
 */
export const loadUnixDatagram = (): UnixDatagram => {
  const path = join(packageRoot(), 'build', 'unix-datagram.node');
  try {
    return createRequire(import.meta.url)(path) as UnixDatagram;
  } catch (error) {
    throw new RoutetapError(
      'runtime',
      `sink syslog: expected the addon build/unix-datagram.node (npm run build): ${reason(error)}`,
      { cause: error },
    );
  }
};

/** The nearest folder above this file whose package.json is routetap's: the same from sources, dist and the bundle. */
const packageRoot = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: unknown;
      };
      if (name === 'routetap') return folder;
    } catch {
      // No package.json here: one further up.
    }
    const parent = dirname(folder);
    if (parent === folder) return folder;
    folder = parent;
  }
};
