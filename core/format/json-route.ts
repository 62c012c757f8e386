import type {
  Cause,
  CsInfo,
  Nexthop,
  Process,
  Route,
  RouteEvent,
  RouteInfo,
  Zone,
} from '../event.js';
import type { RouteParts } from '../route-body.js';
import { listed, section, sectionMembers } from './json-section.js';
import { jsonMember, jsonValue } from './json-value.js';

// The contract fixes the order of members (docs/events.md), so every section is written from its own
// list instead of in the order an object happens to have.

const ZONE = ['id', 'name'] as const satisfies readonly (keyof Zone)[];
const TRIGGER = ['seq', 'what', 'dev', 'address', 'nhid'] as const;
const PROCESS = [
  'pid',
  'tid',
  'comm',
  'uid',
  'exe',
  'cgroup',
  'unit',
  'container',
  'confidence',
] as const satisfies readonly (keyof Process)[];
const ROUTEINFO = [
  'route_version',
  'route_type',
  'route_interface_index',
  'route_flags',
  'route_seq',
  'route_pid',
  'route_metrics',
  'route_mtu_metric',
  'route_hopcount_metric',
  'route_expire_metric',
  'route_recvpipe_metric',
  'route_sendpipe_metric',
  'route_ssthresh_metric',
  'route_rtt_metric',
  'route_rtt_variance_metric',
  'route_packets_sent',
  'route_addresses',
  'route_destination_address',
  'route_gateway_address',
  'route_netmask_address',
  'route_source_address',
  'route_redirect_author_address',
] as const satisfies readonly (keyof RouteInfo)[];
const NEXTHOP = [
  'gateway',
  'ifindex',
  'dev',
  'weight',
  'flags',
  'encap',
  'realm',
] as const satisfies readonly (keyof Nexthop)[];
/** Members of a route before its nexthops, in the contract's order. */
const RAW_ATTRIBUTE = ['type', 'hex'] as const;

const list = <Item>(
  name: string,
  items: readonly Item[],
  text: (item: Item) => string,
  full: boolean,
): string => (items.length === 0 && !full ? '' : `,"${name}":[${items.map(text).join(',')}]`);

/** `,"zone":{…}`. */
export const zoneMember = (zone: Zone | null, full: boolean): string =>
  zone === null ? (full ? ',"zone":null' : '') : section('zone', listed(zone, ZONE, full));

export function causeMember(cause: Cause, full: boolean): string {
  const trigger =
    cause.trigger === null
      ? full
        ? ',"trigger":null'
        : ''
      : section('trigger', listed(cause.trigger, TRIGGER, full));
  return `,"cause":{"kind":${jsonValue(cause.kind, full)}${trigger}}`;
}

export const processMember = (process: Process | null, full: boolean): string =>
  process === null
    ? full
      ? ',"process":null'
      : ''
    : section('process', listed(process, PROCESS, full));

/** cs_addr "0x0" and cs_cid "0" are zeros, so a lean line leaves them out. */
export function csinfoMember(csinfo: CsInfo, full: boolean): string {
  let text = '';
  if (full || csinfo.cs_addr !== '0x0') text += jsonMember('cs_addr', csinfo.cs_addr, full);
  if (full || csinfo.cs_cid !== '0') text += jsonMember('cs_cid', csinfo.cs_cid, full);
  text += jsonMember('cs_pid', csinfo.cs_pid, full);
  text += jsonMember('cs_zoneid', csinfo.cs_zoneid, full);
  return section('csinfo', `{${text.slice(1)}}`);
}

/** `raw`: base64 of the message for route_addr, "" without. */
function routeinfoMember(routeinfo: RouteInfo, raw: string, full: boolean): string {
  const text = listed(routeinfo, ROUTEINFO, full);
  return `,"routeinfo":${raw === '' ? text : `${text.slice(0, -1)},"route_addr":"${raw}"}`}`;
}

/** What a body says before the key's own members come in: three pieces between which they stand. */
export interface BodyJson {
  readonly family: string;
  readonly protocolToType: string;
  readonly prefsrc: string;
  readonly metricsToNhid: string;
  readonly prefToEnd: string;
}

type BodyMembers = Omit<Route, 'dst' | 'table' | 'tos' | 'priority' | 'src' | 'expires'>;

export function bodyJson(body: BodyMembers, full: boolean): BodyJson {
  return {
    family: `"family":${jsonValue(body.family, full)}`,
    protocolToType:
      jsonMember('protocol', body.protocol, full) +
      jsonMember('scope', body.scope, full) +
      jsonMember('type', body.type, full),
    prefsrc: jsonMember('prefsrc', body.prefsrc, full),
    metricsToNhid: jsonMember('metrics', body.metrics, full) + jsonMember('nhid', body.nhid, full),
    prefToEnd:
      jsonMember('pref', body.pref, full) +
      list('nexthops', body.nexthops, (nexthop) => listed(nexthop, NEXTHOP, full), full) +
      jsonMember('flags', body.flags, full) +
      list('unknown', body.unknown, (raw) => listed(raw, RAW_ATTRIBUTE, full), full) +
      '}',
  };
}

type RouteKey = Pick<RouteParts, 'dst' | 'table' | 'tos' | 'priority' | 'src' | 'expires'>;

/** The route section from its key and the text of its body. */
export function routeJson(key: RouteKey, body: BodyJson, full: boolean): string {
  return (
    `{${body.family}` +
    jsonMember('dst', key.dst, full) +
    jsonMember('table', key.table, full) +
    body.protocolToType +
    jsonMember('tos', key.tos, full) +
    jsonMember('priority', key.priority, full) +
    body.prefsrc +
    jsonMember('src', key.src, full) +
    body.metricsToNhid +
    jsonMember('expires', key.expires, full) +
    body.prefToEnd
  );
}

/** Members of any RouteEvent from `probe` on, up to the closing brace. */
export function routeEventMembers(event: RouteEvent, full: boolean, raw: string): string {
  const { previous } = event;
  return (
    `,"probe":${jsonValue(event.probe, full)}` +
    jsonMember('inferred', event.inferred, full) +
    causeMember(event.cause, full) +
    zoneMember(event.zone, full) +
    processMember(event.process, full) +
    csinfoMember(event.csinfo, full) +
    routeinfoMember(event.routeinfo, raw, full) +
    `,"route":${routeJson(event.route, bodyJson(event.route, full), full)}` +
    (previous === null
      ? full
        ? ',"previous":null'
        : ''
      : `,"previous":${routeJson(previous, bodyJson(previous, full), full)}`) +
    sectionMembers(event, full) +
    jsonMember('provenance', event.provenance, full) +
    '}'
  );
}
