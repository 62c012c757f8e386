/**
 * One pass over a route message: the key into words, everything else into a canonical body.
 * The canonical body makes equal what the kernel writes in several ways: an IPv6 route's hops always
 * stand in one RTA_MULTIPATH, sorted, whether the message named one path or many, in whatever order
 * (rt6_fill_node puts the newest sibling first in notifications, the first one in dumps).
 */

import { align4, be32, u16, u32 } from './bytes.js';
import { AF, RTA } from './constants.js';
import {
  BODY_HEADER_BYTES,
  closeMultipath,
  copyAttribute,
  hopsOf,
  openMultipath,
  RTNEXTHOP_BYTES,
  writeHops,
} from './hops.js';

const RTMSG_BYTES = 12;
const MAX_BODY_BYTES = 1 << 16;

/** The result of a scan; reused, so copy what must outlive the next one. */
export class RouteScan {
  family = 0;
  dstLength = 0;
  srcLength = 0;
  tos = 0;
  table = 0;
  protocol = 0;
  type = 0;
  /** rtm_flags as it came. */
  flags = 0;
  priority = 0;
  /** Destination as big-endian words; only w0 for IPv4. */
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  /** Source prefix of an IPv6 subtree, big-endian words. */
  readonly src = new Uint32Array(4);
  /** rta_expires, 1/100 s, signed; 0 for none. */
  expiresTicks = 0;
  nhid = 0;
  hasGateway = false;
  hopCount = 0;
  readonly body = new Uint8Array(MAX_BODY_BYTES);
  readonly bodyWords = new Uint32Array(this.body.buffer);
  /** Bytes of `body` in use, a multiple of 4. */
  bodyBytes = 0;
}

/**
 * Scans the rtmsg at `start` (first byte after nlmsghdr) up to `end` into `out`.
 * False: not a route message routetap can read (short, attribute out of bounds, bad length).
 */
