import { RT_KIND, RT_VERDICT } from '../bpf/layout.gen.js';
import { readIcmpRedirect } from '../bpf/icmp-redirect.js';
import { eachEvent, type BpfEvent } from '../bpf/read-event.js';
import type { Family, Provenance } from '../event.js';
import type { EngineAsk } from './ask.js';
import { Descriptions } from './descriptions.js';
import type { FramePlace } from './frames.js';
import { HeldEvents } from './held-events.js';
import { KernelEvents, OPEN, type Where } from './kernel-events.js';
import { Losing } from './losing.js';
import { sayMiss } from './misses.js';
import type { Questions } from './questions.js';
import { Redirects } from './redirects.js';
import { isProbe, refusedFields } from './refused.js';
import type { WatchedZone, ZoneReading } from './watched-zone.js';
import type { WatchedZones } from './watched-zones.js';

const OFFSET_BYTES = 8;
/** A silent removal is looked into when neither a message nor a sync has told of it by then. */
const REMOVAL_PATIENCE_MS = 200;
const REMOVAL_PATIENCE_NS = BigInt(REMOVAL_PATIENCE_MS) * 1_000_000n;

/** A new namespace is found within this time, or it is gone again. */
const ZONE_PATIENCE_MS = 300;
/** Requests and removals tell nothing by themselves: they may wait for as long as they explain anything. */
const EARLY_PATIENCE_MS = 2000;

/** Kinds that come before the messages they cause, and so are read in the first pass over a batch. */
const EARLY_KINDS: ReadonlySet<number> = new Set([RT_KIND.request, RT_KIND.removed]);
const KINDS: ReadonlySet<number> = new Set(Object.values(RT_KIND));

export interface BpfOptions {
  readonly host: string;
  /** Records of namespaces that are not watched are kept: their zone may be about to appear. */
  readonly allZones: boolean;
  readonly describe: EngineAsk['describe'];
}

/** What eBPF programs and ICMP sockets saw: BPF and ICMP frames (core/frame.ts). */
export class BpfEvents {
  readonly descriptions: Descriptions;
  readonly #reading: ZoneReading;
  readonly #questions: Questions;
  readonly #zones: WatchedZones;
  readonly #events: KernelEvents;
  readonly #losing: Losing;
  readonly #redirects: Redirects;
  /** Of namespaces not watched; null where only one is. */
  readonly #held: { readonly early: HeldEvents; readonly late: HeldEvents } | null;
  /** Zones whose removals a timer will look at. */
  readonly #watchedRemovals = new Set<WatchedZone>();

  constructor(
    options: BpfOptions,
    reading: ZoneReading,
    zones: WatchedZones,
    questions: Questions,
  ) {
    this.#reading = reading;
    this.#questions = questions;
    this.#zones = zones;
    this.descriptions = new Descriptions(options.describe);
    this.#events = new KernelEvents(options.host, reading.names, reading.outlet, reading.counters);
    this.#losing = new Losing(this.#events, questions);
    this.#redirects = new Redirects(this.#events, questions);
    this.#held = options.allZones
      ? {
          early: new HeldEvents(questions, EARLY_PATIENCE_MS, () => undefined),
          late: new HeldEvents(questions, ZONE_PATIENCE_MS, (event) => {
            this.#late(event, { zone: { id: event.u32('netns'), name: null }, watched: null });
          }),
        }
      : null;
  }

  /** First look at a BPF frame: requests and removals. */
  preview({ start, end }: FramePlace, bytes: Uint8Array, view: DataView): void {
    if (end - start < OFFSET_BYTES) return;
    eachEvent(bytes, view, start + OFFSET_BYTES, end, view.getBigInt64(start, true), (event) => {
      if (EARLY_KINDS.has(event.u16('kind')))
        this.#place(event, (zone) => this.#early(event, zone));
    });
  }

