import type { ResyncRecord, RoutetapRecord } from '../event.js';
import { RouteKey } from '../fib/route-key.js';
import { FRAME_KIND, type ZoneIdentity } from '../frame.js';
import type { KernelFilter } from '../kernel-filter.js';
import type { Names } from '../names/names.js';
import { wholeRoute } from '../route-body.js';
import { RouteScan } from '../wire/scan.js';
import type { EngineAsk } from './ask.js';
import { newCounters, type EngineCounters } from './counters.js';
import { eachFrame, type FramePlace } from './frames.js';
import { Outlet } from './outlet.js';
import { releaseSettled } from './settle.js';
import { ZoneSync, type ReplyHandler, type SyncResult } from './sync.js';
import { WatchedZone, type ZoneReading } from './watched-zone.js';
import { ZoneState } from './zone.js';

export interface EngineOptions {
  readonly host: string;
  readonly names: Names;
  readonly filter: KernelFilter;
  /** Say the routes that exist first, as `status` records `what: "route"`. */
  readonly snapshot: boolean;
  /** Keep the raw message on events. */
  readonly raw: boolean;
  /** Time between two audits of the mirror, ms; 0: never. */
  readonly auditMs: number;
}

type Due = (timeNs: bigint) => void;

/**
 * Frames in, records out, in one order. No I/O: what the outside must do is asked through `EngineAsk`,
 * and answered by frames; so a recording of the frames gives the same records again.
 */
export class Engine {
  readonly counters: EngineCounters = newCounters();
  readonly #options: EngineOptions;
  readonly #ask: EngineAsk;
  readonly #outlet: Outlet;
  readonly #reading: ZoneReading;
  readonly #zones = new Map<number, WatchedZone>();
  readonly #replies = new Map<number, ReplyHandler>();
  readonly #barriers = new Map<number, Due>();
  readonly #timers = new Map<number, Due>();
  #token = 0;
  #watching = false;
  #stopped = false;

