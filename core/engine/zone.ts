import type { Cause, CauseKind, Process, Zone } from '../event.js';
import type { RouteBody, RouteParts } from '../route-body.js';
import type { Names } from '../names/names.js';
import type { ZoneIdentity } from '../frame.js';
import type { KernelFilter } from '../kernel-filter.js';
import type { Context } from '../fib/contexts.js';
import { Fib, type FibListener } from '../fib/fib.js';
import { RouteKey } from '../fib/route-key.js';
import { NLM_F, RTM } from '../wire/constants.js';
import { inet6Text } from '../wire/address.js';
import { readRouteBody, type RouteContext } from '../wire/route.js';
import type { RouteScan } from '../wire/scan.js';
import type { EngineCounters } from './counters.js';
import { causeOf } from './cause.js';
import { dstText } from './dst-text.js';
import { Links } from './links.js';
import { Nexthops } from './nexthops.js';
import { Processes } from './processes.js';
import { RouteRecord } from './record.js';
import { Removals } from './removals.js';
import { Requests, type Requester } from './requests.js';
import { TriggerLog } from './trigger-log.js';

const CASCADE_WINDOW_NS = 2_000_000_000n;

/** The message being applied. */
interface Message {
  timeNs: bigint;
  portid: number;
  nlmsgSeq: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** What a zone needs from the engine around it. */
export interface ZoneContext {
  readonly host: string;
  readonly names: Names;
  readonly filter: KernelFilter;
  readonly raw: boolean;
  readonly counters: EngineCounters;
  /** Takes a record of the zone; numbers it when its turn comes. */
  emit(event: RouteRecord): void;
  process(portid: number): Uint8Array | null;
  /** A route message touched this key (hash of the key). */
  touched(key: RouteKey, inet6: boolean, isDelete: boolean): void;
  doubtful(inet6: boolean): void;
}

/** One network namespace: its mirror, links, processes and triggers. */
export class ZoneState implements FibListener {
  readonly number: number;
  readonly identity: ZoneIdentity;
  readonly zone: Zone;
  readonly fib: Fib;
  readonly links = new Links();
  readonly requests = new Requests();
  readonly removals = new Removals();
  readonly processes: Processes;
  readonly nexthops = new Nexthops();
  readonly triggers = new TriggerLog();
  /** Everything up to here was held against the kernel: older triggers have done what they did. */
  settledNs = 0n;
  /** Messages were lost since. */
  hasLost = false;
  /** Names of devices and of iproute2's numbers, for the readers. */
  readonly readContext: RouteContext;
  readonly #context: ZoneContext;
  readonly #key = new RouteKey();
  #decoded: (RouteBody | null)[] = [];
  readonly #message: Message = {
    timeNs: 0n,
    portid: 0,
    nlmsgSeq: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
  };

  constructor(number: number, identity: ZoneIdentity, context: ZoneContext) {
    this.number = number;
    this.identity = identity;
    this.zone = { id: identity.id, name: identity.name };
    this.#context = context;
    this.readContext = {
      deviceName: (ifindex) => this.links.name(ifindex),
      names: context.names,
    };
    this.processes = new Processes((portid) => context.process(portid), this.requests);
    this.fib = new Fib((body) => {
      this.#decoded[body] = null;
    });
  }

  /** A name changed: bodies decoded from now on carry the new one. */
  forgetDecoded(): void {
    this.#decoded = [];
  }

  /** The body decoded, shared by every route that has it. */
  decode(body: number): RouteBody {
    const known = this.#decoded[body];
    if (known !== undefined && known !== null) return known;
    const decoded = readRouteBody(this.fib.bodies.bytes(body), this.readContext);
    this.#decoded[body] = decoded;
    return decoded;
  }

  parts(key: RouteKey, inet6: boolean, body: number, expires: number | null): RouteParts {
    const context = this.fib.contexts.of(key.context);
    return {
      dst: dstText(key, inet6),
      table: context.table,
      tos: key.tos,
      priority: key.priority,
      src: context.srcLength === 0 ? null : sourceText(context),
      expires,
      body: this.decode(body),
    };
  }

