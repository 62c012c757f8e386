import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { reason } from '../quoted.js';
import {
  FIRST_RETRY_MS,
  LONGEST_RETRY_MS,
  type Transport,
  type TransportParts,
} from './transport.js';

/** Bytes handed to the socket at once. */
const BATCH_BYTES = 64 * 1024;
const CONNECT_MS = 10_000;
const KEEPALIVE_MS = 30_000;
/** A connection this old was a good one: the next retry starts fast again. */
const STABLE_MS = 10_000;

/** Octet counting (RFC 6587 3.4.1): the message's length in bytes, a space, the message. */
export const octetCounted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

/** Non-transparent framing (RFC 6587 3.4.2); no message has a newline of its own, they are escaped. */
export const newlineFramed = (message: string): string => `${message}\n`;

/**
 * Framed messages over TCP or a Unix stream socket, connected again with growing pauses. A batch leaves the queue when
 * the kernel took all of it; one that a broken connection interrupted is sent again whole, so some may arrive twice.
 */
export class StreamTransport implements Transport {
  #socket: Socket | null = null;
  #isConnected = false;
  #isBusy = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  readonly #parts: TransportParts;
  readonly #address: NetConnectOpts;

  constructor(parts: TransportParts, address: NetConnectOpts) {
    this.#parts = parts;
    this.#address = address;
    this.#connect();
  }

  wake(): void {
    const socket = this.#socket;
    if (socket === null || !this.#isConnected || this.#isBusy) return;
    const messages = this.#parts.queue.peek(BATCH_BYTES);
    if (messages.length === 0) return;
    this.#isBusy = true;
    socket.write(messages.join(''), (error) => {
      // A late callback of an earlier connection must not settle what the present one is sending.
      if (socket !== this.#socket || error != null) return;
      this.#isBusy = false;
      this.#parts.queue.wrote(messages.length);
      this.wake();
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    if (this.#isConnected && !this.#isBusy) socket.end(() => socket.destroy());
    else socket.destroy();
    // A peer that never closes its side must not keep the process alive.
    socket.unref();
  }

  #connect(): void {
    const { outage, queue, where } = this.#parts;
    const socket = connect(this.#address);
    let sinceMs = Infinity;
    let why = 'closed by the other side';
    this.#socket = socket;
    socket.setTimeout(CONNECT_MS, () => {
      why = `no connection within ${CONNECT_MS / 1000} s`;
      socket.destroy();
    });
    socket.on('connect', () => {
      if (socket !== this.#socket) return;
      sinceMs = Date.now();
      socket.setTimeout(0);
      socket.setKeepAlive(true, KEEPALIVE_MS);
      this.#isConnected = true;
      outage.up(`sink syslog: connected to ${where} again`, queue.dropped);
      this.wake();
    });
    // Nothing is expected from a syslog server, but only reading shows that it closed.
    socket.resume();
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => {
      why = reason(error);
    });
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      if (Date.now() - sinceMs > STABLE_MS) this.#retryMs = FIRST_RETRY_MS;
      this.#lost(why);
    });
  }

  #lost(why: string): void {
    const { outage, queue, where } = this.#parts;
    this.#socket = null;
    this.#isConnected = false;
    this.#isBusy = false;
    queue.failed += 1;
    outage.down(
      `sink syslog: no connection to ${where}: ${why}; records wait and it is tried again`,
      queue.dropped,
    );
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#connect();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}
