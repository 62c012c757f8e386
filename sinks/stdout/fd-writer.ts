import { writev } from 'node:fs';
import type { RoutetapRecord } from '../../core/event.js';
import type { LineQueue } from '../line-queue.js';
import { reason } from '../quoted.js';
import type { Output } from './output.js';

/** Bytes handed to one writev(2): a turn of the event loop makes one write, and in a flood megabytes of lines. */
const BATCH_BYTES = 4 * 1024 * 1024;
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;
/** Errors that mean nobody will ever read again. */
const READER_GONE = new Set(['EPIPE', 'ECONNRESET', 'EIO', 'EBADF', 'ENOTCONN']);
/** Of those, the ones a pipe's reader gives by leaving, which is no news. */
const LEFT_QUIETLY = new Set(['EPIPE', 'ECONNRESET']);
/** Wait after any other error, such as a full disk behind a redirect. */
const RETRY_MS = 1000;

/** Moves a queue of lines to a file descriptor, one asynchronous write in flight. */
export class FdWriter {
  readonly whenBroken: Promise<void>;
  #isBroken = false;
  #isBusy = false;
  #isStopped = false;
  #hasWarned = false;
  /** Bytes the reader has of the oldest record. */
  #begun = 0;
  #waitMs = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | undefined;
  #broken: () => void = () => undefined;
  readonly #output: Output;
  readonly #queue: LineQueue<RoutetapRecord>;
  readonly #warn: (line: string) => void;

  constructor(output: Output, queue: LineQueue<RoutetapRecord>, warn: (line: string) => void) {
    this.#output = output;
    this.#queue = queue;
    this.#warn = warn;
    this.whenBroken = new Promise((resolve) => {
      this.#broken = resolve;
    });
  }

  /** True once the reader is gone. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Starts writing unless a write is on its way. */
  wake(): void {
    if (this.#isBusy || this.#isStopped || this.#isBroken) return;
    if (this.#queue.queued === 0) return;
    this.#isBusy = true;
    writev(this.#output.fd, this.#queue.peek(BATCH_BYTES, this.#begun), (error, bytes) => {
      this.#isBusy = false;
      if (error === null) this.#wrote(bytes);
      else this.#failed(error);
    });
  }

  /** No more writes; the one in flight is left to the kernel. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (!this.#isBusy) this.#output.release();
  }

  #wrote(bytes: number): void {
    if (this.#isStopped) {
      this.#output.release();
      return;
    }
    this.#waitMs = FIRST_WAIT_MS;
    // A line counts as written with its newline.
    this.#begun = this.#queue.wrote(this.#begun + bytes);
    this.wake();
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#isStopped) {
      this.#output.release();
      return;
    }
    const code = error.code ?? '';
    if (code === 'EAGAIN') {
      this.#later(this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
      return;
    }
    this.#queue.failed += 1;
    if (READER_GONE.has(code)) {
      if (!LEFT_QUIETLY.has(code)) this.#warn(`sink stdout: ${reason(error)}; closed`);
      this.#isBroken = true;
      this.#queue.giveUp();
      this.#broken();
      return;
    }
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      this.#warn(`sink stdout: ${reason(error)}; records wait, tried again each second`);
    }
    this.#later(RETRY_MS);
  }

  #later(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.wake();
    }, milliseconds);
  }
}
