import { u16 } from '../wire/bytes.js';
import { RTA } from '../wire/constants.js';
import { BODY_HEADER_BYTES, compareHops, findMultipath, hopStarts } from '../wire/hops.js';

/** Questions about canonical bodies (core/wire/scan.ts) that need their bytes; all off the hot path. */

/** A copy without rtm_flags and rtnh_flags: these change silently (linkdown, offload), the route stays the same. */
export function withoutFlags(body: Uint8Array): Uint8Array {
  const copy = body.slice();
  copy.fill(0, 4, BODY_HEADER_BYTES);
  const place = findMultipath(copy);
  if (place === null) return copy;
  for (let o = place[0] + 4; o + 8 <= place[1];) {
    copy[o + 2] = 0;
    const length = u16(copy, o);
    if (length < 8) break;
    o += (length + 3) & ~3;
  }
  return copy;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const RTNH_F_DEAD = 1;

/** Whether a leg over the interface is out of use; it can come back without a word (fib_sync_up). */
export function hasDeadHop(body: Uint8Array, ifindex: number): boolean {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return hopStarts(body).some(
    (hop) =>
      ((body[hop + 2] ?? 0) & RTNH_F_DEAD) !== 0 && view.getUint32(hop + 4, true) === ifindex,
  );
}

/** RTA_NH_ID of a body, 0 without. */
export function nexthopIdOf(body: Uint8Array): number {
  for (let o = BODY_HEADER_BYTES; o + 8 <= body.length;) {
    const length = u16(body, o);
    if (length < 4) return 0;
    if ((u16(body, o + 2) & 0x3fff) === RTA.NH_ID) {
      return new DataView(body.buffer, body.byteOffset).getUint32(o + 4, true);
    }
    o += (length + 3) & ~3;
  }
  return 0;
}

/**
 * Whether the kernel would take an IPv6 route into a multipath set: paths with gateways, not a nexthop
 * object (rt6_qualify_for_ecmp, include/net/ip6_route.h).
 */
export function joinsMultipath(body: Uint8Array): boolean {
  if (nexthopIdOf(body) !== 0) return false;
  return hopStarts(body).some((hop) => {
    const end = hop + u16(body, hop);
    for (let o = hop + 8; o + 4 <= end;) {
      const type = u16(body, o + 2) & 0x3fff;
      if (type === RTA.GATEWAY || type === RTA.VIA) return true;
      const length = u16(body, o);
      if (length < 4) return false;
      o += (length + 3) & ~3;
    }
    return false;
  });
}

/** Starts of the hops of `whole` that `part` names too; null when `part` names one that `whole` lacks, or none. */
export function hopsNamed(whole: Uint8Array, part: Uint8Array): ReadonlySet<number> | null {
  const hops = hopStarts(whole);
  const named = new Set<number>();
  for (const wanted of hopStarts(part)) {
    const found = hops.find(
      (hop) => !named.has(hop) && compareHops(whole, hop, part, wanted) === 0,
    );
    if (found === undefined) return null;
    named.add(found);
  }
  return named.size === 0 ? null : named;
}
