import { RouteRecord } from '../core/engine/record.js';
import type { GapRecord, RoutetapRecord } from '../core/event.js';
import type { GuardedSink } from '../core/guard-sink.js';
import { numbered } from '../core/numbered.js';

/** Decides which records go on. */
export type RecordTest = (record: RoutetapRecord) => boolean;

/** A sink and what the stream knows of its losses. */
interface Outlet {
  readonly sink: GuardedSink;
  /** `counters.dropped` when last looked at. */
  dropped: number;
  /** `counters.queued` when it last dropped. */
  queuedAtLoss: number;
  /** Losses not told to the other sinks yet, and to itself. */
  owedToOthers: number;
  owedToItself: number;
  /** What its own numbers are ahead of the shared ones: gap records only it got, less those it did not get. */
  shift: number;
}

function copied(record: RoutetapRecord, shift: number): RoutetapRecord {
  const seq = record.seq + shift;
  // eslint-disable-next-line @typescript-eslint/no-misused-spread -- its fields are its own properties
  if (record instanceof RouteRecord) return new RouteRecord({ ...record, seq });
  return { ...record, time: record.time, seq };
}

/**
 * Filter, numbers and sinks: what stands between a source and the world. `seq` counts from 1 without
 * holes for each sink; a sink that drops records sees the hole, and a gap record as soon as it has room.
 */
export class Delivery {
  /** May be exchanged while the stream runs. */
  filter: RecordTest;
  readonly #outlets: readonly Outlet[];
  readonly #maxEvents: number;
  #events = 0;
  #seq = 0;
  #last: RoutetapRecord | null = null;

  constructor(filter: RecordTest, sinks: readonly GuardedSink[], maxEvents: number | null) {
    this.filter = filter;
    this.#maxEvents = maxEvents ?? Infinity;
    this.#outlets = sinks.map((sink) => ({
      sink,
      dropped: sink.counters.dropped,
      queuedAtLoss: 0,
      owedToOthers: 0,
      owedToItself: 0,
      shift: 0,
    }));
  }

  /** Route events delivered. */
  get events(): number {
    return this.#events;
  }

  /** True when as many route events went out as were asked for. */
  get isEnough(): boolean {
    return this.#events >= this.#maxEvents;
  }

  /** True while a sink has records to write or losses to be told of. */
  get isUnderWay(): boolean {
    return this.#outlets.some(
      ({ sink, owedToItself, owedToOthers }) =>
        !sink.closed && (sink.counters.queued > 0 || owedToItself > 0 || owedToOthers > 0),
    );
  }

  /** Filters, numbers and writes a batch. Route events past the asked count stay out. */
  take(records: readonly RoutetapRecord[]): void {
    const batch: RoutetapRecord[] = [];
    for (const record of records) {
      if (!this.filter(record)) continue;
      if (record.type === 'route') {
        if (this.#events >= this.#maxEvents) continue;
        this.#events += 1;
      }
      batch.push(numbered(record, (this.#seq += 1)));
    }
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#last = last;
    for (const outlet of this.#outlets) this.#write(outlet, batch);
  }

  /** Looks for drops and tells of them; to be called a few times a second, and with `isFinal` when all is flushed. */
  tellGaps(isFinal = false): void {
    for (const outlet of this.#outlets) {
      if (outlet.sink.closed) continue;
      const { dropped, queued } = outlet.sink.counters;
      if (dropped <= outlet.dropped) continue;
      outlet.owedToOthers += dropped - outlet.dropped;
      outlet.owedToItself += dropped - outlet.dropped;
      outlet.dropped = dropped;
      outlet.queuedAtLoss = queued;
    }
    for (const outlet of this.#outlets) {
      if (outlet.owedToOthers > 0 && this.#outlets.length > 1) this.#tellOthers(outlet);
      const hasRoom = outlet.sink.counters.queued <= outlet.queuedAtLoss / 2;
      if (outlet.owedToItself > 0 && !outlet.sink.closed && (hasRoom || isFinal)) {
        this.#tellItself(outlet);
      }
    }
  }

  #tellOthers(outlet: Outlet): void {
    const gap = this.#gap(outlet, outlet.owedToOthers, (this.#seq += 1));
    outlet.owedToOthers = 0;
    outlet.shift -= 1;
    for (const other of this.#outlets) if (other !== outlet) this.#write(other, [gap]);
  }

  #tellItself(outlet: Outlet): void {
    const lost = outlet.owedToItself;
    outlet.owedToItself = 0;
    if (this.#outlets.length === 1) {
      outlet.sink.write([this.#gap(outlet, lost, (this.#seq += 1))]);
      return;
    }
    outlet.shift += 1;
    outlet.sink.write([this.#gap(outlet, lost, this.#seq + outlet.shift)]);
  }

  #write({ sink, shift }: Outlet, batch: readonly RoutetapRecord[]): void {
    if (sink.closed) return;
    sink.write(shift === 0 ? batch : batch.map((record) => copied(record, shift)));
  }

  /** A gap has the time of the last record: what was lost stood near it. */
  #gap(outlet: Outlet, lost: number, seq: number): GapRecord {
    return {
      v: 1,
      type: 'gap',
      seq,
      time: this.#last?.time ?? '1970-01-01T00:00:00.000000000Z',
      timeNs: this.#last?.timeNs ?? 0n,
      host: this.#last?.host ?? '',
      source: `sink:${outlet.sink.name}`,
      lost,
      zone: null,
      reason: 'queue-full',
    };
  }

  /** Everything accepted is handed on, losses are told, the sinks are closed. Takes a few seconds at most. */
  async finish(): Promise<void> {
    await this.#all((sink) => sink.flush());
    this.tellGaps(true);
    await this.#all((sink) => sink.close());
  }

  async #all(work: (sink: GuardedSink) => Promise<void>): Promise<void> {
    await Promise.all(this.#outlets.map(({ sink }) => work(sink)));
  }
}
