/**
 * A route's body: everything but its key (net/ipv4/fib_semantics.c, fib_dump_info;
 * net/ipv6/route.c, rt6_fill_node).
 */

import { BODY_HEADER_BYTES } from './hops.js';
import type { Encap, Family, Nexthop, RawAttribute } from '../event.js';
import type { Names } from '../names/names.js';
import type { RouteBody } from '../route-body.js';
import { addressText } from './address.js';
import { addressBytes, align4, hex, i32, NLA_HEADER_BYTES, u16, u32 } from './bytes.js';
import { AF, NLA_TYPE_MASK, RTA } from './constants.js';
import { readEncap } from './encap.js';
import { nexthopFlags, routeFlags } from './flags.js';
import { readMetrics, type Metrics } from './metrics.js';

/** What decoding needs to know of the zone the bytes came from. */
export interface RouteContext {
  /** Name of an interface when the message came, null when unknown. */
  deviceName(ifindex: number): string | null;
  readonly names: Names;
}

/** struct rtnexthop: u16 len, u8 flags, u8 hops, i32 ifindex. */
const RTNEXTHOP_BYTES = 8;
/** sa_family before the address in struct rtvia. */
const RTVIA_HEADER_BYTES = 2;

const TYPES: readonly string[] = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
];

/** Name of an RTN_* value, as `ip route` has it; a number this version does not know in text. */
export const routeTypeName = (type: number): string => TYPES[type] ?? String(type);

/** RTA_PREF: ICMPV6_ROUTER_PREF_* (RFC 4191). */
const PREFS: readonly string[] = ['medium', 'high', 'invalid', 'low'];

const NO_METRICS: Metrics = Object.freeze({});
const NO_NEXTHOPS: readonly Nexthop[] = Object.freeze([]);
const NO_UNKNOWN: readonly RawAttribute[] = Object.freeze([]);

/** RTA_FLOW as `ip` prints it: "to", or "from/to" where the upper half is set. */
export function realmText(flow: number, names: Names): string {
  const to = names.realm(flow & 0xffff);
  return flow >>> 16 === 0 ? to : `${names.realm(flow >>> 16)}/${to}`;
}

/** What a single path and a rtnexthop say by attributes. */
class Path {
  gateway: string | null = null;
  realm: string | null = null;
  encapType = 0;
  encapFrom = 0;
  encapTo = 0;
  /** True when an attribute told of a path. */
  told = false;

  /** Takes the attribute when it belongs to a path. False: malformed. */
  take(
    type: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    family: number,
    names: Names,
  ): boolean {
    const length = to - from;
    switch (type) {
      case RTA.GATEWAY:
        if (length < addressBytes(family)) return false;
        this.gateway = addressText(bytes, from, addressBytes(family));
        this.told = true;
        return true;
      case RTA.VIA:
        this.gateway = viaText(bytes, from, to);
        this.told = this.gateway !== null;
        return this.told;
      case RTA.FLOW:
        if (length < 4) return false;
        this.realm = realmText(u32(bytes, from), names);
        return true;
      case RTA.ENCAP_TYPE:
        if (length < 2) return false;
        this.encapType = u16(bytes, from);
        return true;
      case RTA.ENCAP:
        this.encapFrom = from;
        this.encapTo = to;
        return true;
      default:
        return true;
    }
  }

  encap(bytes: Uint8Array, context: RouteContext): Encap | null {
    return this.encapType === 0
      ? null
      : readEncap(this.encapType, bytes, this.encapFrom, this.encapTo, context);
  }
}

/** struct rtvia: a gateway of another family than the route's. */
function viaText(bytes: Uint8Array, from: number, to: number): string | null {
  if (to - from < RTVIA_HEADER_BYTES) return null;
  const family = u16(bytes, from);
  const at = from + RTVIA_HEADER_BYTES;
  if (family !== AF.INET && family !== AF.INET6) return `family ${family} ${hex(bytes, at, to)}`;
  const length = addressBytes(family);
  return to - at < length ? null : addressText(bytes, at, length);
}

/** RTA_MULTIPATH, in the message's order; null when malformed. */
function readMultipath(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: number,
  context: RouteContext,
): readonly Nexthop[] | null {
  const nexthops: Nexthop[] = [];
  for (let at = start; at + RTNEXTHOP_BYTES <= end;) {
    const length = u16(bytes, at);
    const hopEnd = at + length;
    if (length < RTNEXTHOP_BYTES || hopEnd > end) return null;
    const path = new Path();
    for (let o = at + RTNEXTHOP_BYTES; o + NLA_HEADER_BYTES <= hopEnd;) {
      const size = u16(bytes, o);
      if (size < NLA_HEADER_BYTES || o + size > hopEnd) return null;
      const type = u16(bytes, o + 2) & NLA_TYPE_MASK;
      if (!path.take(type, bytes, o + NLA_HEADER_BYTES, o + size, family, context.names)) {
        return null;
      }
      o += align4(size);
    }
    const ifindex = i32(bytes, at + 4);
    nexthops.push(
      Object.freeze({
        gateway: path.gateway,
        ifindex,
        dev: ifindex === 0 ? null : context.deviceName(ifindex),
        weight: (bytes[at + 3] ?? 0) + 1,
        flags: nexthopFlags(bytes[at + 2] ?? 0),
        encap: path.encap(bytes, context),
        realm: path.realm,
      }),
    );
    at += align4(length);
  }
  return nexthops;
}

