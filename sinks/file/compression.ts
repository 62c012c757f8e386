import { createWriteStream, readdirSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { plain, reason } from '../quoted.js';

export interface CompressionOptions {
  readonly path: string;
  readonly keep: number;
  readonly warn: (line: string) => void;
}

/** One old file to compress; its number grows when a rotation moves it meanwhile. */
interface Job {
  number: number;
}

/**
 * Turns PATH.N into PATH.N.gz, one at a time and beside the writing. Rotations and the last rename exclude each
 * other; the compression itself holds an open file, which renames don't disturb.
 */
export class Compression {
  readonly #options: CompressionOptions;
  readonly #temporary: string;
  readonly #abort = new AbortController();
  #jobs: Job[];
  #current: Job | null = null;
  #running: Promise<void> | null = null;
  #lock: Promise<void> = Promise.resolve();

  constructor(options: CompressionOptions) {
    this.#options = options;
    this.#temporary = `${options.path}.gz.tmp`;
    this.#jobs = leftOver(options);
    this.start();
  }

  /** Runs `work` while no file is being moved. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lock.then(work);
    this.#lock = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** A rotation moved the files numbered below `top` up by one, and made a new PATH.1; 0: nothing moved. */
  shifted(top: number): void {
    if (top === 0) return;
    for (const job of this.#current === null ? this.#jobs : [...this.#jobs, this.#current]) {
      if (job.number <= top) job.number += 1;
    }
    this.#jobs = this.#jobs.filter((job) => job.number <= this.#options.keep);
    this.#jobs.push({ number: 1 });
  }

  /** Works off what waits, unless that is under way. */
  start(): void {
    if (this.#jobs.length > 0) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#jobs = [];
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      this.#current = job;
      try {
        await this.#compress(job);
      } catch (error) {
        await unlink(this.#temporary).catch(() => undefined);
        if (!this.#abort.signal.aborted) {
          this.#options.warn(
            `sink file: cannot compress ${plain(this.#options.path)}.${job.number}: ${reason(error)}; it stays as it is`,
          );
        }
      }
      this.#current = null;
    }
    this.#running = null;
  }

  async #compress(job: Job): Promise<void> {
    const { path, keep } = this.#options;
    const handle = await this.exclusive(() => open(`${path}.${job.number}`));
    const source = handle.createReadStream();
    const sink = createWriteStream(this.#temporary, { mode: 0o640, flush: true });
    await pipeline(source, createGzip(), sink, { signal: this.#abort.signal });
    await this.exclusive(async () => {
      if (job.number > keep) {
        await unlink(this.#temporary);
        return;
      }
      await rename(this.#temporary, `${path}.${job.number}.gz`);
      await unlink(`${path}.${job.number}`);
    });
  }
}

/** Old files that an earlier run had no time to compress. */
const leftOver = ({ path, keep }: CompressionOptions): Job[] => {
  const prefix = `${basename(path)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    // Writable but not listable: nothing to take up again.
    return [];
  }
  return names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,3}$/.test(name.slice(prefix.length)))
    .map((name) => ({ number: Number(name.slice(prefix.length)) }))
    .filter(({ number }) => number <= keep)
    .sort((a, b) => a.number - b.number);
};
