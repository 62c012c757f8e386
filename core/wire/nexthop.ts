/** RTM_NEWNEXTHOP and RTM_DELNEXTHOP (net/ipv4/nexthop.c, nh_fill_node). */

import type { Encap } from '../event.js';
import { namesFrom } from '../names/names.js';
import { Attributes, u16, u32 } from './bytes.js';
import { AF, NEXTHOP_GRP_TYPE, NHA, NHA_RES_GROUP } from './constants.js';
import { readEncap } from './encap.js';
import type { RouteContext } from './route.js';

/** Member of a nexthop group. */
export interface NexthopMember {
  readonly id: number;
  readonly weight: number;
}

/** Resilient group; times in 1/100 s (clock_t). */
export interface Resilient {
  readonly buckets: number;
  readonly idleTimerTicks: number;
  readonly unbalancedTimerTicks: number;
  readonly unbalancedTimeTicks: number | string;
}

/** A nexthop object. */
export interface NexthopObject {
  readonly id: number;
  /** AF_INET, AF_INET6, AF_UNSPEC for groups. */
  readonly family: number;
  readonly protocol: number;
  readonly scope: number;
  /** RTNH_F_* bits. */
  readonly flags: number;
  readonly oif: number | null;
  readonly gateway: string | null;
  readonly blackhole: boolean;
  /** Members of a group, in the kernel's order; null for a single nexthop. */
  readonly group: readonly NexthopMember[] | null;
  readonly groupType: 'mpath' | 'resilient' | null;
  readonly resilient: Resilient | null;
  readonly encap: Encap | null;
  /** Belongs to a bridge's forwarding database, not to routes. */
  readonly fdb: boolean;
}

/** struct nhmsg: u8 family, u8 scope, u8 protocol, u8 reserved, u32 flags. */
const NHMSG_BYTES = 8;
/** struct nexthop_grp: u32 id, u8 weight, u8 weight_high, u16 reserved. */
const NEXTHOP_GRP_BYTES = 8;

function readGroup(a: Attributes): readonly NexthopMember[] | null {
  if (!a.has(NHA.GROUP)) return null;
  const members: NexthopMember[] = [];
  const end = a.to(NHA.GROUP);
  for (let at = a.from(NHA.GROUP); at + NEXTHOP_GRP_BYTES <= end; at += NEXTHOP_GRP_BYTES) {
    members.push({ id: u32(a.bytes, at), weight: u16(a.bytes, at + 4) + 1 });
  }
  return members;
}

function readResilient(a: Attributes): Resilient | null {
  const nest = a.nested(NHA.RES_GROUP, NHA_RES_GROUP.UNBALANCED_TIME);
  if (nest === null) return null;
  const resilient: Resilient = {
    buckets: nest.u16(NHA_RES_GROUP.BUCKETS) ?? 0,
    idleTimerTicks: nest.u32(NHA_RES_GROUP.IDLE_TIMER) ?? 0,
    unbalancedTimerTicks: nest.u32(NHA_RES_GROUP.UNBALANCED_TIMER) ?? 0,
    unbalancedTimeTicks: nest.u64(NHA_RES_GROUP.UNBALANCED_TIME) ?? 0,
  };
  if (nest.malformed) a.malformed = true;
  return resilient;
}

function groupType(a: Attributes): 'mpath' | 'resilient' | null {
  if (!a.has(NHA.GROUP)) return null;
  return a.u16(NHA.GROUP_TYPE) === NEXTHOP_GRP_TYPE.RES ? 'resilient' : 'mpath';
}

/** Interfaces inside an encapsulation by number, for those who only ask who is who. */
const NAMELESS: RouteContext = { deviceName: () => null, names: namesFrom({}) };

/** Reads the message whose struct nhmsg stands at `start`. Null: malformed. */
export function readNexthop(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: RouteContext = NAMELESS,
): NexthopObject | null {
  if (start + NHMSG_BYTES > end) return null;
  const a = Attributes.read(bytes, start + NHMSG_BYTES, end, NHA.RES_GROUP);
  if (a === null) return null;
  const id = a.u32(NHA.ID);
  if (id === null) return null;
  const family = bytes[start] ?? 0;
  const encapType = a.u16(NHA.ENCAP_TYPE);
  const object: NexthopObject = {
    id,
    family,
    protocol: bytes[start + 2] ?? 0,
    scope: bytes[start + 1] ?? 0,
    flags: u32(bytes, start + 4),
    oif: a.u32(NHA.OIF),
    gateway: a.address(NHA.GATEWAY, family === AF.INET ? AF.INET : AF.INET6),
    blackhole: a.has(NHA.BLACKHOLE),
    group: readGroup(a),
    groupType: groupType(a),
    resilient: readResilient(a),
    encap:
      encapType === null || encapType === 0
        ? null
        : readEncap(encapType, bytes, a.from(NHA.ENCAP), a.to(NHA.ENCAP), context),
    fdb: a.has(NHA.FDB),
  };
  return a.malformed ? null : object;
}
