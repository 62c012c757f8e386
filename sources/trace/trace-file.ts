import { open, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { RoutetapError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';
import { encodeTraceHeader, TraceSplitter, type TracePart } from '../../core/trace/trace-file.js';
import type { TraceHeader } from '../../core/trace/trace-header.js';

/** Bytes that may wait for the disk. */
const QUEUE_LIMIT_BYTES = 64 << 20;
const CHUNK_BYTES = 1 << 20;

const errorText = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? String(error);

/** Gives the bytes written, all of them or as many as went before `error`. */
async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
): Promise<{ readonly done: number; readonly error: unknown }> {
  let done = 0;
  try {
    while (done < bytes.length) {
      done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  } catch (error) {
    return { done, error };
  }
  return { done, error: null };
}

/** Bytes of the frames that are whole within the first `done` bytes. */
function wholeBytes(frames: readonly Uint8Array[], done: number): number {
  let whole = 0;
  for (const { length } of frames) {
    if (whole + length > done) break;
    whole += length;
  }
  return whole;
}

/** A trace being saved. */
export class TraceWriter {
  /** Why it ended before `close`, in one line; null while it is whole. */
  stopped: string | null = null;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #warn: (line: string) => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writtenBytes: number;
  #writing: Promise<void> | null = null;

  constructor(path: string, file: FileHandle, head: number, warn: (line: string) => void) {
    this.#path = path;
    this.#file = file;
    this.#writtenBytes = head;
    this.#warn = warn;
  }

  /** Takes a frame; never blocks and never throws. */
  write(frame: Uint8Array): void {
    if (this.stopped !== null) return;
    if (this.#queuedBytes + frame.length > QUEUE_LIMIT_BYTES) {
      // One with a hole would not be told from a whole one.
      this.#stop(`the disk is ${QUEUE_LIMIT_BYTES >> 20} MiB behind`);
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#writing ??= this.#drain();
  }

  /** Everything taken is on disk, or given up, when it resolves. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#file.close();
  }

  #stop(reason: string): void {
    if (this.stopped !== null) return;
    this.stopped = `--save: ${escapeText(this.#path)} ends after ${this.#writtenBytes} bytes: ${reason}`;
    this.#warn(this.stopped);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const frames = this.#queue;
      this.#queue = [];
      const { done, error } = await writeAll(this.#file, Buffer.concat(frames));
      this.#writtenBytes += error === null ? done : wholeBytes(frames, done);
      if (error !== null) {
        this.#queue = [];
        this.#stop(errorText(error));
        // Shortening needs no room; a piece of a frame would count as damage.
        await this.#file.truncate(this.#writtenBytes).catch(() => undefined);
      }
      this.#queuedBytes = this.#queue.reduce((sum, frame) => sum + frame.length, 0);
    }
    this.#writing = null;
  }
}

/**
 * Opens a file for a trace; an older one of that name is replaced. Traces name processes, so only the owner may read
 * it. Throws a runtime RoutetapError when it can't be made. `warn` gets one line when it has to end early.
 */
export async function openTraceWriter(
  path: string,
  header: TraceHeader,
  warn: (line: string) => void,
): Promise<TraceWriter> {
  const head = encodeTraceHeader(header);
  try {
    const file = await open(path, 'w', 0o600);
    const { error } = await writeAll(file, head);
    if (error !== null) {
      await file.close();
      throw error as Error;
    }
    return new TraceWriter(path, file, head.length, warn);
  } catch (cause) {
    const code = errorText(cause);
    throw new RoutetapError(
      'runtime',
      `--save: expected a file that can be written, got ${code} for ${escapeText(path)}`,
      { code, cause },
    );
  }
}

/** What reading a saved trace calls. */
export interface TraceReading {
  readonly header: (header: TraceHeader) => void;
  readonly part: (part: TracePart) => void;
  /** A promise while whoever takes the parts is behind, else null. */
  readonly patience: () => Promise<void> | null;
  /** Aborted: no more is read. */
  readonly signal: AbortSignal;
}

/** Reads a saved trace. Rejects with a runtime RoutetapError at its first fault; what stood before it was given. */
export async function readTraceFile(path: string, reading: TraceReading): Promise<void> {
  const splitter = new TraceSplitter();
  let isTold = false;
  const tell = (): void => {
    if (isTold || splitter.header === null) return;
    isTold = true;
    reading.header(splitter.header);
  };
  try {
    const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      for (const part of splitter.push(chunk)) {
        tell();
        reading.part(part);
        await reading.patience();
        if (reading.signal.aborted) return;
      }
    }
    splitter.end();
    tell();
  } catch (cause) {
    const why =
      cause instanceof RoutetapError ? cause.message : `can't be read: ${errorText(cause)}`;
    throw new RoutetapError('runtime', `--load: ${escapeText(path)}: ${why}`, { cause });
  }
}
