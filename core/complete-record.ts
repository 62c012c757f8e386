import type {
  Cause,
  CsInfo,
  Family,
  Nexthop,
  Probe,
  Process,
  Provenance,
  Route,
  RouteEvent,
  RouteInfo,
  Trigger,
  Zone,
} from './event.js';
import { isoTime, timeNsOf } from './format/time.js';
import { partsOf } from './route-body.js';
import {
  completeLookup,
  completeRedirect,
  completeTimeout,
  type PartialLookup,
  type PartialRedirect,
  type PartialTimeout,
} from './complete-section.js';
import { csInfo, routeInfo } from './routeinfo-members.js';

/** A route of which at least the prefix is known. */
export type PartialRoute = Partial<Omit<Route, 'nexthops'>> & {
  readonly dst: string;
  readonly nexthops?: readonly Partial<Nexthop>[];
};

/** The few members a custom source gives of an event. */
export interface PartialRouteEvent {
  readonly probe: Probe;
  readonly route: PartialRoute;
  readonly previous?: PartialRoute | null;
  readonly seq?: number;
  /** ISO 8601; `timeNs` wins where both are given. */
  readonly time?: string;
  readonly timeNs?: bigint;
  readonly host?: string;
  readonly inferred?: boolean;
  readonly cause?: { readonly kind: Cause['kind']; readonly trigger?: Partial<Trigger> | null };
  readonly zone?: Partial<Zone>;
  readonly process?: Partial<Process> | null;
  readonly csinfo?: Partial<CsInfo>;
  readonly routeinfo?: Partial<RouteInfo>;
  /** Probe `miss`. */
  readonly lookup?: PartialLookup | null;
  /** Probe `losing`. */
  readonly timeout?: PartialTimeout | null;
  /** Probe `redirect`. */
  readonly redirect?: PartialRedirect | null;
  readonly provenance?: Provenance;
  readonly raw?: Uint8Array | null;
}

export const completeNexthop = (partial: Partial<Nexthop>): Nexthop => ({
  gateway: partial.gateway ?? null,
  ifindex: partial.ifindex ?? 0,
  dev: partial.dev ?? null,
  weight: partial.weight ?? 1,
  flags: partial.flags ?? [],
  encap: partial.encap ?? null,
  realm: partial.realm ?? null,
});

/** 254 is RT_TABLE_MAIN of include/uapi/linux/rtnetlink.h; a lookup that failed was not of one table. */
const DEFAULT_TABLE: Readonly<Record<Probe, number>> = {
  add: 254,
  delete: 254,
  change: 254,
  losing: 254,
  redirect: 254,
  miss: 0,
};

/** A prefix with its length, as events carry it: `default` and bare addresses get theirs. */
function wholePrefix(dst: string, family: Family): string {
  if (dst === 'default') return family === 'inet' ? '0.0.0.0/0' : '::/0';
  return dst.includes('/') ? dst : `${dst}/${family === 'inet' ? 32 : 128}`;
}

export function completeRoute(partial: PartialRoute, table: number): Route {
  const family = partial.family ?? (partial.dst.includes(':') ? 'inet6' : 'inet');
  return {
    family,
    dst: wholePrefix(partial.dst, family),
    table: partial.table ?? table,
    protocol: partial.protocol ?? 'unspec',
    scope: partial.scope ?? 'global',
    type: partial.type ?? 'unicast',
    tos: partial.tos ?? 0,
    priority: partial.priority ?? 0,
    prefsrc: partial.prefsrc ?? null,
    src: partial.src ?? null,
    metrics: partial.metrics ?? {},
    nhid: partial.nhid ?? null,
    expires: partial.expires ?? null,
    pref: partial.pref ?? null,
    nexthops: (partial.nexthops ?? []).map(completeNexthop),
    flags: partial.flags ?? [],
    unknown: partial.unknown ?? [],
  };
}

export const completeProcess = (partial: Partial<Process>): Process => ({
  pid: partial.pid ?? 0,
  tid: partial.tid ?? partial.pid ?? 0,
  comm: partial.comm ?? '',
  uid: partial.uid ?? 0,
  exe: partial.exe ?? null,
  cgroup: partial.cgroup ?? null,
  unit: partial.unit ?? null,
  container: partial.container ?? null,
  confidence: partial.confidence ?? 'exact',
});

export const completeTrigger = (partial: Partial<Trigger>): Trigger => ({
  seq: partial.seq ?? 0,
  what: partial.what ?? '',
  dev: partial.dev ?? null,
  address: partial.address ?? null,
  nhid: partial.nhid ?? null,
});

/**
 * A whole RouteEvent from the few members a custom source knows. What is left out stands at its default:
 * `unspec` protocol, table main, cause unknown, no process, seq 0, the epoch; routeinfo and csinfo are computed.
 * Throws a runtime RoutetapError when `time` is given and is no ISO 8601 time.
 */
export function completeEvent(partial: PartialRouteEvent): RouteEvent {
  const { probe } = partial;
  const timeNs = partial.timeNs ?? (partial.time === undefined ? 0n : timeNsOf(partial.time));
  const route = completeRoute(partial.route, DEFAULT_TABLE[probe]);
  const zone: Zone = { id: partial.zone?.id ?? 0, name: partial.zone?.name ?? null };
  const process =
    partial.process === undefined || partial.process === null
      ? null
      : completeProcess(partial.process);
  const trigger = partial.cause?.trigger ?? null;
  const lookup = partial.lookup ? completeLookup(partial.lookup) : null;
  const timeout = partial.timeout ? completeTimeout(partial.timeout) : null;
  const redirect = partial.redirect ? completeRedirect(partial.redirect) : null;
  const origin = {
    probe,
    zone,
    initialZone: partial.csinfo?.cs_zoneid === 0,
    process,
    parts: partsOf(route),
    nlmsgSeq: partial.routeinfo?.route_seq ?? 0,
    kernelAddress: '0x0',
    timeout,
    redirect,
  };
  return {
    v: 1,
    type: 'route',
    seq: partial.seq ?? 0,
    time: isoTime(timeNs),
    timeNs,
    host: partial.host ?? '',
    probe,
    inferred: partial.inferred ?? false,
    cause: {
      kind: partial.cause?.kind ?? 'unknown',
      trigger: trigger === null ? null : completeTrigger(trigger),
    },
    zone,
    process,
    csinfo: { ...csInfo(origin), ...partial.csinfo },
    routeinfo: { ...routeInfo(origin), ...partial.routeinfo },
    route,
    previous:
      partial.previous === undefined || partial.previous === null
        ? null
        : completeRoute(partial.previous, DEFAULT_TABLE[probe]),
    lookup,
    timeout,
    redirect,
    provenance: partial.provenance ?? 'replay',
    raw: partial.raw ?? null,
  };
}
