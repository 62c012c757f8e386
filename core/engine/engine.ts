import type { RoutetapRecord } from '../event.js';
import { FRAME_KIND, type TierRow, type ZoneIdentity } from '../frame.js';
import type { KernelFilter } from '../kernel-filter.js';
import type { Names } from '../names/names.js';
import { wholeRoute } from '../route-body.js';
import { RouteScan } from '../wire/scan.js';
import type { EngineAsk } from './ask.js';
import { BpfEvents } from './bpf-events.js';
import { newCounters, type EngineCounters } from './counters.js';
import { eachFrame, type FramePlace } from './frames.js';
import { Outlet } from './outlet.js';
import { Questions } from './questions.js';
import { tellSettled, tellZoneRemoved } from './settled.js';
import { ZoneSync } from './sync.js';
import { WatchedZone, type ZoneReading } from './watched-zone.js';
import { WatchedZones } from './watched-zones.js';
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
  /** All namespaces are watched: what a program saw in an unknown one waits for its zone to appear. */
  readonly allZones?: boolean;
}

const jsonOf = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));

/** Frames looked at twice. */
const PREVIEWED: ReadonlySet<number> = new Set([
  FRAME_KIND.DATAGRAM,
  FRAME_KIND.PROCESS,
  FRAME_KIND.BPF,
]);

/** Events that a snapshot of the routes makes old news. */
const isInSnapshot = (record: RoutetapRecord): boolean =>
  record.type === 'route' && ['add', 'delete', 'change'].includes(record.probe);

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
  readonly #zones = new WatchedZones();
  readonly #questions: Questions;
  readonly #bpf: BpfEvents;
  /** Payload of a TIERS frame that came before `watching`. */
  #tiers: readonly TierRow[] | null = null;
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
    this.#questions = new Questions(ask);
    this.#bpf = new BpfEvents(
      {
        host: options.host,
        allZones: options.allZones ?? false,
        describe: ask.describe?.bind(ask),
      },
      this.#reading,
      this.#zones,
      this.#questions,
    );
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
      if (!PREVIEWED.has(frame.kind)) return;
      outlet.nowNs = frame.timeNs;
      this.#preview(frame, bytes, view);
    });
    eachFrame(view, (frame) => {
      outlet.nowNs = frame.timeNs;
      this.#frame(frame, bytes, view);
    });
  }

  #preview(frame: FramePlace, bytes: Uint8Array, view: DataView): void {
    if (frame.kind === FRAME_KIND.BPF) this.#bpf.preview(frame, bytes, view);
    else if (frame.kind === FRAME_KIND.PROCESS && frame.portid === 0) {
      this.#bpf.descriptions.recorded(frame.value, bytes.slice(frame.start, frame.end));
    } else this.#zones.get(frame.zone)?.preview(frame, bytes, view);
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
        if (this.#questions.answered(frame, bytes, view)) return;
        const handler = this.#questions.replyHandler(value);
        if (zone === undefined || handler === undefined) return;
        if (zone.reply(frame, handler, bytes, view)) this.#questions.replied(value);
        return;
      }
      case FRAME_KIND.LOSS:
        zone?.loss(value, frame.extra);
        return;
      case FRAME_KIND.BARRIER:
        this.#questions.barrierReached(value, frame.timeNs);
        return;
      case FRAME_KIND.TIMER:
        this.#questions.timerDue(value, frame.timeNs);
        return;
      case FRAME_KIND.QUERY_FAILED:
        this.#questions.failed(value, frame.extra);
        return;
      case FRAME_KIND.BPF:
        this.#bpf.frame(frame, bytes, view);
        return;
      case FRAME_KIND.ICMP:
        if (zone !== undefined) this.#bpf.icmp(frame, zone, bytes);
        return;
      case FRAME_KIND.TIERS:
        this.#tiersTold(jsonOf(bytes.subarray(frame.start, frame.end)) as readonly TierRow[]);
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

  #tiersTold(tiers: readonly TierRow[]): void {
    if (this.#watching) this.#outlet.status('tiers', null, { tiers });
    else this.#tiers = tiers;
  }

  #zoneAppeared(number: number, payload: Uint8Array): void {
    const identity = jsonOf(payload) as ZoneIdentity;
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
          this.#questions.dump(number, request, handler);
        },
        barrier: (done) => {
          this.#questions.barrier(number, done);
        },
        timer: (delayMs, due) => {
          this.#questions.timer(delayMs, due);
        },
        now: () => outlet.nowNs,
        learnt: () => {
          this.#zoneLearnt(zone);
        },
        settled: (result) => {
          tellSettled(zone, result, this.#outlet, this.counters);
        },
      },
      snapshot,
    );
    const zone = new WatchedZone(state, sync, this.#reading);
    this.#zones.set(number, zone);
    sync.start();
    this.#bpf.appeared(zone);
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
    if (this.#tiers !== null) this.#tiersTold(this.#tiers);
    for (const zone of zones) this.#openZone(zone);
    if (this.#options.auditMs > 0) this.#armAudit();
  }

  #sayStop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#watching) this.#sayWatching();
    this.#bpf.finish();
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
      if (!this.#options.snapshot || !isInSnapshot(record)) this.#outlet.push(zone, record);
    }
  }

  #armAudit(): void {
    this.#questions.timer(this.#options.auditMs, () => {
      for (const { sync } of this.#zones.values()) {
        sync.request({ reason: 'audit', inet: true, inet6: true, oif: 0, links: false });
      }
      this.#armAudit();
    });
  }

  #zoneGone(number: number, zone: WatchedZone): void {
    const { state, sync } = zone;
    sync.close();
    const { early } = zone;
    zone.early = null;
    if (early === null) tellZoneRemoved(state, this.#outlet.nowNs);
    this.#zones.delete(number);
    if (this.#watching) {
      if (early === null) this.#outlet.status('zone-vanished', state.zone, {});
    } else this.#watchWhenLearnt();
    // Never learnt: of its routes nothing can be said, of what programs saw there all.
    if (!this.#watching) return;
    for (const record of early ?? []) {
      if (record.type === 'route' && !isInSnapshot(record)) this.#outlet.push(zone, record);
    }
  }
}
