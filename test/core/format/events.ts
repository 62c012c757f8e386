import type { Process, Route, RouteEvent } from '../../../core/event.js';
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
  provenance: event.provenance,
  raw: event.raw,
});
