import type { GapRecord, RoutetapRecord, StatusRecord, Zone } from '../event.js';
import { isoTime } from '../format/time.js';

/** Where a zone's records wait until the zone is watched; null from then on. */
export interface Early {
  early: RoutetapRecord[] | null;
}

/** Numbers the records and hands them out in order. */
export class Outlet {
  /** Time of the frame being read. */
  nowNs = 0n;
  readonly #host: string;
  #seq = 0;
  #out: RoutetapRecord[] = [];

  constructor(host: string) {
    this.#host = host;
  }

  /** Records go to `out` from here on. */
  into(out: RoutetapRecord[]): void {
    this.#out = out;
  }

  /** A zone's record: kept back while the zone is being learnt. */
  push(zone: Early, record: RoutetapRecord): void {
    if (zone.early === null) this.#number(record);
    else zone.early.push(record);
  }

  /** A status that belongs to no zone's order. */
  status(what: string, zone: Zone | null, fields: Readonly<Record<string, unknown>>): void {
    this.#number(this.statusRecord(what, zone, fields));
  }

  statusRecord(
    what: string,
    zone: Zone | null,
    fields: Readonly<Record<string, unknown>>,
    timeNs = this.nowNs,
  ): StatusRecord {
    return { ...this.common(timeNs), type: 'status', what, zone, fields };
  }

  gapRecord(
    source: 'rtnetlink' | 'bpf',
    zone: Zone | null,
    lost: number | null,
    reason: GapRecord['reason'],
  ): GapRecord {
    return { ...this.common(), type: 'gap', source, lost, zone, reason };
  }

  /** What every record but an event starts from. */
  common(timeNs = this.nowNs): {
    v: 1;
    seq: number;
    timeNs: bigint;
    time: string;
    host: string;
  } {
    return { v: 1, seq: 0, timeNs, time: isoTime(timeNs), host: this.#host };
  }

  #number(record: RoutetapRecord): void {
    (record as { seq: number }).seq = ++this.#seq;
    this.#out.push(record);
  }
}
