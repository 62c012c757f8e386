/** RTM_NEWADDRLABEL: the policy table of RFC 6724 (net/ipv6/addrlabel.c). */

import { Attributes, u32 } from './bytes.js';
import { AF, IFAL } from './constants.js';

/** A row of the policy table. */
export interface AddressLabel {
  /** 16 bytes. */
  readonly prefix: Uint8Array;
  readonly length: number;
  /** Only for addresses of this interface; 0: of all. */
  readonly ifindex: number;
  readonly label: number;
}

/** struct ifaddrlblmsg: u8 family, u8 reserved, u8 prefixlen, u8 flags, u32 index, u32 seq. */
const IFADDRLBLMSG_BYTES = 12;

/** Reads the message whose struct ifaddrlblmsg stands at `start`. Null: malformed or another family. */
export function readAddressLabel(
  bytes: Uint8Array,
  start: number,
  end: number,
): AddressLabel | null {
  const a =
    start + IFADDRLBLMSG_BYTES > end
      ? null
      : Attributes.read(bytes, start + IFADDRLBLMSG_BYTES, end, IFAL.LABEL);
  const label = a?.u32(IFAL.LABEL) ?? null;
  const length = bytes[start + 2] ?? 0;
  if (a === null || label === null || bytes[start] !== AF.INET6 || length > 128) return null;
  const from = a.from(IFAL.ADDRESS);
  if (a.to(IFAL.ADDRESS) - from < 16) return null;
  return { prefix: bytes.slice(from, from + 16), length, ifindex: u32(bytes, start + 4), label };
}
