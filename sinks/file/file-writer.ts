import { close, fstat, ftruncate, write, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { RoutetapRecord } from '../../core/event.js';
import type { LineQueue } from '../line-queue.js';
import { Outage } from '../outage.js';
import { plain, reason } from '../quoted.js';
import type { Rotation } from './rotation.js';
import { openTarget, type Target } from './target.js';

const closeFd = promisify(close);
const fstatFd = promisify(fstat);
const truncateFd = promisify(ftruncate);
const writeFd = promisify(write) as (
  fd: number,
  bytes: Buffer,
) => Promise<{ bytesWritten: number }>;
const writevFd = promisify(writev) as (
  fd: number,
  views: readonly Buffer[],
) => Promise<{ bytesWritten: number }>;

/** Bytes handed to one writev(2): a turn of the event loop makes one write, and in a flood megabytes of lines. */
const BATCH_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1000;
/** Errors after which the same descriptor works again once there is room. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

export interface FileWriterParts {
  readonly target: Target;
  readonly queue: LineQueue<RoutetapRecord>;
  readonly rotation: Rotation;
  readonly warn: (line: string) => void;
}

/**
 * Moves a queue of lines to a file, one asynchronous write in flight. A line reaches the file whole or not at all:
 * what a failed write left of a line is cut off again and the record waits in the queue.
 */
export class FileWriter {
  #target: Target;
  #size: number;
  #isTorn: boolean;
  /** When the records now in the file began, milliseconds since the epoch. */
  #changedMs: number;
  #wantsReopen = false;
  #isStopped = false;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #queue: LineQueue<RoutetapRecord>;
  readonly #rotation: Rotation;
  readonly #outage: Outage;
  readonly #warn: (line: string) => void;

  constructor({ target, queue, rotation, warn }: FileWriterParts) {
    this.#target = target;
    this.#size = target.size;
    this.#isTorn = target.isTorn;
    this.#changedMs = target.changedMs;
    this.#queue = queue;
    this.#rotation = rotation;
    this.#outage = new Outage(warn);
    this.#warn = warn;
    this.#sayTorn();
  }

  /** Starts writing unless it is under way or waiting to try again. */
  wake(): void {
    if (this.#running !== null || this.#timer !== undefined || this.#isStopped) return;
    if (this.#queue.queued === 0 && !this.#wantsReopen) return;
    this.#running = this.#run();
  }

  /** Opens the path again before the next line: another program moved the file away. */
  reopen(): void {
    this.#wantsReopen = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.wake();
  }

  /** Ends after the write in flight and closes the file; what still waits stays in the queue. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#rotation.stop();
    await closeFd(this.#target.fd).catch((error: unknown) => {
      this.#warn(`sink file: closing ${plain(this.#target.path)}: ${reason(error)}`);
    });
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped && (this.#wantsReopen || this.#queue.queued > 0)) await this.#step();
    } catch (error) {
      this.#failed(error);
    }
    this.#running = null;
  }

  async #step(): Promise<void> {
    if (this.#wantsReopen) {
      await this.#open();
      this.#wantsReopen = false;
    }
    if (this.#queue.queued === 0) return;
    const { isRegular } = this.#target;
    if (isRegular && this.#rotation.isDue(this.#size, this.#changedMs, this.#queue.nextBytes)) {
      if (await this.#rotation.rotate()) await this.#open();
    }
    if (this.#isTorn) {
      this.#size += (await writeFd(this.#target.fd, Buffer.from('\n'))).bytesWritten;
      this.#isTorn = false;
    }
    const room = isRegular ? this.#rotation.maxBytes - this.#size : Infinity;
    // No room left: the rotation failed, and the file goes on growing.
    await this.#writeBatch(room > 0 ? room : BATCH_BYTES);
    const { path } = this.#target;
    this.#outage.up(`sink file: ${plain(path)} takes records again`, this.#queue.dropped);
  }

  async #writeBatch(room: number): Promise<void> {
    let views = this.#queue.peek(Math.min(BATCH_BYTES, room));
    if (this.#size === 0) this.#changedMs = Date.now();
    let done = 0;
    try {
      while (views.length > 0) {
        const { bytesWritten } = await writevFd(this.#target.fd, views);
        done += bytesWritten;
        views = rest(views, bytesWritten);
      }
    } finally {
      this.#size += done;
      const torn = this.#queue.wrote(done);
      if (torn > 0) await this.#cutOff(torn);
    }
  }

  /** Takes the last `torn` bytes away again; where others write to the file too, the line is ended later instead. */
  async #cutOff(torn: number): Promise<void> {
    try {
      const { size } = await fstatFd(this.#target.fd);
      if (this.#target.isRegular && size === this.#size) {
        await truncateFd(this.#target.fd, size - torn);
        this.#size = size - torn;
        return;
      }
    } catch {
      // The failed write is what gets reported.
    }
    this.#isTorn = true;
  }

  async #open(): Promise<void> {
    const old = this.#target.fd;
    this.#target = openTarget(this.#target.path);
    this.#size = this.#target.size;
    this.#isTorn = this.#target.isTorn;
    this.#changedMs = this.#target.changedMs;
    this.#sayTorn();
    await closeFd(old);
  }

  #sayTorn(): void {
    if (!this.#isTorn) return;
    const path = plain(this.#target.path);
    this.#warn(
      `sink file: the last line of ${path} was cut off; it is ended, new records start below it`,
    );
  }

  #failed(error: unknown): void {
    const path = plain(this.#target.path);
    this.#queue.failed += 1;
    this.#outage.down(
      `sink file: cannot write ${path}: ${reason(error)}; records wait, tried again each second`,
      this.#queue.dropped,
    );
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !FULL.has(code)) this.#wantsReopen = true;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.wake();
    }, RETRY_MS);
  }
}

/** What is left of `views` without their first `bytes` bytes. */
const rest = (views: readonly Buffer[], bytes: number): Buffer[] => {
  let skip = bytes;
  const left: Buffer[] = [];
  for (const view of views) {
    if (skip < view.length) left.push(view.subarray(skip));
    skip = Math.max(0, skip - view.length);
  }
  return left;
};
