import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe, RoutetapRecord } from '../../core/event.js';
import { escapeText } from '../../core/format/escape.js';
import type { TierRow } from '../../core/frame.js';

/** An act is over when nothing was told for this long; inferred events wait for a dump. */
const QUIET_MS = 400;
/** Longer than any act needs on a loaded machine. */
const ACT_LIMIT_MS = 5000;
/** The tiers are told right after `watching`. */
const TIERS_LIMIT_MS = 2000;
const LOOK_EVERY_MS = 20;

/** When records last came, whether events flow, and what can be seen. */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #events = new Map<Probe, number>();
  #lastMs = performance.now();
  #watching = false;
  #tiers: readonly TierRow[] | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  see(records: readonly RoutetapRecord[]): void {
    this.#lastMs = performance.now();
    for (const record of records) {
      if (record.type === 'route') {
        this.#events.set(record.probe, this.seen(record.probe) + 1);
      } else if (record.type === 'status' && record.what === 'watching') {
        this.#watching = true;
      } else if (record.type === 'status' && record.what === 'tiers') {
        this.#tiers = record.fields['tiers'] as readonly TierRow[];
      }
    }
  }

  /** Events of this probe so far. */
  seen(probe: Probe): number {
    return this.#events.get(probe) ?? 0;
  }

  /** Events flow, and what can be seen is known. */
  async started(): Promise<void> {
    await this.until(() => this.#watching, Infinity);
    await this.until(() => this.#tiers !== null, TIERS_LIMIT_MS);
  }

  async quiet(): Promise<void> {
    const begunMs = performance.now();
    const isQuiet = (): boolean => performance.now() - Math.max(this.#lastMs, begunMs) > QUIET_MS;
    await this.until(isQuiet, ACT_LIMIT_MS);
  }

  /** Waits for the condition, at most this long, and no longer than until the demo is ended. */
  async until(condition: () => boolean, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!this.#signal.aborted && !condition() && performance.now() < endMs) {
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Why events of this probe cannot be seen here; null when they can, of one family at least. */
  blindness(probe: Probe): string | null {
    const rows = (this.#tiers ?? []).filter((row) => row.probe === probe);
    if (rows.some((row) => row.mechanism !== null)) return null;
    return escapeText(rows.find((row) => row.better !== null)?.better ?? 'nothing here sees them');
  }
}
