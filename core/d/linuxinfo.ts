import type { RouteEvent } from '../event.js';
import { previousBody, previousKey, routeBody, routeKey } from '../route-sides.js';
import { ctypeOf } from './ctype.js';
import type { Shape, StructShape } from './shapes.js';
import { tableValue, type StructValue } from './values.js';

/** One member of linuxinfo_t, for the page of the provider and for `-l`. */
export interface LinuxinfoMember {
  readonly name: string;
  /** As C would declare it. */
  readonly type: string;
  readonly meaning: string;
}

type Read = (event: RouteEvent) => unknown;
type Row = readonly [name: string, type: string, meaning: string, read: Read];

/** The path a route takes first. */
const hop = (event: RouteEvent) => routeBody(event).nexthops[0];
const previousHop = (event: RouteEvent) => previousBody(event)?.nexthops[0];

/**
 * linuxinfo_t, args[5]: what Linux knows of a route event and routeinfo_t has no member for. What an event does not
 * have is 0 or the empty string.
 */
const ROWS: readonly Row[] = [
  ['family', 'string', 'inet or inet6', (event) => routeBody(event).family],
  ['dst', 'string', 'destination with its prefix length', (event) => routeKey(event).dst],
  ['src', 'string', 'source prefix (RTA_SRC)', (event) => routeKey(event).src],
  ['table', 'uint32_t', 'routing table (RTA_TABLE)', (event) => routeKey(event).table],
  [
    'protocol',
    'string',
    'who keeps the route (rtm_protocol)',
    (event) => routeBody(event).protocol,
  ],
  ['scope', 'string', 'rtm_scope', (event) => routeBody(event).scope],
  ['type', 'string', 'unicast, local, blackhole, … (rtm_type)', (event) => routeBody(event).type],
  ['tos', 'uint8_t', 'rtm_tos', (event) => routeKey(event).tos],
  [
    'priority',
    'uint32_t',
    'metric of the route (RTA_PRIORITY)',
    (event) => routeKey(event).priority,
  ],
  ['prefsrc', 'string', 'preferred source address', (event) => routeBody(event).prefsrc],
  ['nhid', 'uint32_t', 'nexthop object (RTA_NH_ID)', (event) => routeBody(event).nhid],
  ['nexthops', 'uint32_t', 'number of nexthops', (event) => routeBody(event).nexthops.length],
  ['gateway', 'string', 'gateway of the first nexthop', (event) => hop(event)?.gateway],
  ['dev', 'string', 'interface of the first nexthop', (event) => hop(event)?.dev],
  ['ifindex', 'int', 'its interface index', (event) => hop(event)?.ifindex],
  ['weight', 'uint16_t', 'its weight', (event) => hop(event)?.weight],
  ['expires', 'uint32_t', 'seconds until the route expires', (event) => routeKey(event).expires],
  ['pref', 'string', 'low, medium, high (RTA_PREF)', (event) => routeBody(event).pref],
  ['previous_protocol', 'string', 'of the route before', (event) => previousBody(event)?.protocol],
  ['previous_table', 'uint32_t', 'of the route before', (event) => previousKey(event)?.table],
  ['previous_priority', 'uint32_t', 'of the route before', (event) => previousKey(event)?.priority],
  ['previous_gateway', 'string', 'of the route before', (event) => previousHop(event)?.gateway],
  ['previous_dev', 'string', 'of the route before', (event) => previousHop(event)?.dev],
  ['comm', 'string', 'name of the process', (event) => event.process?.comm],
  ['exe', 'string', 'its executable', (event) => event.process?.exe],
  ['tid', 'pid_t', 'its thread', (event) => event.process?.tid],
  ['uid', 'uid_t', 'its user', (event) => event.process?.uid],
  ['cgroup', 'string', 'its control group', (event) => event.process?.cgroup],
  ['unit', 'string', 'its systemd unit', (event) => event.process?.unit],
  ['container', 'string', 'id of its container', (event) => event.process?.container],
  ['confidence', 'string', 'exact, portid or cascade', (event) => event.process?.confidence],
  ['cause', 'string', 'request, link-down, expired, …', (event) => event.cause.kind],
  ['trigger', 'string', 'message that set a cascade off', (event) => event.cause.trigger?.what],
  ['trigger_dev', 'string', 'its interface', (event) => event.cause.trigger?.dev],
  ['trigger_address', 'string', 'its address', (event) => event.cause.trigger?.address],
  ['inferred', 'int', '1: worked out, the kernel never told it', (event) => event.inferred],
  ['provenance', 'string', 'what saw the event', (event) => event.provenance],
  ['zone', 'string', 'name of the network namespace', (event) => event.zone.name],
  ['netns', 'uint32_t', 'its inode', (event) => event.zone.id],
  ['host', 'string', 'name of the machine', (event) => event.host],
  ['seq', 'uint64_t', 'number of the record', (event) => event.seq],
  ['errno', 'string', 'miss: ENETUNREACH and the like', (event) => event.lookup?.errno],
  ['direction', 'string', 'miss: output, forward, input', (event) => event.lookup?.direction],
  ['iif', 'int', 'miss: interface the packet came in by', (event) => event.lookup?.iif],
  ['oif', 'int', 'miss: interface the flow is bound to', (event) => event.lookup?.oif],
  ['mark', 'uint32_t', 'miss: mark of the flow', (event) => event.lookup?.mark],
  ['rule', 'uint32_t', 'miss: rule the lookup ended at', (event) => event.lookup?.rule],
  ['lookup_table', 'uint32_t', 'miss: last table asked', (event) => event.lookup?.table],
  ['count', 'uint32_t', 'miss: lookups the event stands for', (event) => event.lookup?.count],
  [
    'flow_protocol',
    'string',
    'miss, losing: tcp, udp, …',
    (event) => (event.lookup ?? event.timeout)?.protocol,
  ],
  [
    'flow_src',
    'string',
    'miss, losing: source address',
    (event) => (event.lookup ?? event.timeout)?.src,
  ],
  [
    'flow_dst',
    'string',
    'miss, losing: destination address',
    (event) => (event.lookup ?? event.timeout)?.dst,
  ],
  [
    'sport',
    'uint16_t',
    'miss, losing: source port',
    (event) => (event.lookup ?? event.timeout)?.sport,
  ],
  [
    'dport',
    'uint16_t',
    'miss, losing: destination port',
    (event) => (event.lookup ?? event.timeout)?.dport,
  ],
  [
    'retransmits',
    'uint32_t',
    'losing: retransmissions so far',
    (event) => event.timeout?.retransmits,
  ],
  ['rto_ms', 'uint32_t', 'losing: retransmission timeout', (event) => event.timeout?.rtoMs],
  ['srtt_us', 'uint32_t', 'losing: smoothed round-trip time', (event) => event.timeout?.srttUs],
  ['rttvar_us', 'uint32_t', 'losing: its variance', (event) => event.timeout?.rttvarUs],
  ['old_gateway', 'string', 'redirect: gateway in use before', (event) => event.redirect?.old],
  ['new_gateway', 'string', 'redirect: gateway it names', (event) => event.redirect?.new],
  [
    'accepted',
    'string',
    'redirect: yes, no, deferred, unknown',
    (event) => event.redirect?.accepted,
  ],
  ['reason', 'string', 'redirect: why it was not accepted', (event) => event.redirect?.reason],
];

export const LINUXINFO_MEMBERS: readonly LinuxinfoMember[] = ROWS.map(([name, type, meaning]) => ({
  name,
  type,
  meaning,
}));

function shapeOf(type: string): Shape {
  const ctype = ctypeOf(type);
  return ctype === null ? { type: 'string' } : { type: 'integer', ctype };
}

export const LINUXINFO: StructShape = {
  type: 'struct',
  name: 'linuxinfo_t',
  members: new Map(ROWS.map(([name, type]) => [name, shapeOf(type)])),
};

export const linuxinfoValue: StructValue = tableValue(
  LINUXINFO,
  (event) => event,
  Object.fromEntries(ROWS.map(([name, , , read]) => [name, read])),
);
