import { buildProcess, PROCESS_SOURCE } from '../../../core/attribution/process.js';
import { Engine, type EngineOptions } from '../../../core/engine/engine.js';
import type { RouteEvent, RoutetapRecord } from '../../../core/event.js';
import { jsonLine } from '../../../core/format/json.js';
import { buildFrame, FRAME_KIND, type FrameFields } from '../../../core/frame.js';
import { namesFrom } from '../../../core/names/names.js';
import { Attributes } from '../../../core/wire/bytes.js';
import { IFLA, NLM_F, NLMSG, RTA, RTM } from '../../../core/wire/constants.js';
import { scanRoute, RouteScan } from '../../../core/wire/scan.js';
import { bpfPayload, bpfRecord, type EventSpec } from '../bpf/event.js';
import { attribute, joined, text, u16le, u32le, u8 } from '../wire/build.js';
import { isInet6, netlinkMessage, newRoute, type RouteSpec } from '../fib/route-message.js';

/** A link of the fake kernel. */
export interface FakeLink {
  readonly ifindex: number;
  readonly name: string;
  /** IFF_*. */
  readonly flags: number;
  readonly master?: number;
  readonly mtu?: number;
  /** AF_UNSPEC, or AF_BRIDGE for a port's message. */
  readonly family?: number;
}

export const IFF_UP = 1;
export const IFF_RUNNING = 0x10040;

export const linkPayload = ({ ifindex, name, flags, master, mtu, family }: FakeLink): Uint8Array =>
  joined(
    Uint8Array.of(family ?? 0, 0, 1, 0),
    u32le(ifindex),
    u32le(flags),
    u32le(0),
    attribute(IFLA.IFNAME, text(name)),
    attribute(IFLA.MTU, u32le(mtu ?? 1500)),
    ...(master === undefined ? [] : [attribute(IFLA.MASTER, u32le(master))]),
  );

/** What RTM_GETROUTE of one address asks. */
export interface FakeLookup {
  readonly dst: string;
  readonly src: string | null;
  readonly oif: number;
}

interface Question {
  readonly kind: 'query' | 'barrier';
  readonly zone: number;
  readonly token: number;
  readonly request: Uint8Array;
}

interface DueTimer {
  readonly token: number;
  readonly dueNs: bigint;
}

/** 2026-01-01T00:00:00Z. */
const START_NS = 1_767_225_600_000_000_000n;
const MS = 1_000_000n;

/** The answers of nobody: a replay's, where they stand in the recording. */
const NOBODY = {
  query: () => undefined,
  barrier: () => undefined,
  timer: () => undefined,
  process: () => null,
};

/**
 * Answers what the engine asks from its own routes and links, in its own time. Tests change `routes`, tell the engine
 * about it or do not, and step in while a dump is under way.
 */
export class FakeKernel {
  readonly records: RoutetapRecord[] = [];
  /** Everything fed, batch by batch, as a recording would hold it. */
  readonly batches: Uint8Array[] = [];
  readonly engine: Engine;
  /** What a dump shows, in the kernel's order. */
  routes: RouteSpec[] = [];
  links: FakeLink[] = [{ ifindex: 2, name: 'v0', flags: IFF_UP | IFF_RUNNING }];
  /** Who stands behind a port id. */
  readonly processes = new Map<number, string>();
  /** Messages of a dump that go into one datagram. */
  perDatagram = 1000;
  /** Called after each datagram of a route dump but the last; `tell` inside stands between them. */
  duringDump: (family: 'inet' | 'inet6', datagram: number) => void = () => undefined;
  /** Called when a dump is over, before the engine's closing barrier. */
  afterDump: () => void = () => undefined;
  /** errno the next route dumps end with, one each. */
  readonly failures: number[] = [];
  /** Route dumps answered so far: `inet`, `inet oif 2`, … */
  readonly dumps: string[] = [];
  /** Where a packet would go now; a number is an errno, null: nobody answers. */
  lookup: (asked: FakeLookup) => RouteSpec | number | null = () => 101;
  /** Lookups answered so far: `10.9.0.1`, `10.9.0.1 oif 2`. */
  readonly lookups: string[] = [];
  /** What is known of the processes programs saw, by pid. */
  readonly described = new Map<number, { readonly exe: string | null; readonly cgroup: string }>();
  /** pids asked about so far. */
  readonly describeCalls: number[] = [];
  nowNs = START_NS;
  readonly #options: EngineOptions;
  #questions: Question[] = [];
  #timers: DueTimer[] = [];
  #found: Uint8Array[] = [];

