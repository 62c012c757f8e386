import { Observable, type OperatorFunction } from 'rxjs';
import type { RouteEvent, RoutetapRecord } from '../event.js';
import { checkWhole } from './churn.js';
import { prefixId, prefixKey, type PrefixId } from './prefix-id.js';

export interface FlapOptions {
  /** Milliseconds of event time. */
  readonly windowMs: number;
  /** Adds and deletes of one prefix within the window that make a flap. */
  readonly threshold: number;
  /** How many prefixes are watched at a time; the one quiet for longest makes room. */
  readonly maxPrefixes?: number;
}

/** A prefix began to flap, or was quiet again. */
export interface Flap extends PrefixId {
  readonly state: 'start' | 'end';
  /** Adds and deletes since the first one that counted. */
  readonly count: number;
  /** Time of the first add or delete that counted, ns since the epoch. */
  readonly startNs: bigint;
  /** Time of the last one so far. */
  readonly endNs: bigint;
}

/**
 * Finds prefixes that come and go: emits `start` when one was added or deleted `threshold` times within
 * `windowMs`, and `end` when it then was quiet for a whole window, which the next later record shows, or when
 * the stream ends. A change is no flap: the prefix stays reachable.
 *
 * Time is the events'. Holds at most `maxPrefixes` (65536) prefixes with `threshold` times each; a flapping one
 * that must make room ends.
 *
 * @throws {RoutetapError} usage, when called: an option is not a whole number above 0.
 */
export function flaps(options: FlapOptions): OperatorFunction<RoutetapRecord, Flap> {
  const { windowMs, threshold, maxPrefixes = 65_536 } = options;
  checkWhole('flaps: windowMs', windowMs);
  checkWhole('flaps: threshold', threshold);
  checkWhole('flaps: maxPrefixes', maxPrefixes);
  const windowNs = BigInt(windowMs) * 1_000_000n;
  return (source) =>
    new Observable((subscriber) => {
      // In the order of their last event: the first is always the one quiet for longest.
      const watched = new Map<string, WatchedPrefix>();
      const forget = (key: string, prefix: WatchedPrefix): void => {
        watched.delete(key);
        if (prefix.isFlapping) subscriber.next(prefix.told('end'));
      };
      const forgetQuiet = (nowNs: bigint): void => {
        for (const [key, prefix] of watched) {
          if (nowNs - prefix.endNs < windowNs) return;
          forget(key, prefix);
        }
      };
      const forgetAll = (): void => {
        for (const [key, prefix] of watched) forget(key, prefix);
      };
      return source.subscribe({
        next: (record) => {
          forgetQuiet(record.timeNs);
          if (!isAddOrDelete(record)) return;
          const key = prefixKey(record);
          const prefix = watched.get(key) ?? new WatchedPrefix(prefixId(record), record.timeNs);
          watched.delete(key);
          for (const [oldest, quietest] of watched) {
            if (watched.size < maxPrefixes) break;
            forget(oldest, quietest);
          }
          watched.set(key, prefix);
          if (prefix.take(record.timeNs, threshold, windowNs))
            subscriber.next(prefix.told('start'));
        },
        error: (error: unknown) => {
          forgetAll();
          subscriber.error(error);
        },
        complete: () => {
          forgetAll();
          subscriber.complete();
        },
      });
    });
}

const isAddOrDelete = (record: RoutetapRecord): record is RouteEvent =>
  record.type === 'route' && (record.probe === 'add' || record.probe === 'delete');

class WatchedPrefix {
  endNs: bigint;
  isFlapping = false;
  readonly #id: PrefixId;
  /** The last `threshold` times at most, until it flaps; then only the first counts. */
  #times: bigint[] = [];
  #count = 0;

  constructor(id: PrefixId, timeNs: bigint) {
    this.#id = id;
    this.endNs = timeNs;
  }

  /** Counts an add or delete; true when the prefix just began to flap. */
  take(timeNs: bigint, threshold: number, windowNs: bigint): boolean {
    if (timeNs > this.endNs) this.endNs = timeNs;
    this.#count += 1;
    if (this.isFlapping) return false;
    this.#times.push(timeNs);
    const [first = timeNs] = this.#times;
    if (timeNs - first >= windowNs) {
      this.#times = this.#times.filter((time) => timeNs - time < windowNs);
    }
    this.#count = this.#times.length;
    this.isFlapping = this.#count >= threshold;
    if (this.isFlapping) this.#times.length = 1;
    return this.isFlapping;
  }

  told(state: Flap['state']): Flap {
    const [startNs = this.endNs] = this.#times;
    return { state, ...this.#id, count: this.#count, startNs, endNs: this.endNs };
  }
}
