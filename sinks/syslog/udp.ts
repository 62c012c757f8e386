import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { reason } from '../quoted.js';
import {
  FIRST_RETRY_MS,
  LONGEST_RETRY_MS,
  type Transport,
  type TransportParts,
} from './transport.js';

/** Datagrams sent before the event loop gets its turn. */
const BURST = 64;
const RETRY_MS = 1000;
/** After a failure one datagram goes ahead, and the others wait this long for its ICMP answer. */
const PROBE_MS = 250;
/** Errors of the machine's own network: the datagram never left, so it waits and is sent again. */
const NOT_SENT = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'EPERM',
  'EACCES',
]);

/** One datagram per message (RFC 5426). What the network loses on the way nobody can count. */
export class UdpTransport implements Transport {
  #socket: Socket | null = null;
  #isReady = false;
  #isBusy = false;
  #isStopped = false;
  #burst = 0;
  #retryMs = FIRST_RETRY_MS;
  #hasSaidTooLong = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #parts: TransportParts;
  readonly #host: string;
  readonly #port: number;

  constructor(parts: TransportParts, host: string, port: number) {
    this.#parts = parts;
    this.#host = host;
    this.#port = port;
    void this.#open();
  }

  wake(): void {
    if (this.#isReady && !this.#isBusy && this.#timer === undefined) this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  async #open(): Promise<void> {
    let socket: Socket | undefined;
    try {
      const { address, family } = await lookup(this.#host);
      if (this.#isStopped) return;
      const opened = createSocket(family === 6 ? 'udp6' : 'udp4');
      socket = opened;
      this.#socket = opened;
      // Connected, so that the kernel reports "port unreachable" instead of keeping it to itself.
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject);
        opened.connect(this.#port, address, resolve);
      });
      opened.removeAllListeners('error');
      opened.on('error', (error) => {
        this.#down(error);
        this.#later(RETRY_MS);
      });
      this.#retryMs = FIRST_RETRY_MS;
      this.#isReady = true;
      this.wake();
    } catch (error) {
      if (this.#isStopped) return;
      socket?.close();
      this.#socket = null;
      this.#down(error);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        void this.#open();
      }, this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    }
  }

  #next(): void {
    const [message] = this.#parts.queue.peek(0, 1);
    if (message === undefined || this.#socket === null) return;
    this.#isBusy = true;
    this.#socket.send(message, (error) => {
      this.#isBusy = false;
      if (this.#isStopped) return;
      if (error === null) this.#sent();
      else this.#failed(error);
    });
  }

  #sent(): void {
    const { queue, outage, where } = this.#parts;
    queue.wrote(1);
    if (outage.isDown) {
      this.#later(PROBE_MS, () => {
        outage.up(`sink syslog: ${where} takes records again`, queue.dropped);
      });
      return;
    }
    if (this.#timer !== undefined) return;
    this.#burst += 1;
    if (this.#burst < BURST) {
      this.#next();
      return;
    }
    this.#burst = 0;
    setImmediate(() => {
      this.wake();
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { queue, where, warn } = this.#parts;
    const code = error.code ?? '';
    if (code === 'EMSGSIZE') {
      queue.failed += 1;
      queue.giveUp(1);
      if (!this.#hasSaidTooLong) {
        this.#hasSaidTooLong = true;
        warn(`sink syslog: ${where} takes no datagram this long; dropped, use a smaller size=`);
      }
      this.#later(0);
      return;
    }
    this.#down(error);
    // ECONNREFUSED is the answer to an earlier datagram, and this one was not sent either.
    if (!NOT_SENT.has(code) && code !== 'ECONNREFUSED') queue.giveUp(1);
    this.#later(RETRY_MS);
  }

  #down(error: unknown): void {
    const { queue, outage, where } = this.#parts;
    queue.failed += 1;
    outage.down(
      `sink syslog: cannot send to ${where}: ${reason(error)}; records wait, tried again each second`,
      queue.dropped,
    );
  }

  /** Sends on after a pause; a failure meanwhile takes the pause's place. */
  #later(milliseconds: number, first: () => void = () => undefined): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      first();
      this.wake();
    }, milliseconds);
  }
}
