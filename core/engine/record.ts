import type {
  Cause,
  CsInfo,
  Lookup,
  Probe,
  Process,
  Provenance,
  Redirect,
  Route,
  RouteEvent,
  RouteInfo,
  Timeout,
  Zone,
} from '../event.js';
import { csInfo, routeInfo } from '../routeinfo-members.js';
import { wholeRoute, type RouteParts } from '../route-body.js';
import { isoTime } from '../format/time.js';

/** What a RouteRecord is made of. */
export interface RouteRecordFields {
  readonly seq: number;
  readonly timeNs: bigint;
  readonly host: string;
  readonly probe: Probe;
  readonly inferred: boolean;
  readonly cause: Cause;
  readonly zone: Zone;
  /** True in the host's initial namespace, where cs_zoneid is 0. */
  readonly initialZone: boolean;
  readonly process: Process | null;
  readonly parts: RouteParts;
  readonly previousParts: RouteParts | null;
  readonly provenance: Provenance;
  /** nlmsg_seq of the request, 0 without. */
  readonly nlmsgSeq: number;
  readonly raw: Uint8Array | null;
  /** `struct sock *` or `struct net *` as hexadecimal (cs_addr); 0x0 without. */
  readonly kernelAddress?: string;
  readonly lookup?: Lookup | null;
  readonly timeout?: Timeout | null;
  readonly redirect?: Redirect | null;
}

/** A RouteEvent that computes its larger members when first asked. */
export class RouteRecord implements RouteEvent {
  readonly v = 1;
  readonly type = 'route';
  seq: number;
  readonly timeNs: bigint;
  readonly host: string;
  readonly probe: Probe;
  readonly inferred: boolean;
  readonly cause: Cause;
  readonly zone: Zone;
  readonly initialZone: boolean;
  readonly process: Process | null;
  readonly parts: RouteParts;
  readonly previousParts: RouteParts | null;
  readonly provenance: Provenance;
  readonly nlmsgSeq: number;
  readonly raw: Uint8Array | null;
  readonly kernelAddress: string;
  readonly lookup: Lookup | null;
  readonly timeout: Timeout | null;
  readonly redirect: Redirect | null;
  #route: Route | null = null;
  #previous: Route | null = null;
  #routeinfo: RouteInfo | null = null;

  constructor(fields: RouteRecordFields) {
    this.seq = fields.seq;
    this.timeNs = fields.timeNs;
    this.host = fields.host;
    this.probe = fields.probe;
    this.inferred = fields.inferred;
    this.cause = fields.cause;
    this.zone = fields.zone;
    this.initialZone = fields.initialZone;
    this.process = fields.process;
    this.parts = fields.parts;
    this.previousParts = fields.previousParts;
    this.provenance = fields.provenance;
    this.nlmsgSeq = fields.nlmsgSeq;
    this.raw = fields.raw;
    this.kernelAddress = fields.kernelAddress ?? '0x0';
    this.lookup = fields.lookup ?? null;
    this.timeout = fields.timeout ?? null;
    this.redirect = fields.redirect ?? null;
  }

  get time(): string {
    return isoTime(this.timeNs);
  }

  get route(): Route {
    return (this.#route ??= wholeRoute(this.parts));
  }

  get previous(): Route | null {
    if (this.previousParts === null) return null;
    return (this.#previous ??= wholeRoute(this.previousParts));
  }

  get routeinfo(): RouteInfo {
    return (this.#routeinfo ??= routeInfo(this));
  }

  get csinfo(): CsInfo {
    return csInfo(this);
  }
}
