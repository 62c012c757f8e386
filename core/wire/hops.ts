/**
 * The hops of canonical bodies (core/wire/scan.ts): rtnexthops in an RTA_MULTIPATH, sorted.
 */

import { align4, u16, u32 } from './bytes.js';
import { RTA } from './constants.js';

/** First bytes of a body: family, rtm_protocol, rtm_scope, rtm_type, rtm_flags (u32). */
export const BODY_HEADER_BYTES = 8;

/** struct rtnexthop: u16 len, u8 flags, u8 hops, i32 ifindex. */
export const RTNEXTHOP_BYTES = 8;

/** Copies a short run; `set` of a subarray costs more than the loop for attributes of this size. */
function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > 64) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] ?? 0;
}

function pad(body: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) body[i] = 0;
}

export function copyAttribute(
  bytes: Uint8Array,
  o: number,
  length: number,
  body: Uint8Array,
  at: number,
): number {
  copy(bytes, o, length, body, at);
  const next = at + align4(length);
  pad(body, at + length, next);
  return next;
}

/** Starts of the rtnexthops in a RTA_MULTIPATH payload, sorted by interface and path; null when malformed. */
export function hopsOf(bytes: Uint8Array, start: number, end: number): number[] | null {
  const hops: number[] = [];
  for (let o = start; o + RTNEXTHOP_BYTES <= end;) {
    const length = u16(bytes, o);
    if (length < RTNEXTHOP_BYTES || o + length > end) return null;
    hops.push(o);
    o += align4(length);
  }
  return hops.sort((a, b) => compareHops(bytes, a, bytes, b));
}

/** Orders two rtnexthops by ifindex and attributes; flags and weight don't tell hops apart. */
export function compareHops(a: Uint8Array, ao: number, b: Uint8Array, bo: number): number {
  const byLength = u16(a, ao) - u16(b, bo);
  const byIfindex = u32(a, ao + 4) - u32(b, bo + 4);
  if (byIfindex !== 0) return byIfindex;
  if (byLength !== 0) return byLength;
  const length = u16(a, ao);
  for (let i = RTNEXTHOP_BYTES; i < length; i++) {
    const difference = (a[ao + i] ?? 0) - (b[bo + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function openMultipath(body: Uint8Array, at: number): number {
  body[at + 2] = RTA.MULTIPATH;
  body[at + 3] = 0;
  return at + 4;
}

export function closeMultipath(body: Uint8Array, at: number, end: number): number {
  body[at] = (end - at) & 0xff;
  body[at + 1] = (end - at) >>> 8;
  return end;
}

export function writeHops(
  bytes: Uint8Array,
  hops: readonly number[],
  body: Uint8Array,
  at: number,
): number {
  let next = openMultipath(body, at);
  for (const hop of hops) next = copyAttribute(bytes, hop, u16(bytes, hop), body, next);
  return closeMultipath(body, at, next);
}

/** Where a body's RTA_MULTIPATH stands, as [attribute start, attribute end]; null without one. */
export function findMultipath(body: Uint8Array): readonly [number, number] | null {
  for (let o = BODY_HEADER_BYTES; o + 4 <= body.length;) {
    const length = u16(body, o);
    if (length < 4) return null;
    if ((u16(body, o + 2) & 0x3fff) === RTA.MULTIPATH) return [o, o + length];
    o += align4(length);
  }
  return null;
}

/** Starts of the rtnexthops of a canonical body. */
export function hopStarts(body: Uint8Array): readonly number[] {
  const place = findMultipath(body);
  return place === null ? [] : (hopsOf(body, place[0] + 4, place[1]) ?? []);
}

/** A canonical body without the hops at `gone` (starts as `hopStarts` gives them). A single hop left loses its weight, as in the kernel's own message. */
export function withoutHops(body: Uint8Array, gone: ReadonlySet<number>): Uint8Array {
  const place = findMultipath(body);
  if (place === null) return body;
  const out = new Uint8Array(body.length);
  out.set(body.subarray(0, place[0]));
  let next = openMultipath(out, place[0]);
  const kept = hopStarts(body).filter((hop) => !gone.has(hop));
  for (const hop of kept) next = copyAttribute(body, hop, u16(body, hop), out, next);
  if (kept.length === 1) out[place[0] + 4 + 3] = 0;
  closeMultipath(out, place[0], next);
  return out.slice(0, next);
}

/** Interfaces a body's paths leave by, for finding the routes a link's fate touches. */
export function bodyUsesInterface(body: Uint8Array, ifindex: number): boolean {
  for (let o = BODY_HEADER_BYTES; o + 4 <= body.length;) {
    const length = u16(body, o);
    if (length < 4) return false;
    const type = u16(body, o + 2) & 0x3fff;
    if (type === RTA.OIF && u32(body, o + 4) === ifindex) return true;
    if (type === RTA.MULTIPATH) {
      const hops = hopsOf(body, o + 4, o + length) ?? [];
      if (hops.some((hop) => u32(body, hop + 4) === ifindex)) return true;
    }
    o += align4(length);
  }
  return false;
}