  /** One RTM_NEWROUTE or RTM_DELROUTE message, already scanned; `place`: from its nlmsghdr on. */
  applyRoute(
    header: { type: number; flags: number; seq: number; portid: number },
    scan: RouteScan,
    place: { bytes: Uint8Array; start: number; end: number },
    timeNs: bigint,
  ): void {
    const message = this.#message;
    message.timeNs = timeNs;
    message.portid = header.portid;
    message.nlmsgSeq = header.seq;
    message.bytes = place.bytes;
    message.start = place.start;
    message.end = place.end;
    this.requests.bind(header, timeNs);
    const key = this.#key;
    this.fib.keyOf(scan, key);
    this.#context.touched(key, scan.family === 10, header.type === RTM.DELROUTE);
    this.#inet6 = scan.family === 10;
    this.#expires =
      scan.expiresTicks === 0 ? null : Math.max(0, Math.round(scan.expiresTicks / 100));
    this.#ra = scan.protocol === 9;
    if (header.type === RTM.DELROUTE) {
      // Announced: what a program saw of it is no news any more.
      if (!this.#inet6) this.removals.take(key, scan.table, timeNs);
      this.fib.applyDelete(scan, key, this);
      return;
    }
    const foreign = !protocolWanted(this.#context.filter, scan.protocol);
    if (foreign && ((header.flags & NLM_F.REPLACE) === 0 || this.#firstOf(key) < 0)) return;
    this.fib.applyNew(scan, key, header.flags, Number(timeNs / 1_000_000n), this);
    if (foreign) this.#dropForeign(key);
  }

  #inet6 = false;
  #expires: number | null = null;
  #ra = false;

  #firstOf(key: RouteKey): number {
    return this.fib.store(this.#inet6).first(key);
  }

  /** A route of an unwanted protocol took the place of one of ours: said as a change, kept no longer. */
  #dropForeign(key: RouteKey): void {
    const store = this.fib.store(this.#inet6);
    for (let slot = store.first(key); slot >= 0;) {
      const next = store.next(slot);
      const protocol = this.fib.bodies.bytes(store.body(slot))[1] ?? 0;
      if (!protocolWanted(this.#context.filter, protocol)) this.fib.removeSlot(store, slot, key);
      slot = next;
    }
  }

  added(key: RouteKey, body: number): void {
    this.#say('add', key, body, -1);
  }

  deleted(key: RouteKey, body: number, stale: boolean, expiryMs?: number): void {
    if (stale) {
      this.inferred('delete', key, this.#inet6, body, -1, this.#message.timeNs, null);
      return;
    }
    // The kernel writes no time left below zero: that it ran out is known from before (jiffies_delta_to_clock_t).
    if (expiryMs !== undefined && expiryMs <= Number(this.#message.timeNs / 1_000_000n) + 500) {
      this.#expires = 0;
    }
    this.#say('delete', key, body, -1);
  }

  changed(key: RouteKey, before: number, after: number): void {
    this.#say('change', key, after, before);
  }

  doubtful(inet6: boolean): void {
    this.#context.doubtful(inet6);
  }

  #say(probe: 'add' | 'delete' | 'change', key: RouteKey, body: number, before: number): void {
    const message = this.#message;
    const inet6 = this.#inet6;
    const parts = this.parts(key, inet6, body, this.#expires);
    let cause: Cause = REQUEST;
    let process: Process | null = null;
    let requester: Requester | null = null;
    if (message.portid !== 0) {
      requester = this.requests.by(message.portid, message.timeNs);
      process = this.processes.of(message.portid, message.timeNs);
      if (parts.body.nhid !== null) cause = this.#nexthopCause(probe, parts) ?? cause;
    } else if ((requester = this.#byIoctl(probe, parts)) !== null) {
      process = requester.process;
    } else if (message.nlmsgSeq === 0) {
      const found = this.triggers.explain(
        probe,
        parts.dst,
        parts.body,
        message.timeNs,
        message.timeNs - CASCADE_WINDOW_NS,
      );
      cause = causeOf(probe, found, parts, this.#ra);
      process = found?.process ?? null;
    }
    this.#emit(
      new RouteRecord({
        seq: 0,
        timeNs: message.timeNs,
        host: this.#context.host,
        probe,
        inferred: false,
        cause,
        zone: this.zone,
        initialZone: this.identity.initial,
        process,
        parts,
        previousParts: before < 0 ? null : this.parts(key, inet6, before, null),
        provenance: 'rtnetlink',
        nlmsgSeq: message.nlmsgSeq,
        raw: this.#context.raw ? message.bytes.slice(message.start, message.end) : null,
        ...(requester === null ? {} : { kernelAddress: requester.kernelAddress }),
      }),
    );
  }

  /** ioctl(SIOCADDRT) writes protocol boot, ioctl(SIOCDELRT) takes any; neither leaves port id or sequence. */
  #byIoctl(probe: 'add' | 'delete' | 'change', { dst, body }: RouteParts): Requester | null {
    const { nlmsgSeq, timeNs } = this.#message;
    if (nlmsgSeq !== 0) return null;
    if (probe === 'delete') return this.requests.takeRoute(RTM.DELROUTE, dst, timeNs);
    return body.protocol === 'boot' ? this.requests.takeRoute(RTM.NEWROUTE, dst, timeNs) : null;
  }

  /** A replaced nexthop object tells its routes in the name of who replaced it: same request, same nlmsg_seq. */
  #nexthopCause(probe: 'add' | 'delete' | 'change', parts: RouteParts): Cause | null {
    const { timeNs, nlmsgSeq, portid } = this.#message;
    const found = this.triggers.explain(
      probe,
      parts.dst,
      parts.body,
      timeNs,
      timeNs - CASCADE_WINDOW_NS,
    );
    const same = found !== null && found.portid === portid && found.trigger.seq === nlmsgSeq;
    return same ? { kind: found.kind, trigger: found.trigger } : null;
  }

  /** An event no message told of. `cause` null: the trigger log is asked. */
  inferred(
    probe: 'add' | 'delete' | 'change',
    key: RouteKey,
    inet6: boolean,
    body: number,
    before: number,
    timeNs: bigint,
    cause: Cause | null,
    options: { readonly expires?: number | null; readonly expired?: boolean } = {},
  ): void {
    const parts = this.parts(key, inet6, body, options.expires ?? null);
    const previousParts = before < 0 ? null : this.parts(key, inet6, before, null);
    const found =
      cause === null
        ? this.triggers.explain(
            probe,
            parts.dst,
            (previousParts ?? parts).body,
            timeNs,
            this.settledNs,
          )
        : null;
    const worked: Cause =
      cause ??
      (options.expired === true && found === null
        ? { kind: 'expired', trigger: null }
        : { kind: found?.kind ?? this.#unexplained(), trigger: found?.trigger ?? null });
    const removal =
      probe === 'delete' && !inet6 ? this.removals.take(key, parts.table, timeNs) : null;
    this.#context.counters.inferred++;
    this.#emit(
      new RouteRecord({
        seq: 0,
        timeNs: removal?.timeNs ?? found?.timeNs ?? timeNs,
        host: this.#context.host,
        probe,
        inferred: true,
        cause: worked,
        zone: this.zone,
        initialZone: this.identity.initial,
        process: removal?.process ?? found?.process ?? null,
        parts,
        previousParts,
        provenance: removal?.provenance ?? 'dump',
        nlmsgSeq: 0,
        raw: null,
      }),
    );
  }

  /** After a loss, what can't be explained is most likely what was lost. */
  #unexplained(): CauseKind {
    return this.hasLost ? 'resync' : 'unknown';
  }

  #emit(event: RouteRecord): void {
    this.#context.counters.events++;
    this.#context.emit(event);
  }

  /** Every route the mirror holds, as key and body. */
  *routes(): Generator<RouteParts> {
    const key = new RouteKey();
    for (const store of [this.fib.inet, this.fib.inet6]) {
      for (let slot = 0; slot < store.limit; slot++) {
        if (!store.isUsed(slot)) continue;
        store.readKey(slot, key);
        yield this.parts(key, store.inet6, store.body(slot), null);
      }
    }
  }
}

/** The source prefix of an IPv6 subtree. */
function sourceText({ src, srcLength }: Context): string {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = src;
  return `${inet6Text(w0, w1, w2, w3)}/${srcLength}`;
}

const REQUEST: Cause = { kind: 'request', trigger: null };

const protocolWanted = (filter: KernelFilter, protocol: number): boolean =>
  filter.protocols === null || filter.protocols.includes(protocol);
