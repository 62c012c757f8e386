import { getSystemErrorMap } from 'node:util';
import { RoutetapError } from '../../core/errors.js';
import { errnoReason, plain } from '../quoted.js';
import type { UnixDatagram } from './native.js';
import type { Transport, TransportParts } from './transport.js';

/** Datagrams sent before the event loop gets its turn. */
const BURST = 128;
const RECONNECT_MS = 1000;
/** The daemon's queue is full: poll for room, ever slower. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;

const nameOf = (errno: number): string => getSystemErrorMap().get(errno)?.[0] ?? `errno ${-errno}`;

/** What connecting to the socket file gave: a descriptor, or that a stream socket listens there. */
export type Connected = { readonly fd: number | null; readonly isStream: boolean };

/**
 * Connects to a local daemon's socket; `fd` is null when the socket file is there and nobody listens, which may change.
 * @throws {RoutetapError} runtime: no such socket, or no right to it.
 */
export const connectUnix = (native: UnixDatagram, path: string): Connected => {
  const fd = native.connect(path);
  if (fd >= 0) return { fd, isStream: false };
  const name = nameOf(fd);
  if (name === 'EPROTOTYPE') return { fd: null, isStream: true };
  if (name === 'ECONNREFUSED' || name === 'EAGAIN') return { fd: null, isStream: false };
  throw new RoutetapError(
    'runtime',
    `sink syslog: expected a syslog daemon at ${plain(path)}: ${errnoReason(fd)}`,
    { code: name },
  );
};

export interface UnixDatagramParts extends TransportParts {
  readonly native: UnixDatagram;
  readonly path: string;
  readonly fd: number | null;
}

/** One datagram per message to a socket file such as /dev/log. */
export class UnixDatagramTransport implements Transport {
  #fd: number | null;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #waitMs = FIRST_WAIT_MS;
  #hasSaidTooLong = false;
  #isStopped = false;
  readonly #parts: UnixDatagramParts;

  constructor(parts: UnixDatagramParts) {
    this.#parts = parts;
    this.#fd = parts.fd;
    if (parts.fd === null) this.#down('nobody listens');
  }

  wake(): void {
    if (this.#timer === undefined && this.#immediate === undefined) this.#send();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    if (this.#fd !== null) this.#parts.native.close(this.#fd);
    this.#fd = null;
  }

  #send(): void {
    const { native, queue, path } = this.#parts;
    if (this.#isStopped) return;
    if (this.#fd === null) {
      const fd = native.connect(path);
      if (fd < 0) {
        this.#down(errnoReason(fd));
        return;
      }
      this.#fd = fd;
    }
    const messages = queue.peek(Infinity, BURST);
    let sent = 0;
    let errno = 0;
    for (const message of messages) {
      const result = native.send(this.#fd, Buffer.from(message));
      if (result < 0) {
        errno = result;
        break;
      }
      sent += 1;
    }
    queue.wrote(sent);
    if (sent > 0) this.#worked();
    if (errno !== 0) this.#failed(errno);
    else if (queue.queued > 0) {
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined;
        this.#send();
      });
    }
  }

  #worked(): void {
    this.#waitMs = FIRST_WAIT_MS;
    const { outage, where, queue } = this.#parts;
    outage.up(`sink syslog: ${where} takes records again`, queue.dropped);
  }

  #failed(errno: number): void {
    const { queue, native, warn, where } = this.#parts;
    const name = nameOf(errno);
    if (name === 'EAGAIN' || name === 'ENOBUFS') {
      this.#later(this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    } else if (name === 'EMSGSIZE') {
      queue.failed += 1;
      queue.giveUp(1);
      if (!this.#hasSaidTooLong) {
        this.#hasSaidTooLong = true;
        warn(`sink syslog: ${where} takes no message this long; dropped, use a smaller size=`);
      }
      this.#later(0);
    } else {
      if (this.#fd !== null) native.close(this.#fd);
      this.#fd = null;
      this.#down(errnoReason(errno));
    }
  }

  #down(why: string): void {
    const { queue, outage, where } = this.#parts;
    queue.failed += 1;
    outage.down(
      `sink syslog: cannot send to ${where}: ${why}; records wait, tried again each second`,
      queue.dropped,
    );
    this.#later(RECONNECT_MS);
  }

  #later(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, milliseconds);
  }
}