/**
 * Reads a body as core/wire/scan.ts lays it out: family, rtm_protocol, rtm_scope, rtm_type, rtm_flags
 * (u32), then the route's attributes. Attributes of the key are skipped; ones without a reader, and
 * ones whose content is malformed, come back in `unknown`. Nexthops keep the message's order. The
 * result is frozen, to be shared. Reading ends where an attribute's length points outside.
 */
export function readRouteBody(bytes: Uint8Array, context: RouteContext): RouteBody {
  const end = bytes.length;
  const family = bytes[0] ?? 0;
  const { names } = context;
  const flags = u32(bytes, 4);

  const path = new Path();
  let ifindex = 0;
  let multipath: readonly Nexthop[] | null = null;
  let prefsrc: string | null = null;
  let metrics: Metrics = NO_METRICS;
  let nhid: number | null = null;
  let pref: string | null = null;
  let unknown: RawAttribute[] | null = null;

  for (let at = BODY_HEADER_BYTES; at + NLA_HEADER_BYTES <= end;) {
    const length = u16(bytes, at);
    const from = at + NLA_HEADER_BYTES;
    const to = at + length;
    if (length < NLA_HEADER_BYTES || to > end) break;
    const type = u16(bytes, at + 2) & NLA_TYPE_MASK;
    const size = to - from;
    let known = true;
    switch (type) {
      case RTA.OIF:
        known = size >= 4;
        if (known) ifindex = i32(bytes, from);
        break;
      case RTA.GATEWAY:
      case RTA.VIA:
      case RTA.FLOW:
      case RTA.ENCAP_TYPE:
      case RTA.ENCAP:
        known = path.take(type, bytes, from, to, family, names);
        break;
      case RTA.MULTIPATH:
        multipath = readMultipath(bytes, from, to, family, context);
        known = multipath !== null;
        break;
      case RTA.METRICS: {
        const found = readMetrics(bytes, from, to);
        known = found !== null;
        metrics = found ?? metrics;
        break;
      }
      case RTA.PREFSRC:
        known = size >= addressBytes(family);
        if (known) prefsrc = addressText(bytes, from, addressBytes(family));
        break;
      case RTA.NH_ID:
        known = size >= 4;
        if (known) nhid = u32(bytes, from);
        break;
      case RTA.PREF:
        known = size >= 1;
        if (known) pref = PREFS[bytes[from] ?? 0] ?? String(bytes[from]);
        break;
      case RTA.DST:
      case RTA.SRC:
      case RTA.PRIORITY:
      case RTA.CACHEINFO:
      case RTA.TABLE:
      case RTA.PAD:
        break;
      default:
        known = false;
    }
    if (!known) {
      unknown ??= [];
      unknown.push(Object.freeze({ type, hex: hex(bytes, from, to) }));
    }
    at += align4(length);
  }

  let nexthops = NO_NEXTHOPS;
  if (multipath !== null) {
    nexthops = multipath;
  } else if (ifindex !== 0 || path.told || path.encapType !== 0) {
    nexthops = [
      Object.freeze({
        gateway: path.gateway,
        ifindex,
        dev: ifindex === 0 ? null : context.deviceName(ifindex),
        weight: 1,
        flags: nexthopFlags(flags),
        encap: path.encap(bytes, context),
        realm: path.realm,
      }),
    ];
  }
  // The low byte of rtm_flags is the single path's; without one it can only be the route's.
  const own = multipath !== null || nexthops.length === 0 ? nexthopFlags(flags) : [];
  const route = routeFlags(flags, family === AF.INET);
  const familyName: Family = family === AF.INET ? 'inet' : 'inet6';
  return Object.freeze({
    family: familyName,
    protocol: names.protocol(bytes[1] ?? 0),
    scope: names.scope(bytes[2] ?? 0),
    type: routeTypeName(bytes[3] ?? 0),
    prefsrc,
    metrics: Object.freeze(metrics),
    nhid,
    pref,
    nexthops: Object.freeze(nexthops),
    flags: own.length === 0 ? route : Object.freeze([...new Set([...own, ...route])]),
    unknown: unknown === null ? NO_UNKNOWN : Object.freeze(unknown),
  });
}
