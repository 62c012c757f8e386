import { ctypeOf, type CType } from './ctype.js';

/** What D programs know of a record: every struct with its members, by the names of the JSON (docs/events.md). */
export type Shape =
  | { readonly type: 'integer'; readonly ctype?: CType }
  | { readonly type: 'string' | 'unknown' }
  | { readonly type: 'array'; readonly element: Shape }
  | StructShape;

export interface StructShape {
  readonly type: 'struct';
  /** Type name for messages, as DTrace and the kernel name theirs. */
  readonly name: string;
  readonly members: ReadonlyMap<string, Shape>;
  /** Members beyond the known ones may stand in it. */
  readonly open?: boolean;
}

const INTEGER: Shape = { type: 'integer' };
const STRING: Shape = { type: 'string' };
const UNKNOWN: Shape = { type: 'unknown' };
const STRINGS: Shape = { type: 'array', element: STRING };

const struct = (name: string, members: Readonly<Record<string, Shape>>): StructShape => ({
  type: 'struct',
  name,
  members: new Map(Object.entries(members)),
});

/** Members with the types of their declaration in C: `uint8_t route_version route_type`. */
function declared(type: string, names: string): Record<string, Shape> {
  const ctype = ctypeOf(type);
  return all(names, ctype === null ? STRING : { type: 'integer', ctype });
}

const all = (names: string, shape: Shape): Record<string, Shape> =>
  Object.fromEntries(names.split(' ').map((name) => [name, shape]));

/** args[1]; its numbers stand as text in JSON where they may be wider than 53 bits. */
export const CSINFO = struct('csinfo_t', {
  ...declared('uintptr_t', 'cs_addr'),
  ...declared('uint64_t', 'cs_cid'),
  ...declared('pid_t', 'cs_pid'),
  ...declared('zoneid_t', 'cs_zoneid'),
});

/** args[4], in the order of its declaration. Solaris 11.4 calls route_interface_index route_ifindex; both names work. */
export const ROUTEINFO = struct('routeinfo_t', {
  ...declared('uint8_t', 'route_version route_type'),
  ...declared('uint16_t', 'route_interface_index route_ifindex'),
  ...declared('int', 'route_flags route_seq'),
  ...declared('pid_t', 'route_pid'),
  ...declared('int', 'route_metrics'),
  ...declared(
    'uint32_t',
    'route_mtu_metric route_hopcount_metric route_expire_metric route_recvpipe_metric ' +
      'route_sendpipe_metric route_ssthresh_metric route_rtt_metric route_rtt_variance_metric ' +
      'route_packets_sent',
  ),
  ...declared('int', 'route_addresses'),
  ...declared(
    'string',
    'route_destination_address route_gateway_address route_netmask_address route_source_address ' +
      'route_redirect_author_address',
  ),
  // rt_msghdr_t *: there is no kernel memory to follow it into, so it is always 0.
  ...declared('uintptr_t', 'route_addr'),
});

const ENCAP: Shape = { ...struct('encap_t', { type: STRING }), open: true };

const NEXTHOP = struct('nexthop_t', {
  ...all('gateway dev realm', STRING),
  ...all('ifindex weight', INTEGER),
  flags: STRINGS,
  encap: ENCAP,
});

/** RTAX_* by iproute2's names. */
const METRICS = struct('metrics_t', {
  ...all(
    'mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd features rto_min ' +
      'initrwnd quickack fastopen_no_cookie',
    INTEGER,
  ),
  congctl: STRING,
  lock: STRINGS,
});

export const ROUTE = struct('route_t', {
  ...all('family dst protocol scope type prefsrc src pref', STRING),
  ...all('table tos priority nhid expires', INTEGER),
  metrics: METRICS,
  nexthops: { type: 'array', element: NEXTHOP },
  flags: STRINGS,
  unknown: { type: 'array', element: struct('attribute_t', { type: INTEGER, hex: STRING }) },
});

const TRIGGER = struct('trigger_t', {
  ...all('seq nhid', INTEGER),
  ...all('what dev address', STRING),
});

const LOOKUP = struct('lookup_t', {
  ...all('src dst protocol errno direction', STRING),
  ...all('sport dport iif oif mark uid rule table count', INTEGER),
});

const TIMEOUT = struct('timeout_t', {
  ...all('protocol src dst', STRING),
  ...all('sport dport retransmits rtoMs srttUs rttvarUs ssthresh mtu', INTEGER),
});

const REDIRECT = struct('redirect_t', {
  ...all('author old new accepted reason', STRING),
  expires: INTEGER,
});

/** A whole record. */
export const RECORD = struct('record', {
  ...all('seq inferred', INTEGER),
  ...all('type time host probe provenance', STRING),
  cause: struct('cause_t', { kind: STRING, trigger: TRIGGER }),
  zone: struct('zone_t', { id: INTEGER, name: STRING }),
  process: struct('process_t', {
    ...all('pid tid uid', INTEGER),
    ...all('comm exe cgroup unit container confidence', STRING),
  }),
  csinfo: CSINFO,
  routeinfo: ROUTEINFO,
  route: ROUTE,
  previous: ROUTE,
  lookup: LOOKUP,
  timeout: TIMEOUT,
  redirect: REDIRECT,
});

/** Shape of a member nobody knows beforehand. */
export const OPEN_MEMBER = UNKNOWN;
