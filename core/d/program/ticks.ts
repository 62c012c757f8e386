import { DError } from '../d-error.js';

const NS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['nsec', 1n],
  ['us', 1_000n],
  ['usec', 1_000n],
  ['ms', 1_000_000n],
  ['msec', 1_000_000n],
  ['s', 1_000_000_000n],
  ['sec', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['min', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['hour', 3_600_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['day', 86_400_000_000_000n],
]);

const SECOND = 1_000_000_000n;
/** What DTrace's profile provider takes at most: 5000 a second. */
const SHORTEST_NS = 200_000n;

/**
 * Period of `tick-1s`, `tick-100ms`, `profile-97` (a number alone counts times a second), in ns; null for every other
 * name. Throws a DError when the suffix is unknown or the period too short.
 */
export function parseTick(name: string, at: number): bigint | null {
  const [, digits, suffix = ''] = /^(?:tick|profile)-(\d{1,15})([A-Za-z]*)$/.exec(name) ?? [];
  if (digits === undefined) return null;
  const count = BigInt(digits);
  const unit = NS.get(suffix.toLowerCase());
  const isRate = suffix === '' || suffix.toLowerCase() === 'hz';
  if (unit === undefined && !isRate) {
    throw new DError(at, `one of ${[...NS.keys(), 'hz'].join(', ')} behind ${digits}`, suffix);
  }
  const periodNs = isRate ? (count === 0n ? 0n : SECOND / count) : count * (unit ?? 1n);
  if (periodNs < SHORTEST_NS) throw new DError(at, 'a tick of 200us or more', name);
  return periodNs;
}

interface Tick<Row> {
  readonly row: Row;
  readonly periodNs: bigint;
  dueNs: bigint;
}

/** Firings in one go; the rest of a long silence is skipped, and told. */
const MAX_FIRINGS = 10_000;

/** The ticks of a running program, fired in the order of their time. */
export class Ticks<Row extends { readonly periodNs: bigint | null }> {
  readonly #ticks: Tick<Row>[] = [];
  #nextNs: bigint | null = null;

  constructor(rows: readonly Row[]) {
    for (const row of rows) {
      if (row.periodNs !== null) this.#ticks.push({ row, periodNs: row.periodNs, dueNs: 0n });
    }
  }

  /** When the next one is due; null before start() and without any. */
  get nextNs(): bigint | null {
    return this.#nextNs;
  }

  start(timeNs: bigint): void {
    for (const tick of this.#ticks) tick.dueNs = timeNs + tick.periodNs;
    this.#nextNs = this.#earliest()?.dueNs ?? null;
  }

  /** Fires what is due until then; `fire` returns false to stop. Returns how many firings were skipped. */
  advance(timeNs: bigint, fire: (row: Row, dueNs: bigint) => boolean): bigint {
    let fired = 0;
    for (
      let tick = this.#earliest();
      tick !== null && tick.dueNs <= timeNs;
      tick = this.#earliest()
    ) {
      if (fired === MAX_FIRINGS) return this.#skip(timeNs);
      fired += 1;
      const { dueNs } = tick;
      tick.dueNs += tick.periodNs;
      if (!fire(tick.row, dueNs)) break;
    }
    this.#nextNs = this.#earliest()?.dueNs ?? null;
    return 0n;
  }

  #skip(timeNs: bigint): bigint {
    let skipped = 0n;
    for (const tick of this.#ticks) {
      if (tick.dueNs > timeNs) continue;
      const missed = (timeNs - tick.dueNs) / tick.periodNs + 1n;
      tick.dueNs += missed * tick.periodNs;
      skipped += missed;
    }
    this.#nextNs = this.#earliest()?.dueNs ?? null;
    return skipped;
  }

  #earliest(): Tick<Row> | null {
    let earliest: Tick<Row> | null = null;
    for (const tick of this.#ticks) {
      if (earliest === null || tick.dueNs < earliest.dueNs) earliest = tick;
    }
    return earliest;
  }
}