export function scanRoute(bytes: Uint8Array, start: number, end: number, out: RouteScan): boolean {
  if (end - start < RTMSG_BYTES || end - start > MAX_BODY_BYTES) return false;
  const family = bytes[start] ?? 0;
  if (family !== AF.INET && family !== AF.INET6) return false;
  const inet6 = family === AF.INET6;
  const addressBytes = inet6 ? 16 : 4;
  const dstLength = bytes[start + 1] ?? 0;
  const srcLength = bytes[start + 2] ?? 0;
  if (dstLength > addressBytes * 8 || srcLength > addressBytes * 8) return false;
  out.family = family;
  out.dstLength = dstLength;
  out.srcLength = srcLength;
  out.tos = bytes[start + 3] ?? 0;
  out.table = bytes[start + 4] ?? 0;
  out.protocol = bytes[start + 5] ?? 0;
  out.type = bytes[start + 7] ?? 0;
  out.flags = u32(bytes, start + 8);
  out.priority = 0;
  out.w0 = out.w1 = out.w2 = out.w3 = 0;
  out.expiresTicks = 0;
  out.nhid = 0;
  out.hasGateway = false;
  out.hopCount = 0;
  if (srcLength > 0) out.src.fill(0);

  const body = out.body;
  body[0] = family;
  body[1] = out.protocol;
  body[2] = bytes[start + 6] ?? 0;
  body[3] = out.type;
  let at = BODY_HEADER_BYTES;
  let pathStart = -1;
  let oif = 0;
  let multipath = 0;
  let multipathEnd = 0;

  for (let o = start + RTMSG_BYTES; o + 4 <= end;) {
    const length = u16(bytes, o);
    if (length < 4 || o + length > end) return false;
    const payload = length - 4;
    switch (u16(bytes, o + 2) & 0x3fff) {
      case RTA.DST:
        if (payload < addressBytes) return false;
        out.w0 = be32(bytes, o + 4);
        if (inet6) {
          out.w1 = be32(bytes, o + 8);
          out.w2 = be32(bytes, o + 12);
          out.w3 = be32(bytes, o + 16);
        }
        break;
      case RTA.TABLE:
        if (payload < 4) return false;
        out.table = u32(bytes, o + 4);
        break;
      case RTA.PRIORITY:
        if (payload < 4) return false;
        out.priority = u32(bytes, o + 4);
        break;
      case RTA.SRC:
        if (payload < addressBytes) return false;
        for (let w = 0; w * 4 < addressBytes; w++) out.src[w] = be32(bytes, o + 4 + w * 4);
        break;
      case RTA.CACHEINFO:
        if (payload < 12) return false;
        out.expiresTicks = u32(bytes, o + 12) | 0;
        break;
      case RTA.MULTIPATH:
        multipath = o + 4;
        multipathEnd = o + length;
        if (!inet6) at = copyAttribute(bytes, o, length, body, at);
        break;
      case RTA.OIF:
        if (payload < 4) return false;
        oif = u32(bytes, o + 4);
        if (!inet6) at = copyAttribute(bytes, o, length, body, at);
        break;
      case RTA.GATEWAY:
      case RTA.VIA:
        out.hasGateway = true;
        if (inet6) pathStart = pathStart < 0 ? o : pathStart;
        else at = copyAttribute(bytes, o, length, body, at);
        break;
      case RTA.ENCAP:
      case RTA.ENCAP_TYPE:
        if (inet6) pathStart = pathStart < 0 ? o : pathStart;
        else at = copyAttribute(bytes, o, length, body, at);
        break;
      case RTA.NH_ID:
        if (payload < 4) return false;
        out.nhid = u32(bytes, o + 4);
        at = copyAttribute(bytes, o, length, body, at);
        break;
      default:
        at = copyAttribute(bytes, o, length, body, at);
    }
    o += align4(length);
  }

  let flags = out.flags;
  if (inet6) {
    // The low byte belongs to the single path; it goes where multipath keeps it, with the hop.
    if (multipath > 0) {
      const hops = hopsOf(bytes, multipath, multipathEnd);
      if (hops === null) return false;
      out.hopCount = hops.length;
      at = writeHops(bytes, hops, body, at);
    } else if (oif !== 0 || pathStart >= 0) {
      out.hopCount = 1;
      at = writeSinglePath(bytes, start + RTMSG_BYTES, end, oif, flags & 0xff, body, at);
    }
    flags = (flags & ~0xff) >>> 0;
  } else {
    out.hopCount = multipath > 0 ? 2 : 1;
  }
  body[4] = flags & 0xff;
  body[5] = (flags >>> 8) & 0xff;
  body[6] = (flags >>> 16) & 0xff;
  body[7] = flags >>> 24;
  out.bodyBytes = at;
  return true;
}

function writeSinglePath(
  bytes: Uint8Array,
  from: number,
  end: number,
  oif: number,
  flags: number,
  body: Uint8Array,
  at: number,
): number {
  const hop = openMultipath(body, at);
  let next = hop + RTNEXTHOP_BYTES;
  for (let o = from; o + 4 <= end;) {
    const length = u16(bytes, o);
    const type = u16(bytes, o + 2) & 0x3fff;
    if (type === RTA.GATEWAY || type === RTA.VIA || type === RTA.ENCAP || type === RTA.ENCAP_TYPE) {
      next = copyAttribute(bytes, o, length, body, next);
    }
    o += align4(length);
  }
  body[hop] = (next - hop) & 0xff;
  body[hop + 1] = (next - hop) >>> 8;
  body[hop + 2] = flags;
  body[hop + 3] = 0;
  body[hop + 4] = oif & 0xff;
  body[hop + 5] = (oif >>> 8) & 0xff;
  body[hop + 6] = (oif >>> 16) & 0xff;
  body[hop + 7] = oif >>> 24;
  return closeMultipath(body, at, next);
}
