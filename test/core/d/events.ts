import type { Nexthop, Route, RouteEvent } from '../../../core/event.js';
import { RouteRecord, type RouteRecordFields } from '../../../core/engine/record.js';
import { partsOf } from '../../../core/route-body.js';

export const nexthop = (fields: Partial<Nexthop> = {}): Nexthop => ({
  gateway: '192.168.5.2',
  ifindex: 2,
  dev: 'v0',
  weight: 1,
  flags: [],
  encap: null,
  realm: null,
  ...fields,
});

export const route = (fields: Partial<Route> = {}): Route => ({
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
  metrics: { mtu: 1400 },
  nhid: null,
  expires: null,
  pref: null,
  nexthops: [nexthop()],
  flags: [],
  unknown: [],
  ...fields,
});

interface EventFields extends Partial<Omit<RouteRecordFields, 'parts' | 'previousParts'>> {
  readonly route?: Route;
  readonly previous?: Route | null;
}

/** An event as the engine makes it. */
export function event({ route: now, previous, ...fields }: EventFields = {}): RouteRecord {
  return new RouteRecord({
    seq: 1,
    timeNs: 1_795_357_266_148_835_123n,
    host: 'r1',
    probe: 'add',
    inferred: false,
    cause: { kind: 'request', trigger: null },
    zone: { id: 4026532281, name: 'blue' },
    initialZone: false,
    process: {
      pid: 123,
      tid: 124,
      comm: 'ip',
      uid: 0,
      exe: '/usr/sbin/ip',
      cgroup: '/system.slice/foo.service',
      unit: 'foo.service',
      container: null,
      confidence: 'exact',
    },
    parts: partsOf(now ?? route()),
    previousParts: previous ? partsOf(previous) : null,
    provenance: 'rtnetlink',
    nlmsgSeq: 1,
    raw: null,
    ...fields,
  });
}

/** The same event as plain data, as a custom source gives it. */
export const plain = (record: RouteRecord): RouteEvent => ({
  v: 1,
  type: 'route',
  seq: record.seq,
  time: record.time,
  timeNs: record.timeNs,
  host: record.host,
  probe: record.probe,
  inferred: record.inferred,
  cause: record.cause,
  zone: record.zone,
  process: record.process,
  csinfo: record.csinfo,
  routeinfo: record.routeinfo,
  route: record.route,
  previous: record.previous,
  lookup: record.lookup,
  timeout: record.timeout,
  redirect: record.redirect,
  provenance: record.provenance,
  raw: record.raw,
});
