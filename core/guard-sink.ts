import { escapeText } from './format/escape.js';
import type { RoutetapRecord } from './event.js';
import type { Sink, SinkCounters } from './sink.js';

/** A sink that can't harm the stream, and says when its target is gone for good. */
export interface GuardedSink extends Sink {
  /** True once the target is gone for good (stdout's reader went away); records are only counted as dropped then. */
  readonly closed: boolean;
  /** Resolves when `closed` turns true; never rejects. */
  readonly whenClosed: Promise<void>;
}

/** Members a sink may have besides the contract. */
export type GuardableSink = Sink & {
  readonly closed?: boolean;
  readonly whenClosed?: Promise<void>;
};

/** Longest wait for a sink's flush or close. */
const GUARD_MS = 5000;

const WARN_EVERY = 1000;

/**
 * Wraps a sink so that its throws, rejections and hangs are counted and warned of (the first and every 1000th),
 * and never stop the stream or another sink.
 */
export const guardSink = (
  sink: GuardableSink,
  warn: (line: string) => void,
  guardMs = GUARD_MS,
): GuardedSink => {
  const name = oneLine(sink.name);
  let thrown = 0;
  let lost = 0;
  let isClosing: Promise<void> | null = null;

  const complain = (what: string, error: unknown): void => {
    thrown += 1;
    if (thrown !== 1 && thrown % WARN_EVERY !== 0) return;
    const times = thrown === 1 ? '' : ` (${thrown} errors so far)`;
    warn(`sink ${name}: ${what}: ${oneLine(messageOf(error))}${times}`);
  };

  const innerCounters = (): SinkCounters => {
    try {
      const { written, dropped, queued, failed } = sink.counters;
      return {
        written: count(written),
        dropped: count(dropped),
        queued: count(queued),
        failed: count(failed),
      };
    } catch {
      return { written: 0, dropped: 0, queued: 0, failed: 0 };
    }
  };

  const bounded = async (what: 'flush' | 'close'): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`took longer than ${guardMs / 1000} s`));
      }, guardMs);
    });
    try {
      await Promise.race([Promise.resolve(sink[what]()), timeout]);
    } catch (error) {
      complain(`${what} failed`, error);
    } finally {
      clearTimeout(timer);
    }
  };

  const guarded: GuardedSink = {
    name,
    get counters() {
      const inner = innerCounters();
      return { ...inner, dropped: inner.dropped + lost, failed: inner.failed + thrown };
    },
    get backlogBytes() {
      try {
        return count(sink.backlogBytes);
      } catch {
        return 0;
      }
    },
    get closed() {
      return sink.closed === true;
    },
    whenClosed: Promise.resolve(sink.whenClosed ?? new Promise<void>(() => undefined)).catch(
      () => undefined,
    ),
    write(records: readonly RoutetapRecord[]) {
      if (isClosing !== null) {
        lost += records.length;
        return;
      }
      const before = taken(innerCounters());
      try {
        const write: (batch: readonly RoutetapRecord[]) => unknown = sink.write.bind(sink);
        const result = write(records);
        // Against the contract, but an async write must not end the process by an unhandled rejection.
        if (typeof result === 'object' && result !== null && 'then' in result) {
          Promise.resolve(result).catch((error: unknown) => {
            complain('write failed', error);
          });
        }
      } catch (error) {
        // What the sink took or counted before it threw is in its own counters; the rest is lost here.
        const own = taken(innerCounters()) - before;
        lost += Math.min(Math.max(records.length - own, 0), records.length);
        complain('write failed', error);
      }
    },
    flush: () => isClosing ?? bounded('flush'),
    close: () => (isClosing ??= bounded('close')),
  };
  if (typeof sink.reopen !== 'function') return guarded;
  guarded.reopen = () => {
    try {
      sink.reopen?.();
    } catch (error) {
      complain('reopen failed', error);
    }
  };
  return guarded;
};

const taken = (counters: SinkCounters): number =>
  counters.written + counters.dropped + counters.queued;

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;

const messageOf = (error: unknown): string => {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error that can not be shown';
  }
};

const oneLine = (text: string): string => escapeText((text.split('\n')[0] ?? '').slice(0, 200));
