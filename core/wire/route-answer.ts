/** The answer to RTM_GETROUTE of one address (net/ipv4/route.c, rt_fill_info; net/ipv6/route.c, rt6_fill_node). */

import { addressText } from './address.js';
import { addressBytes, Attributes, i32, u16, u32 } from './bytes.js';
import { AF, RTA } from './constants.js';

/** Where the kernel would send a packet now. */
export interface RouteAnswer {
  /** rtm_flags. */
  readonly flags: number;
  /** Null: onto the link. */
  readonly gateway: string | null;
  /** ifindex, 0 where none is told. */
  readonly oif: number;
  readonly table: number;
  /** rta_expires, 1/100 s; 0: never. */
  readonly expiresTicks: number;
}

const RTMSG_BYTES = 12;
const RTA_CACHEINFO_EXPIRES = 8;

/** Reads the message whose struct rtmsg stands at `start`. Null: malformed. */
export function readRouteAnswer(bytes: Uint8Array, start: number, end: number): RouteAnswer | null {
  if (start + RTMSG_BYTES > end) return null;
  const family = bytes[start] ?? 0;
  const a = Attributes.read(bytes, start + RTMSG_BYTES, end, RTA.NH_ID);
  if (a === null || (family !== AF.INET && family !== AF.INET6)) return null;
  const cacheinfo = a.to(RTA.CACHEINFO) - a.from(RTA.CACHEINFO);
  const answer: RouteAnswer = {
    flags: u32(bytes, start + 8),
    gateway: a.address(RTA.GATEWAY, family) ?? viaText(a),
    oif: a.u32(RTA.OIF) ?? 0,
    table: a.u32(RTA.TABLE) ?? bytes[start + 4] ?? 0,
    expiresTicks:
      cacheinfo >= RTA_CACHEINFO_EXPIRES + 4
        ? i32(bytes, a.from(RTA.CACHEINFO) + RTA_CACHEINFO_EXPIRES)
        : 0,
  };
  return a.malformed ? null : answer;
}

/** struct rtvia: u16 family, address. */
function viaText(a: Attributes): string | null {
  const from = a.from(RTA.VIA);
  const length = addressBytes(u16(a.bytes, from));
  return a.to(RTA.VIA) - from < 2 + length ? null : addressText(a.bytes, from + 2, length);
}