  constructor(options: Partial<EngineOptions> = {}) {
    this.#options = {
      host: 'r1',
      names: namesFrom({}),
      filter: { family: null, tables: null, protocols: null },
      snapshot: false,
      raw: false,
      auditMs: 0,
      ...options,
    };
    const ask = (question: Question): void => {
      this.#questions.push(question);
    };
    const none = new Uint8Array(0);
    this.engine = new Engine(this.#options, {
      query: (zone, token, request) => ask({ kind: 'query', zone, token, request }),
      barrier: (zone, token) => ask({ kind: 'barrier', zone, token, request: none }),
      timer: (token, delayMs) => {
        this.#timers.push({ token, dueNs: this.nowNs + BigInt(delayMs) * MS });
      },
      process: (zone, portid) => this.#process(zone, portid),
      describe: (pid) => this.#describe(pid),
    });
  }

  #describe(pid: number): Uint8Array | null {
    this.describeCalls.push(pid);
    const known = this.described.get(pid);
    const source = PROCESS_SOURCE.OWNER_CHECK;
    const payload =
      known === undefined
        ? null
        : buildProcess({ pid, uid: 0, source, comm: 'from /proc', ...known });
    this.#found.push(
      buildFrame({
        kind: FRAME_KIND.PROCESS,
        zone: 0,
        value: pid,
        timeNs: this.nowNs,
        payload: payload ?? new Uint8Array(0),
      }),
    );
    return payload;
  }

  #process(zone: number, portid: number): Uint8Array | null {
    const comm = this.processes.get(portid);
    if (comm === undefined) return null;
    const payload = buildProcess({
      pid: portid,
      uid: 0,
      source: PROCESS_SOURCE.OWNER_CHECK,
      comm,
      exe: null,
      cgroup: null,
    });
    this.#found.push(
      buildFrame({ kind: FRAME_KIND.PROCESS, zone, portid, timeNs: this.nowNs, payload }),
    );
    return payload;
  }

  /** Feeds frames as one batch; a recording has the processes found meanwhile before it. */
  feed(...frames: readonly Omit<FrameFields, 'timeNs'>[]): void {
    const bytes = joined(...frames.map((fields) => buildFrame({ timeNs: this.nowNs, ...fields })));
    this.engine.feed(bytes, this.records);
    this.batches.push(joined(...this.#found, bytes));
    this.#found = [];
  }

  /** A zone appears, and everything the engine asks about it is answered. */
  zone(number = 0, name = 'blue'): this {
    const identity = { id: 4_026_532_000 + number, name, cookie: String(number), initial: false };
    const payload = new TextEncoder().encode(JSON.stringify(identity));
    this.feed({ kind: FRAME_KIND.ZONE, zone: number, payload });
    this.answer();
    return this;
  }

  /** Datagrams of the event socket, in one batch; a datagram holds one message. */
  tell(...messages: readonly Uint8Array[]): void {
    this.nowNs += MS;
    this.feed(
      ...messages.map((payload) => ({ kind: FRAME_KIND.DATAGRAM, zone: 0, value: 1, payload })),
    );
  }

  /** The link's RTM_NEWLINK, and the link as it is from now on. */
  tellLink(link: FakeLink, portid = 0): void {
    this.links = [...this.links.filter(({ ifindex }) => ifindex !== link.ifindex), link];
    this.tell(netlinkMessage(RTM.NEWLINK, linkPayload(link), { portid }));
  }

  /** A BPF frame of records that happen now, in zone 0 unless they say otherwise. */
  bpfFrame(records: readonly EventSpec[], lost = 0): Omit<FrameFields, 'timeNs'> {
    const bytes = records.map((record) =>
      bpfRecord({
        netns: 4_026_532_000,
        time_ns: this.nowNs - START_NS,
        family: 2,
        ...record,
      }),
    );
    const payload = bpfPayload(START_NS, ...bytes);
    return { kind: FRAME_KIND.BPF, zone: 0xffff_ffff, value: lost, payload };
  }

  bpf(...records: readonly EventSpec[]): void {
    this.nowNs += MS;
    this.feed(this.bpfFrame(records));
  }

  loss(lost: number, errno = 0): void {
    this.feed({ kind: FRAME_KIND.LOSS, zone: 0, value: lost, extra: errno });
  }

  /** Answers everything asked so far and what the answers make it ask. Timers wait. */
  answer(): void {
    for (let next = this.#questions.shift(); next !== undefined; next = this.#questions.shift()) {
      this.nowNs += MS;
      if (next.kind === 'barrier') {
        this.feed({ kind: FRAME_KIND.BARRIER, zone: next.zone, value: next.token });
      } else if (next.request[4] === RTM.GETLINK) this.#dumpLinks(next);
      else if (((next.request[7] ?? 0) & (NLM_F.DUMP >> 8)) === 0) this.#lookUp(next);
      else this.#dumpRoutes(next);
    }
  }

  /** Lets time pass: timers fall due in their order, questions are answered at once. */
  pass(ms: number): void {
    const end = this.nowNs + BigInt(ms) * MS;
    this.answer();
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => (a.dueNs < b.dueNs ? -1 : 1));
      if (next === undefined || next.dueNs > end) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      if (next.dueNs > this.nowNs) this.nowNs = next.dueNs;
      this.feed({ kind: FRAME_KIND.TIMER, zone: 0, value: next.token });
      this.answer();
    }
    if (end > this.nowNs) this.nowNs = end;
  }

  stop(): void {
    this.feed({ kind: FRAME_KIND.STOP, zone: 0 });
  }

  #reply(question: Question, messages: readonly Uint8Array[]): void {
    const payload = joined(...messages);
    this.feed({ kind: FRAME_KIND.REPLY, zone: question.zone, value: question.token, payload });
  }

  #done(question: Question, errno: number): void {
    this.#reply(question, [netlinkMessage(NLMSG.DONE, u32le(-errno >>> 0))]);
  }

  #lookUp(question: Question): void {
    const { request, zone, token } = question;
    const a = Attributes.read(request, 28, request.length, RTA.UID);
    const family = request[16] ?? 0;
    const asked = {
      dst: a?.address(RTA.DST, family) ?? '',
      src: a?.address(RTA.SRC, family) ?? null,
      oif: a?.u32(RTA.OIF) ?? 0,
    };
    this.lookups.push(asked.oif === 0 ? asked.dst : `${asked.dst} oif ${asked.oif}`);
    const found = this.lookup(asked);
    if (found === null) return;
    if (typeof found !== 'number') this.#reply(question, [newRoute(found)]);
    else if (found < 0) {
      this.feed({ kind: FRAME_KIND.QUERY_FAILED, zone, value: token, extra: -found });
    } else {
      const error = joined(u32le(-found >>> 0), request.subarray(0, 16));
      this.#reply(question, [netlinkMessage(NLMSG.ERROR, error)]);
    }
  }

  #dumpLinks(question: Question): void {
    const links = this.links.map((link) => netlinkMessage(RTM.NEWLINK, linkPayload(link)));
    this.#reply(question, links);
    this.#done(question, 0);
  }

  #dumpRoutes(question: Question): void {
    const scan = new RouteScan();
    scanRoute(question.request, 16, question.request.length, scan);
    const family = scan.family === 10 ? 'inet6' : 'inet';
    const oif = oifOf(question.request);
    this.dumps.push(oif === 0 ? family : `${family} oif ${oif}`);
    const failure = this.failures.shift() ?? 0;
    if (failure < 0) {
      this.feed({
        kind: FRAME_KIND.QUERY_FAILED,
        zone: question.zone,
        value: question.token,
        extra: -failure,
      });
      return;
    }
    const shown = this.routes.filter(
      (route) =>
        isInet6(route) === (family === 'inet6') &&
        (oif === 0 || (route.paths ?? []).some(({ dev }) => dev === oif)),
    );
    for (let at = 0, count = 1; at < shown.length; at += this.perDatagram, count++) {
      this.#reply(
        question,
        shown.slice(at, at + this.perDatagram).map((route) => newRoute(route)),
      );
      if (at + this.perDatagram < shown.length) this.duringDump(family, count);
    }
    this.afterDump();
    this.#done(question, failure);
  }

  get events(): RouteEvent[] {
    return this.records.filter((record) => record.type === 'route');
  }

  /** Route events as short lines: `delete 10.0.0.0/8 inferred link-down`. */
  told(): string[] {
    return this.events.map(({ probe, route, inferred, cause }) =>
      [probe, route.dst, ...(inferred ? ['inferred'] : []), cause.kind].join(' '),
    );
  }

  /** Forgets the records so far. */
  forget(): void {
    this.records.length = 0;
  }

  lines(): string[] {
    return this.records.map(asJson);
  }

  /** What a fresh engine says of these batches. */
  again(batches: readonly Uint8Array[], options: Partial<EngineOptions> = {}): string[] {
    const engine = new Engine({ ...this.#options, ...options }, NOBODY);
    const records: RoutetapRecord[] = [];
    for (const batch of batches) engine.feed(batch, records);
    return records.map(asJson);
  }

  /** Prefixes the mirror of zone 0 holds, with their first gateways. */
  held(): string[] {
    const [zone] = this.engine.zones;
    return [...(zone?.routes() ?? [])].map(
      ({ dst, body }) =>
        `${dst} ${body.nexthops.map(({ gateway }) => gateway ?? 'link').join('+')}`,
    );
  }
}

const asJson = (record: RoutetapRecord): string => jsonLine(record, { full: true, raw: true });

/** RTA_OIF of a dump request, 0 without. */
function oifOf(request: Uint8Array): number {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  for (let at = 28; at + 8 <= request.length; at += (view.getUint16(at, true) + 3) & ~3) {
    if (view.getUint16(at + 2, true) === RTA.OIF) return view.getUint32(at + 4, true);
  }
  return 0;
}

/** RTM_NEWADDR or RTM_DELADDR of an IPv4 address. */
export const addressMessage = (
  type: number,
  ifindex: number,
  address: readonly number[],
  length: number,
  header: { seq?: number; portid?: number } = {},
): Uint8Array =>
  netlinkMessage(
    type,
    joined(
      Uint8Array.of(address.length === 16 ? 10 : 2, length, 0, 0),
      u32le(ifindex),
      attribute(1, Uint8Array.from(address)),
      attribute(2, Uint8Array.from(address)),
    ),
    header,
  );

/** RTM_NEWNEXTHOP or RTM_DELNEXTHOP; with members, of a group. */
export const nexthopMessage = (
  type: number,
  id: number,
  members: readonly number[] = [],
  header: { seq?: number; portid?: number } = {},
): Uint8Array =>
  netlinkMessage(
    type,
    joined(
      Uint8Array.of(2, 0, 0, 0),
      u32le(0),
      attribute(1, u32le(id)),
      ...(members.length === 0
        ? []
        : [
            attribute(2, ...members.map((member) => joined(u32le(member), u8(0), u8(0), u16le(0)))),
          ]),
    ),
    header,
  );
