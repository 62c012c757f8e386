import type { RouteEvent, RoutetapRecord, StatusRecord } from '../../core/event.js';
import { guardSink, type GuardedSink } from '../../core/guard-sink.js';
import type { Sink, SinkCounters } from '../../core/sink.js';

const common = {
  v: 1,
  seq: 0,
  time: '2026-01-01T00:00:00.000000001Z',
  timeNs: 1_767_225_600_000_000_001n,
  host: 'r1',
} as const;

/** A route event as plain data. */
export const event = (dst: string): RouteEvent => ({
  ...common,
  type: 'route',
  probe: 'add',
  inferred: false,
  cause: { kind: 'request', trigger: null },
  zone: { id: 1, name: null },
  process: null,
  csinfo: { cs_addr: '0x0', cs_cid: '0', cs_pid: 0, cs_zoneid: 0 },
  routeinfo: {} as RouteEvent['routeinfo'],
  route: {
    family: 'inet',
    dst,
    table: 254,
    protocol: 'static',
    scope: 'global',
    type: 'unicast',
    tos: 0,
    priority: 0,
    prefsrc: null,
    src: null,
    metrics: {},
    nhid: null,
    expires: null,
    pref: null,
    nexthops: [],
    flags: [],
    unknown: [],
  },
  previous: null,
  lookup: null,
  timeout: null,
  redirect: null,
  provenance: 'rtnetlink',
  raw: null,
});

export const status = (what: string, fields: StatusRecord['fields'] = {}): StatusRecord => ({
  ...common,
  type: 'status',
  what,
  zone: null,
  fields,
});

/** A sink that keeps what it gets, and drops what is past its room until `drain`. */
export class MemorySink implements Sink {
  readonly records: RoutetapRecord[] = [];
  room = Infinity;
  closed = false;
  isClosedByStream = false;
  reopened = 0;
  #dropped = 0;
  #queued = 0;

  constructor(readonly name = 'memory') {}

  get counters(): SinkCounters {
    return {
      written: this.records.length - this.#queued,
      dropped: this.#dropped,
      queued: this.#queued,
      failed: 0,
    };
  }

  write(records: readonly RoutetapRecord[]): void {
    for (const record of records) {
      if (this.#queued >= this.room) {
        this.#dropped += 1;
      } else {
        this.records.push(record);
        if (this.room !== Infinity) this.#queued += 1;
      }
    }
  }

  drain(): void {
    this.#queued = 0;
  }

  reopen(): void {
    this.reopened += 1;
  }

  flush(): Promise<void> {
    this.drain();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosedByStream = true;
    return Promise.resolve();
  }

  get seqs(): readonly number[] {
    return this.records.map(({ seq }) => seq);
  }
}

export const guarded = (sink: Sink): GuardedSink => guardSink(sink, () => undefined);
