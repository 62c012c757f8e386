import type { RoutetapRecord } from './event.js';

/** What a sink counts (docs/events.md, Accounting). */
export interface SinkCounters {
  /** Records handed to the target. */
  readonly written: number;
  /** Records given up because the queue was full or the target dead; every one is counted. */
  readonly dropped: number;
  /** Records accepted and not yet handed on. */
  readonly queued: number;
  /** Errors of the target (a refused connection, ENOSPC…). */
  readonly failed: number;
}

/**
 * Where records go. `write` never blocks and never throws: it queues, or drops and counts.
 */
export interface Sink {
  /** Short name for counters and gap records, for example `file`. */
  readonly name: string;
  readonly counters: SinkCounters;
  /** Bytes accepted and not yet handed on; the stream slows its reading while they are many. */
  readonly backlogBytes?: number;
  write(records: readonly RoutetapRecord[]): void;
  /** Resolves when everything accepted so far is handed to the target, or given up and counted. */
  flush(): Promise<void>;
  /** Flushes and lets go of the target; never takes longer than a few seconds. */
  close(): Promise<void>;
  /** SIGHUP: open the target again (log rotation). */
  reopen?(): void;
}

/** Options of a sink as plain data: what stands after `?` in its SPEC, and `target`, what stands before it. */
export interface SinkOptions {
  readonly target: string;
  readonly options: Readonly<Record<string, string>>;
  /** One clear line for the user when the target fails or comes back; stderr in the command line. */
  readonly warn: (line: string) => void;
  /** `--full`: JSON with members at their defaults. */
  readonly full: boolean;
  /** `--raw`: JSON with the raw message. */
  readonly raw: boolean;
}

/** A sink module's default export. Throws a RoutetapError when an option is wrong or the target can't be opened. */
export type OpenSink = (options: SinkOptions) => Sink | Promise<Sink>;
