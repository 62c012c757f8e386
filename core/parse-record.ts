import { RoutetapError } from './errors.js';
import {
  PROBES,
  type CsInfo,
  type GapRecord,
  type Nexthop,
  type Process,
  type RouteEvent,
  type RouteInfo,
  type RoutetapRecord,
  type Zone,
} from './event.js';
import {
  completeNexthop,
  completeProcess,
  completeRoute,
  completeTrigger,
  type PartialRoute,
} from './complete-record.js';
import {
  checked,
  fail,
  glimpse,
  isObject,
  oneOf,
  type Kind,
  type Members,
  type Shape,
} from './checked.js';
import { lookupOf, redirectOf, timeoutOf } from './parse-section.js';
import { timeNsOf } from './format/time.js';
import { RTM_VERSION } from './routeinfo.js';

const HEAD: Shape = { type: 'string', seq: 'number', time: 'string', host: 'string' };
const ZONE: Shape = { id: 'number', name: 'string' };
const SECTIONS: Readonly<Record<string, Shape>> = {
  route: {
    probe: 'string',
    inferred: 'boolean',
    cause: 'object',
    zone: 'object',
    process: 'object',
    csinfo: 'object',
    routeinfo: 'object',
    route: 'object',
    previous: 'object',
    lookup: 'object',
    timeout: 'object',
    redirect: 'object',
    provenance: 'string',
  },
  gap: { source: 'string', lost: 'number', zone: 'object', reason: 'string' },
  resync: {
    zone: 'object',
    added: 'number',
    deleted: 'number',
    changed: 'number',
    durationMs: 'number',
  },
  status: { what: 'string', zone: 'object' },
};
const CAUSE: Shape = { kind: 'string', trigger: 'object' };
const TRIGGER: Shape = {
  seq: 'number',
  what: 'string',
  dev: 'string',
  address: 'string',
  nhid: 'number',
};
const PROCESS: Shape = {
  pid: 'number',
  tid: 'number',
  comm: 'string',
  uid: 'number',
  exe: 'string',
  cgroup: 'string',
  unit: 'string',
  container: 'string',
  confidence: 'string',
};
const ROUTE: Shape = {
  family: 'string',
  dst: 'string',
  table: 'number',
  protocol: 'string',
  scope: 'string',
  type: 'string',
  tos: 'number',
  priority: 'number',
  prefsrc: 'string',
  src: 'string',
  metrics: 'object',
  nhid: 'number',
  expires: 'number',
  pref: 'string',
  nexthops: 'array',
  flags: 'strings',
  unknown: 'array',
};
const NEXTHOP: Shape = {
  gateway: 'string',
  ifindex: 'number',
  dev: 'string',
  weight: 'number',
  flags: 'strings',
  encap: 'object',
  realm: 'string',
};
const RAW_ATTRIBUTE: Shape = { type: 'number', hex: 'string' };

const NO_CSINFO: CsInfo = { cs_addr: '0x0', cs_cid: '0', cs_pid: 0, cs_zoneid: 0 };

const NO_ROUTEINFO: RouteInfo = {
  route_version: RTM_VERSION,
  route_type: 0,
  route_interface_index: 0,
  route_flags: 0,
  route_seq: 0,
  route_pid: 0,
  route_metrics: 0,
  route_mtu_metric: 0,
  route_hopcount_metric: 0,
  route_expire_metric: 0,
  route_recvpipe_metric: 0,
  route_sendpipe_metric: 0,
  route_ssthresh_metric: 0,
  route_rtt_metric: 0,
  route_rtt_variance_metric: 0,
  route_packets_sent: 0,
  route_addresses: 0,
  route_destination_address: '',
  route_gateway_address: '',
  route_netmask_address: '',
  route_source_address: '',
  route_redirect_author_address: '',
};

function zoneOf(value: unknown): Zone | null {
  if (value === undefined || value === null) return null;
  const zone = checked(value, 'zone', ZONE) as Partial<Zone>;
  return { id: zone.id ?? 0, name: zone.name ?? null };
}

const NO_ZONE: Zone = { id: 0, name: null };

function routeOf(value: unknown, where: string): RouteEvent['route'] {
  const members = checked(value, where, ROUTE);
  if (typeof members.dst !== 'string') fail(`${where}.dst to be a prefix`, glimpse(value));
  const route = members as unknown as PartialRoute;
  oneOf(members.family ?? 'inet', ['inet', 'inet6'], `${where}.family`);
  const nexthops = (route.nexthops ?? []).map((nexthop) =>
    completeNexthop(checked(nexthop, `${where}.nexthops[]`, NEXTHOP) as Partial<Nexthop>),
  );
  for (const raw of route.unknown ?? []) checked(raw, `${where}.unknown[]`, RAW_ATTRIBUTE);
  return completeRoute({ ...route, nexthops }, 0);
}

