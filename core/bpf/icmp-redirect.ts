import { addressText } from '../wire/address.js';
import { be16, u32 } from '../wire/bytes.js';
import { AF } from '../wire/constants.js';

/** What an ICMP frame (core/frame.ts) says. */
export interface IcmpRedirect {
  readonly family: 'inet' | 'inet6';
  readonly ifindex: number;
  readonly author: string;
  readonly gateway: string;
  /** 4 or 16 bytes: whose route it is about. */
  readonly dst: Uint8Array;
  /** Who sent what it quotes; null where it quotes nothing. */
  readonly src: Uint8Array | null;
}

/** u32 family, u32 ifindex, u8[16] sender. */
const HEAD_BYTES = 24;
const ICMP_REDIRECT = 5;
const NDISC_REDIRECT = 137;
const INET_HEADER_BYTES = 20;
/** ICMPv6 header and reserved word, target, destination (RFC 4861, 4.5). */
const NDISC_REDIRECT_BYTES = 40;
const OPT_REDIRECTED_HEADER = 4;
const INET6_HEADER_BYTES = 40;

/** Reads the payload of an ICMP frame. Null: no redirect, or cut short. */
export function readIcmpRedirect(
  bytes: Uint8Array,
  start: number,
  end: number,
): IcmpRedirect | null {
  if (start + HEAD_BYTES > end) return null;
  const family = u32(bytes, start);
  const ifindex = u32(bytes, start + 4);
  const at = start + HEAD_BYTES;
  if (family === AF.INET)
    return readInet(bytes, at, end, ifindex, addressText(bytes, start + 8, 4));
  if (family !== AF.INET6) return null;
  return readInet6(bytes, at, end, ifindex, addressText(bytes, start + 8, 16));
}

/** RFC 792: type, code, checksum, gateway, then the header of what was sent. */
function readInet(
  bytes: Uint8Array,
  at: number,
  end: number,
  ifindex: number,
  author: string,
): IcmpRedirect | null {
  const quoted = at + 8;
  if (quoted + INET_HEADER_BYTES > end || bytes[at] !== ICMP_REDIRECT) return null;
  return {
    family: 'inet',
    ifindex,
    author,
    gateway: addressText(bytes, at + 4, 4),
    src: bytes.slice(quoted + 12, quoted + 16),
    dst: bytes.slice(quoted + 16, quoted + 20),
  };
}

function readInet6(
  bytes: Uint8Array,
  at: number,
  end: number,
  ifindex: number,
  author: string,
): IcmpRedirect | null {
  if (at + NDISC_REDIRECT_BYTES > end || bytes[at] !== NDISC_REDIRECT) return null;
  return {
    family: 'inet6',
    ifindex,
    author,
    gateway: addressText(bytes, at + 8, 16),
    dst: bytes.slice(at + 24, at + 40),
    src: quotedSource(bytes, at + NDISC_REDIRECT_BYTES, end),
  };
}

/** Source in the header of the Redirected Header option (RFC 4861, 4.6.3). */
function quotedSource(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  for (let at = start; at + 8 <= end;) {
    const type = be16(bytes, at) >>> 8;
    const length = (bytes[at + 1] ?? 0) * 8;
    if (length === 0) return null;
    const header = at + 8;
    if (type === OPT_REDIRECTED_HEADER && header + INET6_HEADER_BYTES <= end) {
      return bytes.slice(header + 8, header + 24);
    }
    at += length;
  }
  return null;
}
