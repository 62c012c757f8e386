import type {
  Family,
  Lookup,
  Nexthop,
  Process,
  Provenance,
  Redirect,
  Timeout,
  Zone,
} from '../event.js';
import type { Names } from '../names/names.js';
import type { RouteBody, RouteParts } from '../route-body.js';
import type { EngineCounters } from './counters.js';
import type { Outlet } from './outlet.js';
import { RouteRecord } from './record.js';
import type { WatchedZone } from './watched-zone.js';

/** The namespace of a record; `watched` null where routetap does not watch it (any more, or yet). */
export interface Where {
  readonly zone: Zone;
  readonly watched: WatchedZone | null;
}

/** What a miss, losing or redirect has of its own. */
export type KernelEvent = {
  readonly timeNs: bigint;
  readonly process: Process | null;
  readonly parts: RouteParts;
  readonly previousParts?: RouteParts | null;
  readonly provenance: Provenance;
  readonly kernelAddress: string;
} & (
  | { readonly probe: 'miss'; readonly lookup: Lookup }
  | { readonly probe: 'losing'; readonly timeout: Timeout }
  | { readonly probe: 'redirect'; readonly redirect: Redirect }
);

const REDIRECTED = { kind: 'icmp-redirect', trigger: null } as const;
const LOOKED_UP = { kind: 'lookup', trigger: null } as const;
const TIMED_OUT = { kind: 'tcp-timeout', trigger: null } as const;
const NEIGHBOUR_FAILED = { kind: 'neighbour-failed', trigger: null } as const;

function causeOf(event: KernelEvent): RouteRecord['cause'] {
  if (event.probe === 'miss') return LOOKED_UP;
  if (event.probe === 'redirect') return REDIRECTED;
  return event.timeout.protocol === 'tcp' ? TIMED_OUT : NEIGHBOUR_FAILED;
}

/** Makes records of what no route message tells. */
export class KernelEvents {
  readonly names: Names;
  readonly #host: string;
  readonly #outlet: Outlet;
  readonly #counters: EngineCounters;

  constructor(host: string, names: Names, outlet: Outlet, counters: EngineCounters) {
    this.names = names;
    this.#host = host;
    this.#outlet = outlet;
    this.#counters = counters;
  }

  say({ zone, watched }: Where, event: KernelEvent): void {
    this.#counters.events++;
    const record = new RouteRecord({
      seq: 0,
      host: this.#host,
      inferred: false,
      cause: causeOf(event),
      zone,
      initialZone: watched?.state.identity.initial ?? false,
      nlmsgSeq: 0,
      raw: null,
      previousParts: null,
      ...event,
    });
    this.#outlet.push(watched ?? OPEN, record);
  }
}

/** A zone that keeps nothing back. */
export const OPEN = { early: null };

/** A path without anything special. */
export const plainHop = (where: Where, gateway: string | null, ifindex: number): Nexthop => ({
  gateway,
  ifindex,
  dev: where.watched?.state.links.name(ifindex) ?? null,
  weight: 1,
  flags: NOTHING,
  encap: null,
  realm: null,
});

const NOTHING = Object.freeze([]);

/** rtm_protocol of what routetap has no message for. */
export const RTPROT = { UNSPEC: 0, REDIRECT: 1 } as const;

/** The route to one address: what of it a program can tell. */
export function hostRoute(
  names: Names,
  family: Family,
  address: string,
  nexthops: readonly Nexthop[],
  { table = 0, protocol = RTPROT.UNSPEC }: { table?: number; protocol?: number } = {},
  expires: number | null = null,
): RouteParts {
  const body: RouteBody = {
    family,
    protocol: names.protocol(protocol),
    scope: names.scope(0),
    type: 'unicast',
    prefsrc: null,
    metrics: {},
    nhid: null,
    pref: null,
    nexthops,
    flags: NOTHING,
    unknown: NOTHING,
  };
  return {
    dst: `${address}/${family === 'inet' ? 32 : 128}`,
    table,
    tos: 0,
    priority: 0,
    src: null,
    expires,
    body,
  };
}
