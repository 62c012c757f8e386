import { closeSync, constants, openSync, write } from 'node:fs';
import { RoutetapError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';
import { openOutput, type Output } from '../../sinks/stdout/output.js';

/** Bytes handed to one write(2). */
const CHUNK_BYTES = 1 << 20;
/** A source waits from here on, until there is room again. */
const HIGH_BYTES = 16 << 20;
const LOW_BYTES = 4 << 20;
/** Text past this is dropped: clocks tick on while nobody reads. */
const LIMIT_BYTES = 64 << 20;
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;
/** Errors a pipe's or a socket's reader gives by leaving, which is no news. */
const LEFT_QUIETLY: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET']);

/** Where text goes, and what is wrong with it. */
interface Target {
  readonly output: Output;
  /** For the line about what failed. */
  readonly name: string;
  /** The path of `-o`, which SIGHUP opens again. */
  readonly path: string | null;
}

/**
 * The text of D programs on its way to standard output or the file of `-o`: one asynchronous write in flight, in
 * order, whole unless the queue stands at its limit.
 */
export class TextOutput {
  /** Resolves when no more can be written: the reader left, or `failure` says why not. */
  readonly whenClosed: Promise<void>;
  #target: Target;
  readonly #chunks: Buffer[] = [];
  #text = '';
  /** Bytes of the chunks, less what is written of the first. */
  #bytes = 0;
  #begun = 0;
  #isBusy = false;
  #isClosed = false;
  #wantsReopen = false;
  #dropped = 0;
  #failure: RoutetapError | null = null;
  #waitMs = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  #closed: () => void = () => undefined;

  constructor(target: Target) {
    this.#target = target;
    this.whenClosed = new Promise((resolve) => {
      this.#closed = resolve;
    });
  }

  /** Why nothing can be written any more; null also when the reader left. */
  get failure(): RoutetapError | null {
    return this.#failure;
  }

  /** Texts given up because too much waited. */
  get dropped(): number {
    return this.#dropped;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get #queued(): number {
    return this.#bytes + this.#text.length;
  }

  /** Too much waits: no more should be made. */
  get isFull(): boolean {
    return !this.#isClosed && this.#queued >= HIGH_BYTES;
  }

  /** Queues text; drops it where too much waits, unless it `mustStay` as the last words of a program. */
  write(text: string, mustStay = false): void {
    if (this.#isClosed || text === '') return;
    if (this.#queued >= LIMIT_BYTES && !mustStay) {
      this.#dropped += 1;
      return;
    }
    this.#text += text;
    if (this.#text.length >= CHUNK_BYTES) this.#pack();
    this.#wake();
  }

  /** Resolves once there is room for more, or nothing can be written any more. */
  room(): Promise<void> {
    return this.#until(() => this.#queued < LOW_BYTES);
  }

  /** Opens the file of `-o` again, which another program moved away. */
  reopen(): void {
    if (this.#target.path === null) return;
    this.#wantsReopen = true;
    this.#wake();
  }

  /** Resolves when everything is written, however long the reader takes, or nothing can be any more. */
  async close(): Promise<void> {
    await this.#until(() => this.#queued === 0 && !this.#isBusy);
    this.#end();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#isClosed || holds()) resolve();
        else this.#waiting.push(look);
      };
      look();
    });
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  #pack(): void {
    if (this.#text === '') return;
    const chunk = Buffer.from(this.#text);
    this.#text = '';
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  #wake(): void {
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    // A turn later: what one batch of events says goes out in one write.
    setImmediate(() => {
      this.#step();
    });
  }

  #step(): void {
    this.#isBusy = false;
    if (this.#isClosed) return;
    if (this.#wantsReopen && this.#begun === 0 && !this.#openAgain()) return;
    if (this.#chunks.length === 0) this.#pack();
    const [chunk] = this.#chunks;
    if (chunk === undefined) {
      this.#tell();
      return;
    }
    this.#isBusy = true;
    const { fd } = this.#target.output;
    write(fd, chunk, this.#begun, chunk.length - this.#begun, null, (error, bytes) => {
      if (error !== null) this.#failed(error);
      else this.#wrote(chunk, bytes);
    });
  }

  #wrote(chunk: Buffer, bytes: number): void {
    this.#waitMs = FIRST_WAIT_MS;
    this.#bytes -= bytes;
    this.#begun += bytes;
    if (this.#begun === chunk.length) {
      this.#chunks.shift();
      this.#begun = 0;
    }
    this.#step();
    this.#tell();
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { code = 'an error' } = error;
    if (code === 'EAGAIN') {
      // A write that blocked in the thread pool would keep the process from ending.
      this.#timer = setTimeout(() => {
        this.#step();
      }, this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
      return;
    }
    if (!LEFT_QUIETLY.has(code)) {
      this.#failure = new RoutetapError(
        'runtime',
        `expected ${this.#target.name} that can be written, got ${code}`,
        { code, cause: error },
      );
    }
    this.#end();
  }

  #openAgain(): boolean {
    this.#wantsReopen = false;
    const { path, output } = this.#target;
    if (path === null) return true;
    try {
      this.#target = fileTarget(path);
      output.release();
      return true;
    } catch (error) {
      this.#failure = error as RoutetapError;
      this.#end();
      return false;
    }
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#target.output.release();
    this.#closed();
    this.#tell();
  }
}

/** What fopen(3) makes; umask takes its bits away. */
const MODE = 0o666;

function fileTarget(path: string): Target {
  const name = `an output file ${escapeText(path)}`;
  try {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;
    // O_NONBLOCK: a FIFO without a reader must not hold the process.
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, MODE);
    const release = (): void => {
      closeSync(fd);
    };
    return { output: { fd, release }, name, path };
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    throw new RoutetapError('runtime', `expected ${name} that can be written, got ${code}`, {
      code,
      cause: error,
    });
  }
}

/** Opens the file of `-o` to append to, or standard output for null. Throws a runtime RoutetapError. */
export const openTextOutput = (path: string | null): TextOutput =>
  new TextOutput(
    path === null ? { output: openOutput(1), name: 'a stdout', path: null } : fileTarget(path),
  );
