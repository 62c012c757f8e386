import { rename, stat, unlink } from 'node:fs/promises';
import { plain, reason } from '../quoted.js';
import { Compression } from './compression.js';

export interface RotationOptions {
  readonly path: string;
  /** Size a file may reach; Infinity for no bound. */
  readonly maxBytes: number;
  /** Length of a period, counted from the epoch in UTC (1d turns at 00:00 UTC); Infinity for none. */
  readonly everyMs: number;
  /** Old files kept: PATH.1 (newest) to PATH.keep. */
  readonly keep: number;
  readonly gzip: boolean;
  readonly warn: (line: string) => void;
}

const RETRY_MS = 60_000;

/** Moves PATH to PATH.1, PATH.1 to PATH.2 and so on, and compresses old files in the background. */
export class Rotation {
  readonly maxBytes: number;
  readonly #options: RotationOptions;
  readonly #compression: Compression | null;
  #notBeforeMs = 0;

  constructor(options: RotationOptions) {
    this.#options = options;
    this.maxBytes = options.maxBytes;
    const isOn = options.maxBytes !== Infinity || options.everyMs !== Infinity;
    this.#compression = isOn && options.gzip ? new Compression(options) : null;
  }

  /** Whether a file of `size` bytes, begun at `changedMs`, must be moved away before `nextBytes` more. */
  isDue(size: number, changedMs: number, nextBytes: number): boolean {
    if (size === 0) return false;
    const now = Date.now();
    if (now < this.#notBeforeMs) return false;
    if (size + nextBytes > this.maxBytes) return true;
    const { everyMs } = this.#options;
    return everyMs !== Infinity && Math.floor(changedMs / everyMs) !== Math.floor(now / everyMs);
  }

  /** Moves the files; false when that failed, then the file goes on growing and it is tried again in a minute. */
  async rotate(): Promise<boolean> {
    try {
      if (this.#compression === null) await this.#shift();
      else {
        await this.#compression.exclusive(async () => {
          const top = await this.#shift();
          this.#compression?.shifted(top);
        });
        this.#compression.start();
      }
      return true;
    } catch (error) {
      this.#notBeforeMs = Date.now() + RETRY_MS;
      this.#options.warn(
        `sink file: cannot rotate ${plain(this.#options.path)}: ${reason(error)}; tried again in 60 s`,
      );
      return false;
    }
  }

  /** Ends a compression under way; the file it worked on stays as it was. */
  async stop(): Promise<void> {
    await this.#compression?.stop();
  }

  /** Returns the highest number that moved; files above the first free number stay where they are. */
  async #shift(): Promise<number> {
    const { path, keep } = this.#options;
    if (!(await exists(path))) return 0;
    let free = 1;
    while (
      free < keep &&
      ((await exists(`${path}.${free}`)) || (await exists(`${path}.${free}.gz`)))
    ) {
      free += 1;
    }
    await unlinkIfThere(`${path}.${free}`);
    await unlinkIfThere(`${path}.${free}.gz`);
    for (let number = free; number > 1; number -= 1) {
      await renameIfThere(`${path}.${number - 1}`, `${path}.${number}`);
      await renameIfThere(`${path}.${number - 1}.gz`, `${path}.${number}.gz`);
    }
    await rename(path, `${path}.1`);
    return free;
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
};

const ignoreMissing = (error: unknown): void => {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
};

const renameIfThere = (from: string, to: string): Promise<void> =>
  rename(from, to).catch(ignoreMissing);

const unlinkIfThere = (path: string): Promise<void> => unlink(path).catch(ignoreMissing);
