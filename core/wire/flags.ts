/** rtm_flags and rtnh_flags by name. */

import { RTM_F, RTNH_F } from './constants.js';

type FlagTable = readonly (readonly [number, string])[];

/** In the order in which `ip route` prints them. */
const NEXTHOP: FlagTable = [
  [RTNH_F.DEAD, 'dead'],
  [RTNH_F.ONLINK, 'onlink'],
  [RTNH_F.PERVASIVE, 'pervasive'],
  [RTNH_F.OFFLOAD, 'offload'],
  [RTNH_F.TRAP, 'trap'],
  [RTNH_F.LINKDOWN, 'linkdown'],
  [RTNH_F.UNRESOLVED, 'unresolved'],
];

/** RTM_F_NOTIFY, LOOKUP_TABLE and FIB_MATCH speak of the request, not of the route. */
const ROUTE: FlagTable = [
  [RTM_F.CLONED, 'cloned'],
  [RTM_F.PREFIX, 'prefix'],
  [RTM_F.OFFLOAD, 'offload'],
  [RTM_F.TRAP, 'trap'],
];

const UNCLONED: FlagTable = [[RTM_F.OFFLOAD_FAILED, 'offload_failed']];

/** RTCF_* above bit 15 of a cloned IPv4 route (include/uapi/linux/in_route.h). */
const CLONED_INET: FlagTable = [
  [0x00010000, 'notify'],
  [0x00020000, 'direct-dst'],
  [0x00040000, 'redirected'],
  [0x01000000, 'redirect'],
  [0x04000000, 'direct-src'],
  [0x10000000, 'broadcast'],
  [0x20000000, 'multicast'],
  [0x40000000, 'reject'],
  [0x80000000, 'local'],
];

const NONE: readonly string[] = Object.freeze([]);

function namesIn(bits: number, table: FlagTable): readonly string[] {
  return table.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

/** rtnh_flags, or the low byte of rtm_flags. */
export const nexthopFlags = (bits: number): readonly string[] =>
  (bits & 0xff) === 0 ? NONE : Object.freeze(namesIn(bits, NEXTHOP));

/** rtm_flags above the low byte. */
export function routeFlags(bits: number, inet: boolean): readonly string[] {
  if ((bits & ~(0xff | RTM_F.NOTIFY)) === 0) return NONE;
  const clonedInet = inet && (bits & RTM_F.CLONED) !== 0;
  return Object.freeze([
    ...namesIn(bits, ROUTE),
    ...namesIn(bits, clonedInet ? CLONED_INET : UNCLONED),
  ]);
}
