import type { Lookup, Process, Redirect, Route, RouteEvent, Timeout } from '../../../core/event.js';
import { RouteRecord, type RouteRecordFields } from '../../../core/engine/record.js';
import { partsOf, type RouteParts } from '../../../core/route-body.js';

/** The route of the contract's example. */
export const ROUTE: Route = {
  family: 'inet',
  dst: '10.1.0.0/16',
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
  nexthops: [
    {
      gateway: '192.168.5.2',
      ifindex: 2,
      dev: 'v0',
      weight: 1,
      flags: [],
      encap: null,
      realm: null,
    },
  ],
  flags: [],
  unknown: [],
};

export const PROCESS: Process = {
  pid: 1234,
  tid: 1234,
  comm: 'ip',
  uid: 0,
  exe: '/usr/sbin/ip',
  cgroup: '/system.slice/foo.service',
  unit: 'foo.service',
  container: null,
  confidence: 'exact',
};

/** No member at its default. */
export const LOOKUP: Lookup = {
  src: '10.1.1.5',
  dst: '203.0.113.9',
  sport: 999,
  dport: 53,
  protocol: 'udp',
  iif: 2,
  oif: 3,
  mark: 16,
  uid: 1000,
  errno: 'ENETUNREACH',
  direction: 'forward',
  rule: 100,
  table: 254,
  count: 37,
};

export const TIMEOUT: Timeout = {
  protocol: 'tcp',
  src: '10.9.1.2',
  dst: '10.9.2.2',
  sport: 53211,
  dport: 7000,
  retransmits: 4,
  rtoMs: 3264,
  srttUs: 210,
  rttvarUs: 105,
  ssthresh: 7,
  mtu: 1500,
};

export const REDIRECT: Redirect = {
  author: '10.9.1.1',
  old: '10.9.1.1',
  new: '10.9.1.3',
  accepted: 'yes',
  reason: null,
  expires: 300,
};

export interface Given extends Partial<Omit<RouteRecordFields, 'parts' | 'previousParts'>> {
  readonly route?: Partial<Route>;
  readonly previous?: Partial<Route> | null;
}

/** A record as the engine makes it, from what the test cares for. */
export function record(
  { route, previous, ...fields }: Given = {},
  parts: RouteParts = partsOf({ ...ROUTE, ...route }),
): RouteRecord {
  return new RouteRecord({
    seq: 42,
    timeNs: 1795357266148835123n,
    host: 'r1',
    probe: 'add',
    inferred: false,
    cause: { kind: 'request', trigger: null },
    zone: { id: 4026531840, name: null },
    initialZone: true,
    process: null,
    provenance: 'rtnetlink',
    nlmsgSeq: 0,
    raw: null,
    ...fields,
    parts,
    previousParts:
      previous === undefined || previous === null ? null : partsOf({ ...ROUTE, ...previous }),
  });
}

/** The same event as a plain object, as a user of the library would make it. */
export const plain = (event: RouteRecord): RouteEvent => ({
  v: event.v,
  type: event.type,
  seq: event.seq,
  time: event.time,
  timeNs: event.timeNs,
  host: event.host,
  probe: event.probe,
  inferred: event.inferred,
  cause: event.cause,
  zone: event.zone,
  process: event.process,
  csinfo: event.csinfo,
  routeinfo: event.routeinfo,
  route: event.route,
  previous: event.previous,
  lookup: event.lookup,
  timeout: event.timeout,
  redirect: event.redirect,
  provenance: event.provenance,
  raw: event.raw,
});
