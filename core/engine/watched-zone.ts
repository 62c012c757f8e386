import { NLMSG, RTM, RTM_F } from '../wire/constants.js';
import type { RoutetapRecord } from '../event.js';
import { FRAME_KIND, FRAME_TRUNCATED } from '../frame.js';
import type { KernelFilter } from '../kernel-filter.js';
import type { Names } from '../names/names.js';
import { readNlError } from '../wire/nlerror.js';
import { readRule } from '../wire/rule.js';
import { scanRoute, type RouteScan } from '../wire/scan.js';
import type { EngineCounters } from './counters.js';
import type { FramePlace } from './frames.js';
import { readMessages, type Message } from './messages.js';
import type { Early, Outlet } from './outlet.js';
import { learnLink, preview } from './previews.js';
import { saidOf } from './rule-words.js';
import type { ReplyHandler, ZoneSync } from './sync.js';
import type { ZoneState } from './zone.js';

const NLMSGHDR_BYTES = 16;
/** After a loss more is often lost: one dump answers it all. */
const RESYNC_DELAY_MS = 100;

const isRoute = (type: number): boolean => type === RTM.NEWROUTE || type === RTM.DELROUTE;

/** Shared by all zones of an engine; the scan is a scratch. */
export interface ZoneReading {
  readonly outlet: Outlet;
  readonly counters: EngineCounters;
  readonly filter: KernelFilter;
  readonly names: Names;
  readonly scan: RouteScan;
}

/** One zone with its sync, and what each frame about it does. */
export class WatchedZone implements Early {
  early: RoutetapRecord[] | null = [];
  readonly state: ZoneState;
  readonly sync: ZoneSync;
  readonly #reading: ZoneReading;

  constructor(state: ZoneState, sync: ZoneSync, reading: ZoneReading) {
    this.state = state;
    this.sync = sync;
    this.#reading = reading;
  }

  /** First look at a frame: processes and what may set routes moving. */
  preview(frame: FramePlace, bytes: Uint8Array, view: DataView): void {
    const { start, end, timeNs } = frame;
    if (frame.kind === FRAME_KIND.PROCESS) {
      this.state.processes.saw(frame.portid, bytes.slice(start, end), timeNs);
      return;
    }
    if (end - start >= 6 && isRoute(view.getUint16(start + 4, true))) return;
    readMessages(view, start, end, (message) => {
      if (isRoute(message.type)) return;
      this.sync.noteOther();
      const scope = preview(this.state, { ...message, timeNs, bytes });
      if (scope === undefined) this.#malformed();
      else if (scope !== null) this.sync.request(scope);
    });
  }

  /** A datagram of the event socket. */
  datagram(frame: FramePlace, bytes: Uint8Array, view: DataView): void {
    const { counters } = this.#reading;
    if ((frame.flags & FRAME_TRUNCATED) !== 0) {
      this.#malformed();
      return;
    }
    const whole = readMessages(view, frame.start, frame.end, (message) => {
      counters.received++;
      if (isRoute(message.type)) {
        this.#route(message, bytes, frame.timeNs);
        return;
      }
      counters.decoded++;
      if (message.type === RTM.NEWRULE || message.type === RTM.DELRULE) {
        this.#rule(message, bytes, frame.timeNs);
      }
    });
    if (!whole) this.#malformed();
  }

  /** A datagram of a dump; true when it was the last. */
  reply(frame: FramePlace, handler: ReplyHandler, bytes: Uint8Array, view: DataView): boolean {
    const { scan, counters } = this.#reading;
    let isDone = false;
    let routes = 0;
    readMessages(view, frame.start, frame.end, (message) => {
      switch (message.type) {
        case RTM.NEWROUTE:
          if (routes++ === 0) handler.datagram();
          if (!scanRoute(bytes, message.start, message.end, scan)) counters.malformed++;
          else if ((scan.flags & RTM_F.CLONED) === 0 && this.#inDump(scan)) handler.route(scan);
          return;
        case RTM.NEWLINK:
          learnLink(this.state, bytes, message.start, message.end);
          return;
        case NLMSG.DONE:
        case NLMSG.ERROR:
          isDone = true;
          handler.done(readNlError(bytes, message.start, message.end)?.errno ?? 0);
      }
    });
    return isDone;
  }

  /** `lost` messages were dropped by the kernel; `errno`: the receive failed. */
  loss(lost: number, errno: number): void {
    this.#reading.counters.lost += lost;
    this.state.hasLost = true;
    this.sync.noteOther();
    // A receive error names no number; one that comes with drops is told by them.
    if (lost > 0) this.#gap(lost, 'overrun');
    else if (errno !== 0) this.#gap(null, 'error');
    this.sync.request(
      { reason: 'resync', inet: true, inet6: true, oif: 0, links: true },
      RESYNC_DELAY_MS,
    );
  }

  #route(message: Message, bytes: Uint8Array, timeNs: bigint): void {
    const { scan, counters } = this.#reading;
    const { start, end } = message;
    if (!scanRoute(bytes, start, end, scan)) {
      this.#malformed();
      return;
    }
    counters.decoded++;
    if ((scan.flags & RTM_F.CLONED) !== 0 || !this.#wanted(scan)) return;
    const place = { bytes, start: start - NLMSGHDR_BYTES, end };
    this.state.applyRoute(message, scan, place, timeNs);
  }

  /** Family and table. Protocols are the zone's business: a foreign route can take the place of one of ours. */
  #wanted(scan: RouteScan): boolean {
    const { family, tables } = this.#reading.filter;
    return (
      (family === null || (family === 'inet6') === (scan.family === 10)) &&
      (tables === null || tables.includes(scan.table))
    );
  }

  #inDump(scan: RouteScan): boolean {
    const { protocols } = this.#reading.filter;
    return this.#wanted(scan) && (protocols === null || protocols.includes(scan.protocol));
  }

  #rule(message: Message, bytes: Uint8Array, timeNs: bigint): void {
    const { outlet, names } = this.#reading;
    const rule = readRule(bytes, message.start, message.end, names);
    if (rule === null) {
      this.#malformed();
      return;
    }
    const process = message.portid === 0 ? null : this.state.processes.of(message.portid, timeNs);
    const fields = {
      action: message.type === RTM.NEWRULE ? 'add' : 'delete',
      rule: saidOf(rule),
      ...(process && { process }),
    };
    outlet.push(this, outlet.statusRecord('rule', this.state.zone, fields));
  }

  #malformed(): void {
    this.#reading.counters.malformed++;
    this.#gap(1, 'malformed');
  }

  #gap(lost: number | null, reason: 'overrun' | 'malformed' | 'error'): void {
    const { outlet } = this.#reading;
    outlet.push(this, outlet.gapRecord('rtnetlink', this.state.zone, lost, reason));
  }
}
