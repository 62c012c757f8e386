import { open, type FileHandle } from 'node:fs/promises';
import { RoutetapError } from '../../core/errors.js';
import { batchEnd, encodeRecordingHeader, type RecordingHeader } from '../../core/recording.js';

/** Bytes which may wait for the disk. */
const QUEUE_LIMIT_BYTES = 64 << 20;

/** Writes what the engine is fed to a file (core/recording.ts). */
export interface Recorder {
  /** Bytes on disk, header included. */
  readonly writtenBytes: number;
  /** Batches not recorded because the recording had stopped. */
  readonly droppedBatches: number;
  /** Why the recording stopped before `close`, null while it is whole. */
  readonly stopped: string | null;
  /** Takes a copy; never blocks and never throws. */
  write(batch: Uint8Array): void;
  /** Everything taken is on disk, or given up, when it resolves. */
  close(): Promise<void>;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The errno's name where there is one. */
const errorText = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? String(error);

class FileRecorder implements Recorder {
  writtenBytes: number;
  droppedBatches = 0;
  stopped: string | null = null;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #warn: (line: string) => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | null = null;

  constructor(path: string, file: FileHandle, writtenBytes: number, warn: (line: string) => void) {
    this.#path = path;
    this.#file = file;
    this.writtenBytes = writtenBytes;
    this.#warn = warn;
  }

  write(batch: Uint8Array): void {
    if (this.stopped !== null) {
      this.droppedBatches++;
      return;
    }
    const end = batchEnd();
    const bytes = new Uint8Array(batch.length + end.length);
    // A recording with holes replays something that never was, so it ends where it can't keep up.
    if (this.#queuedBytes + bytes.length > QUEUE_LIMIT_BYTES) {
      this.#stop(`the disk is ${QUEUE_LIMIT_BYTES >> 20} MiB behind`);
      this.droppedBatches++;
      return;
    }
    bytes.set(batch);
    bytes.set(end, batch.length);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#writing ??= this.#drain();
  }

  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#file.close();
  }

  #stop(reason: string): void {
    if (this.stopped !== null) return;
    this.stopped = reason;
    this.#warn(
      `recording ${this.#path} stopped after ${this.writtenBytes} bytes: ${reason}; it replays up to there`,
    );
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const taken = this.#queue;
      this.#queue = [];
      const bytes = taken.length === 1 ? taken[0]! : Buffer.concat(taken);
      try {
        await writeAll(this.#file, bytes, this.writtenBytes);
        this.writtenBytes += bytes.length;
        this.#queuedBytes -= bytes.length;
      } catch (error) {
        this.droppedBatches += taken.length + this.#queue.length;
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#stop(errorText(error));
        // Shortening needs no space; the torn piece would count as damage at replay.
        await this.#file.truncate(this.writtenBytes).catch(() => undefined);
      }
    }
    this.#writing = null;
  }
}

/**
 * Opens a recording for writing; an older file of that name is replaced. Recordings name processes,
 * so only the owner may read them. Throws a RoutetapError (`runtime`) when the file can't be made.
 * `warn` gets one line if the recording has to stop.
 */
export async function openRecorder(
  path: string,
  header: RecordingHeader,
  warn: (line: string) => void = () => undefined,
): Promise<Recorder> {
  const head = encodeRecordingHeader(header);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await writeAll(file, head, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new FileRecorder(path, file, head.length, warn);
  } catch (cause) {
    throw new RoutetapError('runtime', `can't record to ${path}: ${errorText(cause)}`, {
      code: errorText(cause),
      cause,
    });
  }
}