  constructor(options: EngineOptions, ask: EngineAsk) {
    this.#options = options;
    this.#ask = ask;
    this.#outlet = new Outlet(options.host);
    this.#reading = {
      outlet: this.#outlet,
      counters: this.counters,
      filter: options.filter,
      names: options.names,
      scan: new RouteScan(),
    };
  }

  /** Zones being watched or learnt. */
  get zones(): readonly ZoneState[] {
    return [...this.#zones.values()].map(({ state }) => state);
  }

  /**
   * Takes one batch of whole frames and appends what they mean to `out`. Frames are looked at twice: first for what
   * sets routes moving, since a cascade is told before its trigger at times, then everything in order.
   */
  feed(bytes: Uint8Array, out: RoutetapRecord[]): void {
    const outlet = this.#outlet;
    outlet.into(out);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    eachFrame(view, (frame) => {
      if (frame.kind !== FRAME_KIND.DATAGRAM && frame.kind !== FRAME_KIND.PROCESS) return;
      outlet.nowNs = frame.timeNs;
      this.#zones.get(frame.zone)?.preview(frame, bytes, view);
    });
    eachFrame(view, (frame) => {
      outlet.nowNs = frame.timeNs;
      this.#frame(frame, bytes, view);
    });
  }

  /** The end of frames that brought no STOP (a recording cut off): the last record all the same. */
  stop(out: RoutetapRecord[], timeNs: bigint): void {
    this.#outlet.into(out);
    this.#outlet.nowNs = timeNs;
    this.#sayStop();
  }

  #frame(frame: FramePlace, bytes: Uint8Array, view: DataView): void {
    const { value } = frame;
    const zone = this.#zones.get(frame.zone);
    switch (frame.kind) {
      case FRAME_KIND.DATAGRAM:
        zone?.datagram(frame, bytes, view);
        return;
      case FRAME_KIND.REPLY: {
        const handler = this.#replies.get(value);
        if (zone === undefined || handler === undefined) return;
        if (zone.reply(frame, handler, bytes, view)) this.#replies.delete(value);
        return;
      }
      case FRAME_KIND.LOSS:
        zone?.loss(value, frame.extra);
        return;
      case FRAME_KIND.BARRIER:
        this.#take(this.#barriers, value)?.(frame.timeNs);
        return;
      case FRAME_KIND.TIMER:
        this.#take(this.#timers, value)?.(frame.timeNs);
        return;
      case FRAME_KIND.QUERY_FAILED:
        this.#take(this.#replies, value)?.done(frame.extra);
        return;
      case FRAME_KIND.ZONE:
        this.#zoneAppeared(frame.zone, bytes.subarray(frame.start, frame.end));
        return;
      case FRAME_KIND.ZONE_GONE:
        if (zone !== undefined) this.#zoneGone(frame.zone, zone);
        return;
      case FRAME_KIND.STOP:
        this.#sayStop();
    }
  }

  #take<T>(map: Map<number, T>, token: number): T | undefined {
    const found = map.get(token);
    map.delete(token);
    return found;
  }

  #zoneAppeared(number: number, payload: Uint8Array): void {
    const identity = JSON.parse(new TextDecoder().decode(payload)) as ZoneIdentity;
    const { host, names, filter, raw, snapshot } = this.#options;
    const outlet = this.#outlet;
    const state = new ZoneState(number, identity, {
      host,
      names,
      filter,
      raw,
      counters: this.counters,
      emit: (event) => {
        outlet.push(zone, event);
      },
      process: (portid) => this.#ask.process(number, portid),
      touched: (key, inet6, isDelete) => {
        sync.noteRoute(key.hash(), inet6, isDelete);
      },
      doubtful: (inet6) => {
        sync.request({ reason: 'again', inet: !inet6, inet6, oif: 0, links: false });
      },
    });
    const sync = new ZoneSync(
      state,
      filter,
      {
        query: (request, handler) => {
          const token = ++this.#token;
          this.#replies.set(token, handler);
          this.#ask.query(number, token, request(token));
        },
        barrier: (done) => {
          const token = ++this.#token;
          this.#barriers.set(token, done);
          this.#ask.barrier(number, token);
        },
        timer: (delayMs, due) => {
          this.#timer(delayMs, due);
        },
        now: () => outlet.nowNs,
        learnt: () => {
          this.#zoneLearnt(zone);
        },
        settled: (result) => {
          this.#settled(zone, result);
        },
      },
      snapshot,
    );
    const zone = new WatchedZone(state, sync, this.#reading);
    this.#zones.set(number, zone);
    sync.start();
  }

  #timer(delayMs: number, due: Due): void {
    const token = ++this.#token;
    this.#timers.set(token, due);
    this.#ask.timer(token, delayMs);
  }

  #zoneLearnt(zone: WatchedZone): void {
    const { state } = zone;
    if (this.#watching) {
      this.#outlet.status('zone-appeared', state.zone, { routes: state.fib.size });
      this.#openZone(zone);
    } else this.#watchWhenLearnt();
  }

  #watchWhenLearnt(): void {
    if ([...this.#zones.values()].every(({ sync }) => sync.isLearnt)) this.#sayWatching();
  }

  #sayWatching(): void {
    this.#watching = true;
    const zones = [...this.#zones.values()];
    const routes = zones.reduce((sum, { state }) => sum + state.fib.size, 0);
    this.#outlet.status('watching', null, { zones: zones.length, routes });
    for (const zone of zones) this.#openZone(zone);
    if (this.#options.auditMs > 0) this.#armAudit();
  }

  #sayStop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#watching) this.#sayWatching();
    this.#outlet.status('stop', null, { ...this.counters });
  }

  /** Lets out what was kept back. With a snapshot the early events are in it already. */
  #openZone(zone: WatchedZone): void {
    const early = zone.early ?? [];
    zone.early = null;
    if (this.#options.snapshot) {
      for (const parts of zone.state.routes()) {
        this.#outlet.status('route', zone.state.zone, { route: wholeRoute(parts) });
      }
    }
    for (const record of early) {
      if (!this.#options.snapshot || record.type !== 'route') this.#outlet.push(zone, record);
    }
  }

  #armAudit(): void {
    this.#timer(this.#options.auditMs, () => {
      for (const { sync } of this.#zones.values()) {
        sync.request({ reason: 'audit', inet: true, inet6: true, oif: 0, links: false });
      }
      this.#armAudit();
    });
  }

  #settled(zone: WatchedZone, result: SyncResult): void {
    const { differences, reason, timeNs, durationMs } = result;
    const { state } = zone;
    if (reason === 'resync') {
      this.counters.resyncs++;
      this.#outlet.push(zone, this.#resyncRecord(zone, result));
    }
    const cause = reason === 'resync' ? ({ kind: 'resync', trigger: null } as const) : null;
    for (const { probe, key, inet6, body, before, expires, expired } of differences) {
      state.inferred(probe, key, inet6, body, before, timeNs, cause, { expires, expired });
    }
    releaseSettled(state.fib, differences);
    if (result.isClean) {
      state.settledNs = timeNs;
      state.hasLost = false;
    }
    if (reason !== 'audit') return;
    const fields = {
      routes: state.fib.size,
      repaired: differences.length,
      durationMs,
      counters: { ...this.counters },
    };
    this.#outlet.push(zone, this.#outlet.statusRecord('audit', state.zone, fields));
  }

  #resyncRecord({ state }: WatchedZone, { differences, durationMs }: SyncResult): ResyncRecord {
    const count = (probe: string): number => differences.filter((d) => d.probe === probe).length;
    return {
      ...this.#outlet.common(),
      type: 'resync',
      zone: state.zone,
      added: count('add'),
      deleted: count('delete'),
      changed: count('change'),
      durationMs,
    };
  }

  /** A namespace ends without a word about its routes: each is told as deleted. */
  #zoneGone(number: number, zone: WatchedZone): void {
    const { state, sync } = zone;
    sync.close();
    const wasWatched = zone.early === null;
    const key = new RouteKey();
    for (const store of wasWatched ? [state.fib.inet, state.fib.inet6] : []) {
      for (let slot = 0; slot < store.limit; slot++) {
        if (!store.isUsed(slot)) continue;
        store.readKey(slot, key);
        state.inferred('delete', key, store.inet6, store.body(slot), -1, this.#outlet.nowNs, {
          kind: 'zone-removed',
          trigger: null,
        });
      }
    }
    this.#zones.delete(number);
    if (this.#watching) {
      if (wasWatched) this.#outlet.status('zone-vanished', state.zone, {});
    } else this.#watchWhenLearnt();
  }
}
