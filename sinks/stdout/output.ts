import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** A file descriptor that does not block a write for long. */
export interface Output {
  readonly fd: number;
  readonly release: () => void;
}

/**
 * Makes standard output safe to write from Node's thread pool: a write that blocks there for ever would keep the
 * process from exiting. Pipes and terminals are opened again through procfs, so that O_NONBLOCK is set on a file
 * description of our own and not on the one shared with the shell; a socket can only be switched in place, which is
 * what Node does for its own process.stdout. Regular files never block and keep their shared offset.
 */
export const openOutput = (fd: number): Output => {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || isatty(fd)) {
    try {
      const own = openSync(
        `/proc/self/fd/${fd}`,
        constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
      );
      return {
        fd: own,
        release: () => {
          closeSync(own);
        },
      };
    } catch {
      // No procfs, or another user's terminal after su: the shared description has to do.
    }
  }
  if (stat.isSocket()) {
    // libuv sets O_NONBLOCK when it takes a socket in; the Socket itself is never written to or destroyed.
    const socket = new Socket({ fd, readable: false, writable: true });
    socket.on('error', () => undefined);
    socket.unref();
    return { fd, release: () => undefined };
  }
  return { fd, release: () => undefined };
};

/** Colour for people: a terminal, no NO_COLOR (no-color.org), and a TERM that has colours. */
export const wantsColour = (fd: number, environment: NodeJS.ProcessEnv): boolean =>
  isatty(fd) && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
