import { Observable, type OperatorFunction } from 'rxjs';
import { usageError } from '../errors.js';
import type { RouteEvent, RoutetapRecord } from '../event.js';
import { prefixId, prefixKey, type PrefixId } from './prefix-id.js';

export interface ChurnOptions {
  /** Length of a window, in milliseconds of event time; windows start at whole multiples of it. */
  readonly windowMs: number;
  /** How many prefixes are told apart in one window; the events of further ones count as `others`. */
  readonly maxPrefixes?: number;
}

/** Events by probe. */
export interface ChurnCounts {
  readonly adds: number;
  readonly deletes: number;
  readonly changes: number;
}

export interface PrefixChurn extends PrefixId, ChurnCounts {}

/** What happened in one window. */
export interface ChurnWindow {
  /** ns since the epoch; the window holds `startNs` <= time < `endNs`. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** The busiest first. */
  readonly prefixes: readonly PrefixChurn[];
  /** Events of prefixes beyond `maxPrefixes`. */
  readonly others: ChurnCounts;
  /** Messages the stream reported as lost in the window: the counts may be short by so many. Null: an unknown number. */
  readonly lost: number | null;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const COUNTER = { add: 'adds', delete: 'deletes', change: 'changes' } as const;

/**
 * Counts adds, deletes and changes per prefix and window; windows without any are not emitted.
 *
 * Time is the events': a window is emitted when the first record of a later one arrives, and at the end of the
 * stream, so a replay gives the same windows. A record that comes late counts in the window that is open.
 * Holds at most `maxPrefixes` (65536) counters.
 *
 * @throws {RoutetapError} usage, when called: an option is not a whole number above 0.
 */
export function churn(options: ChurnOptions): OperatorFunction<RoutetapRecord, ChurnWindow> {
  const { windowMs, maxPrefixes = 65_536 } = options;
  checkWhole('churn: windowMs', windowMs);
  checkWhole('churn: maxPrefixes', maxPrefixes);
  const windowNs = BigInt(windowMs) * 1_000_000n;
  return (source) =>
    new Observable((subscriber) => {
      let window: OpenWindow | null = null;
      const close = (): void => {
        const closed = window?.close() ?? null;
        window = null;
        if (closed !== null) subscriber.next(closed);
      };
      return source.subscribe({
        next: (record) => {
          if (window !== null && record.timeNs >= window.endNs) close();
          window ??= new OpenWindow(
            record.timeNs - (record.timeNs % windowNs),
            windowNs,
            maxPrefixes,
          );
          window.take(record);
        },
        error: (error: unknown) => {
          close();
          subscriber.error(error);
        },
        complete: () => {
          close();
          subscriber.complete();
        },
      });
    });
}

/** Throws a usage error unless the value is a whole number above 0. */
export function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw usageError(`${name}: expected a whole number above 0, got ${String(value)}`);
}

class OpenWindow {
  readonly endNs: bigint;
  readonly #startNs: bigint;
  readonly #maxPrefixes: number;
  readonly #prefixes = new Map<string, Mutable<PrefixChurn>>();
  readonly #others: Mutable<ChurnCounts> = { adds: 0, deletes: 0, changes: 0 };
  #lost: number | null = 0;
  #isEmpty = true;

  constructor(startNs: bigint, windowNs: bigint, maxPrefixes: number) {
    this.#startNs = startNs;
    this.endNs = startNs + windowNs;
    this.#maxPrefixes = maxPrefixes;
  }

  take(record: RoutetapRecord): void {
    if (record.type === 'gap') {
      this.#isEmpty = false;
      this.#lost = record.lost === null || this.#lost === null ? null : this.#lost + record.lost;
    } else if (record.type === 'route') {
      const { probe } = record;
      if (probe === 'add' || probe === 'delete' || probe === 'change') {
        this.#isEmpty = false;
        this.#counts(record)[COUNTER[probe]] += 1;
      }
    }
  }

  #counts(event: RouteEvent): Mutable<ChurnCounts> {
    const key = prefixKey(event);
    const known = this.#prefixes.get(key);
    if (known !== undefined) return known;
    if (this.#prefixes.size >= this.#maxPrefixes) return this.#others;
    const fresh = { ...prefixId(event), adds: 0, deletes: 0, changes: 0 };
    this.#prefixes.set(key, fresh);
    return fresh;
  }

  /** Null: nothing was counted. */
  close(): ChurnWindow | null {
    if (this.#isEmpty) return null;
    return {
      startNs: this.#startNs,
      endNs: this.endNs,
      prefixes: [...this.#prefixes.values()].sort((a, b) => sum(b) - sum(a)),
      others: this.#others,
      lost: this.#lost,
    };
  }
}

const sum = (counts: ChurnCounts): number => counts.adds + counts.deletes + counts.changes;