function processOf(value: unknown): Process | null {
  if (value === undefined || value === null) return null;
  const process = checked(value, 'process', PROCESS) as Partial<Process>;
  // A thread id left out is a 0 left out, not the process's id.
  return completeProcess({ ...process, tid: process.tid ?? 0 });
}

/** csinfo and routeinfo are flat: every member they have must be of the kind of its default. */
function flat<Section extends object>(value: unknown, where: string, defaults: Section): Section {
  if (value === undefined || value === null) return defaults;
  const shape: Record<string, Kind> = {};
  for (const [name, standard] of Object.entries(defaults)) {
    shape[name] = typeof standard === 'string' ? 'string' : 'number';
  }
  const members = checked(value, where, shape);
  const section: Record<string, unknown> = {};
  for (const [name, standard] of Object.entries(defaults))
    section[name] = members[name] ?? standard;
  return section as Section;
}

function routeEventOf(members: Members, common: Common): RouteEvent {
  const cause = checked(members.cause ?? {}, 'cause', CAUSE);
  const trigger = cause.trigger;
  const { previous } = members;
  const routeinfo = members.routeinfo;
  const raw = isObject(routeinfo) ? routeinfo.route_addr : undefined;
  return {
    ...common,
    type: 'route',
    probe: oneOf(members.probe, PROBES, 'probe'),
    inferred: members.inferred === true,
    cause: {
      kind: (cause.kind ?? 'unknown') as RouteEvent['cause']['kind'],
      trigger:
        trigger === undefined || trigger === null
          ? null
          : completeTrigger(checked(trigger, 'cause.trigger', TRIGGER)),
    },
    zone: zoneOf(members.zone) ?? NO_ZONE,
    process: processOf(members.process),
    csinfo: flat(members.csinfo, 'csinfo', NO_CSINFO),
    routeinfo: flat(routeinfo, 'routeinfo', NO_ROUTEINFO),
    route: routeOf(members.route, 'route'),
    previous: previous === undefined || previous === null ? null : routeOf(previous, 'previous'),
    lookup: lookupOf(members.lookup),
    timeout: timeoutOf(members.timeout),
    redirect: redirectOf(members.redirect),
    provenance: (members.provenance ?? 'replay') as RouteEvent['provenance'],
    raw: typeof raw === 'string' ? new Uint8Array(Buffer.from(raw, 'base64')) : null,
  };
}

type Common = Pick<RouteEvent, 'v' | 'seq' | 'time' | 'timeNs' | 'host'>;

const COMMON: ReadonlySet<string> = new Set(['v', 'type', 'seq', 'time', 'host', 'what', 'zone']);

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/**
 * One line of routetap's JSON, lean or full, as a record; members left out stand at their default.
 * Throws a runtime RoutetapError for what is no record of this version.
 */
export function parseRecord(line: string): RoutetapRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new RoutetapError('runtime', `expected a line of JSON, got ${glimpse(line)}`, {
      cause: error,
    });
  }
  const members = checked(value, 'the record', HEAD);
  if (members.v !== 1) fail('a record with "v":1', glimpse(value));
  const type = oneOf(members.type, ['route', 'gap', 'resync', 'status'], 'type');
  checked(members, type, SECTIONS[type] ?? {});
  const time = (members.time ?? '') as string;
  const common: Common = {
    v: 1,
    seq: count(members.seq),
    time,
    timeNs: timeNsOf(time),
    host: (members.host ?? '') as string,
  };
  switch (type) {
    case 'route':
      return routeEventOf(members, common);
    case 'gap':
      return {
        ...common,
        type,
        source: (members.source ?? '') as string,
        lost: typeof members.lost === 'number' ? members.lost : null,
        zone: zoneOf(members.zone),
        reason: (members.reason ?? 'error') as GapRecord['reason'],
      };
    case 'resync':
      return {
        ...common,
        type,
        zone: zoneOf(members.zone) ?? NO_ZONE,
        added: count(members.added),
        deleted: count(members.deleted),
        changed: count(members.changed),
        durationMs: count(members.durationMs),
      };
    case 'status':
      return {
        ...common,
        type,
        what: (members.what ?? '') as string,
        zone: zoneOf(members.zone),
        fields: Object.fromEntries(Object.entries(members).filter(([name]) => !COMMON.has(name))),
      };
  }
}