  frame({ start, end, value: lost }: FramePlace, bytes: Uint8Array, view: DataView): void {
    const { outlet, counters } = this.#reading;
    if (end - start < OFFSET_BYTES) this.#malformed();
    else {
      const offsetNs = view.getBigInt64(start, true);
      const rest = eachEvent(bytes, view, start + OFFSET_BYTES, end, offsetNs, (event) => {
        const kind = event.u16('kind');
        if (!KINDS.has(kind)) this.#malformed();
        else if (!EARLY_KINDS.has(kind)) {
          this.#place(event, (watched) => {
            this.#late(event, { zone: watched.state.zone, watched });
          });
        }
      });
      if (rest !== 0) this.#malformed();
    }
    if (lost === 0) return;
    counters.ring_lost += lost;
    outlet.push(OPEN, outlet.gapRecord('bpf', null, lost, 'ring-full'));
  }

  /** An ICMP frame: a redirect as a raw socket gave it. */
  icmp({ start, end, timeNs }: FramePlace, watched: WatchedZone, bytes: Uint8Array): void {
    const redirect = readIcmpRedirect(bytes, start, end);
    if (redirect === null) {
      this.#malformed();
      return;
    }
    if (!this.#wanted(redirect.family)) return;
    this.#redirects.take({
      ...redirect,
      where: { zone: watched.state.zone, watched },
      timeNs,
      provenance: 'icmp-socket',
      kernelAddress: '0x0',
      iif: redirect.ifindex,
      oldGateway: null,
      verdict: RT_VERDICT.ask,
      reason: 0,
      expires: 0,
    });
  }

  /** A zone is watched from now on: what was kept for it is told. */
  appeared(watched: WatchedZone): void {
    const isOf = (event: BpfEvent): boolean => this.#zones.of(event) === watched;
    for (const event of this.#held?.early.take(isOf) ?? []) this.#early(event, watched);
    for (const event of this.#held?.late.take(isOf) ?? []) {
      this.#late(event, { zone: watched.state.zone, watched });
    }
  }

  /** The run ends: what still waits for an answer is told without. */
  finish(): void {
    this.#held?.late.finish();
    this.#losing.finish();
    this.#redirects.finish();
  }

  /** Gives the record to its zone, or keeps it. Without a zone it is none of ours. */
  #place(event: BpfEvent, to: (zone: WatchedZone) => void): void {
    const zone = this.#zones.of(event);
    if (zone !== null) to(zone);
    else if (this.#held !== null) {
      const { early, late } = this.#held;
      (EARLY_KINDS.has(event.u16('kind')) ? early : late).hold(event.copy());
    }
  }

  #early(event: BpfEvent, zone: WatchedZone): void {
    const process = this.descriptions.processOf(event);
    if (event.u16('kind') === RT_KIND.request) {
      if (process !== null) zone.state.requests.saw(event, process);
      return;
    }
    zone.state.removals.saw(event, process);
    this.#watchRemovals(zone);
  }

  #late(event: BpfEvent, where: Where): void {
    const { family, provenance } = event;
    const kind = event.u16('kind');
    if (provenance === null || (family === null && kind !== RT_KIND.refused)) this.#malformed();
    else if (kind === RT_KIND.refused) this.#refused(event, where);
    else if (family !== null && this.#wanted(family)) this.#told(event, where, family, provenance);
  }

  #told(event: BpfEvent, where: Where, family: Family, provenance: Provenance): void {
    const process = this.descriptions.processOf(event);
    switch (event.u16('kind')) {
      case RT_KIND.miss:
        sayMiss(this.#events, where, event, family, provenance, process);
        return;
      case RT_KIND.losing:
        if (!this.#losing.take(where, event, family, provenance, process)) this.#malformed();
        return;
      case RT_KIND.redirect:
        this.#redirects.take({
          where,
          timeNs: event.timeNs,
          provenance,
          kernelAddress: event.kernelAddress,
          family,
          iif: event.u32('iif'),
          author: event.address('author'),
          gateway: event.address('gateway'),
          oldGateway: event.addressOrNull('old_gateway'),
          dst: event.addressBytes('dst') ?? new Uint8Array(family === 'inet' ? 4 : 16),
          src: event.addressBytes('src'),
          verdict: event.u8('verdict'),
          reason: event.u8('reason'),
          expires: event.u32('expires_s'),
        });
    }
  }

  #refused(event: BpfEvent, { zone, watched }: Where): void {
    const { outlet, names } = this.#reading;
    const { family } = event;
    if ((family !== null && !this.#wanted(family)) || isProbe(event)) return;
    const context = watched?.state.readContext ?? { names, deviceName: () => null };
    const process = this.descriptions.processOf(event);
    const fields = refusedFields(event, process, { context, names });
    outlet.push(watched ?? OPEN, outlet.statusRecord('refused', zone, fields, event.timeNs));
  }

  #watchRemovals(zone: WatchedZone): void {
    if (this.#watchedRemovals.has(zone)) return;
    this.#watchedRemovals.add(zone);
    this.#questions.timer(REMOVAL_PATIENCE_MS, (nowNs) => {
      this.#watchedRemovals.delete(zone);
      const { state, sync } = zone;
      state.removals.forget(nowNs);
      if (state.removals.size === 0) return;
      // A sync under way tells of them when it settles.
      const isMissed =
        sync.isIdle && state.removals.isMissed(state.fib, nowNs - REMOVAL_PATIENCE_NS / 2n);
      if (isMissed) {
        sync.request({ reason: 'trigger', inet: true, inet6: false, oif: 0, links: false });
      }
      if (state.removals.size > 0 && !sync.isClosed) this.#watchRemovals(zone);
    });
  }

  #wanted(family: Family): boolean {
    const wanted = this.#reading.filter.family;
    return wanted === null || wanted === family;
  }

  #malformed(): void {
    const { outlet, counters } = this.#reading;
    counters.malformed++;
    outlet.push(OPEN, outlet.gapRecord('bpf', null, 1, 'malformed'));
  }
}
