import type { GapRecord, RoutetapRecord } from './event.js';
import type { GuardedSink } from './guard-sink.js';
import { numbered } from './numbered.js';
import type { SinkCounters } from './sink.js';

/** A sink with more accepted and not handed on makes pulled sources wait. */
const BACKLOG_BYTES = 1 << 20;

interface Outlet {
  readonly sink: GuardedSink;
  /** Counters when last looked at. */
  dropped: number;
  failed: number;
}

/**
 * The sinks of a tap: numbers the records, hands each batch to every sink and tells of what a sink lost.
 * A loss is told right behind the batch that made it; the loss of such a gap record only with the next batch,
 * so that a dead sink can't keep itself busy.
 */
export class TapOutlets {
  readonly #outlets: readonly Outlet[];
  #seq = 0;
  #last: RoutetapRecord | null = null;

  constructor(sinks: readonly GuardedSink[]) {
    this.#outlets = sinks.map((sink) => ({ sink, ...lossesOf(sink.counters) }));
  }

  /** Records written so far; also the last `seq`. */
  get records(): number {
    return this.#seq;
  }

  write(batch: readonly RoutetapRecord[]): void {
    this.#send(batch.map((record) => numbered(record, (this.#seq += 1))));
    this.#tellLosses();
  }

  /** Resolves when no sink has too much to do. */
  async room(): Promise<void> {
    const busy = this.#outlets.filter(({ sink }) => (sink.backlogBytes ?? 0) > BACKLOG_BYTES);
    await Promise.all(busy.map(({ sink }) => sink.flush()));
  }

  /** Resolves when every sink's target is gone for good; never without sinks. */
  async allGone(): Promise<void> {
    await Promise.all(this.#outlets.map(({ sink }) => sink.whenClosed));
    if (this.#outlets.length === 0) await new Promise(() => undefined);
  }

  /** Flushes, tells the last losses, closes. A sink takes a few seconds at most. */
  async finish(): Promise<void> {
    await Promise.all(this.#outlets.map(({ sink }) => sink.flush()));
    this.#tellLosses();
    await Promise.all(this.#outlets.map(({ sink }) => sink.close()));
  }

  counters(): ({ readonly name: string } & SinkCounters)[] {
    return this.#outlets.map(({ sink }) => ({ name: sink.name, ...sink.counters }));
  }

  #send(batch: readonly RoutetapRecord[]): void {
    this.#last = batch.at(-1) ?? this.#last;
    for (const { sink } of this.#outlets) sink.write(batch);
  }

  #tellLosses(): void {
    const gaps: GapRecord[] = [];
    for (const outlet of this.#outlets) {
      const { dropped, failed } = lossesOf(outlet.sink.counters);
      const lost = dropped - outlet.dropped;
      const reason = failed > outlet.failed ? 'error' : 'queue-full';
      outlet.dropped = dropped;
      outlet.failed = failed;
      if (lost > 0 && !outlet.sink.closed) gaps.push(this.#gap(outlet.sink.name, lost, reason));
    }
    if (gaps.length > 0) this.#send(gaps);
  }

  /** A gap has the time of the last record: what was lost stood near it. */
  #gap(name: string, lost: number, reason: GapRecord['reason']): GapRecord {
    return {
      v: 1,
      type: 'gap',
      seq: (this.#seq += 1),
      time: this.#last?.time ?? '',
      timeNs: this.#last?.timeNs ?? 0n,
      host: this.#last?.host ?? '',
      source: `sink:${name}`,
      lost,
      zone: null,
      reason,
    };
  }
}

const lossesOf = ({ dropped, failed }: SinkCounters): Pick<SinkCounters, 'dropped' | 'failed'> => ({
  dropped,
  failed,
});
