/**
 * Addresses between bytes and text. Text is RFC 5952's, with the last 32 bits dotted for the mapped
 * and compatible addresses where inet_ntop(3), and so `ip`, does it.
 */

import { AF } from './constants.js';

const OCTET = Array.from({ length: 256 }, (_, n) => n.toString());
const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16));
const HEX_PADDED = HEX.map((text) => text.padStart(2, '0'));

const octet = (n: number): string => OCTET[n & 0xff] ?? '';

function group(word: number): string {
  const high = (word >>> 8) & 0xff;
  const low = word & 0xff;
  return high === 0 ? (HEX[low] ?? '') : (HEX[high] ?? '') + (HEX_PADDED[low] ?? '');
}

/** An IPv4 address given as a big-endian word. */
export const inet4Text = (word: number): string =>
  `${octet(word >>> 24)}.${octet(word >>> 16)}.${octet(word >>> 8)}.${octet(word)}`;

const GROUPS = 8;
const groups = new Uint16Array(GROUPS);

/** An IPv6 address given as four big-endian words. */
export function inet6Text(w0: number, w1: number, w2: number, w3: number): string {
  groups[0] = w0 >>> 16;
  groups[1] = w0;
  groups[2] = w1 >>> 16;
  groups[3] = w1;
  groups[4] = w2 >>> 16;
  groups[5] = w2;
  groups[6] = w3 >>> 16;
  groups[7] = w3;

  // The longest run of zeros, the first of equals; a single zero is not shortened (RFC 5952, 4.2).
  let gap = -1;
  let gapLength = 1;
  for (let i = 0; i < GROUPS;) {
    if (groups[i] !== 0) {
      i++;
      continue;
    }
    const from = i;
    while (i < GROUPS && groups[i] === 0) i++;
    if (i - from > gapLength) {
      gap = from;
      gapLength = i - from;
    }
  }
  if (gap === 0 && (gapLength === 6 || (gapLength === 5 && groups[5] === 0xffff))) {
    return (gapLength === 6 ? '::' : '::ffff:') + inet4Text(w3);
  }

  let text = '';
  for (let i = 0; i < GROUPS; i++) {
    if (i === gap) {
      text += '::';
      i += gapLength - 1;
      continue;
    }
    if (i > 0 && i !== gap + gapLength) text += ':';
    text += group(groups[i] ?? 0);
  }
  return text;
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) |
  ((bytes[at + 1] ?? 0) << 16) |
  ((bytes[at + 2] ?? 0) << 8) |
  (bytes[at + 3] ?? 0);

/** The address of `length` bytes at `at`: 4 for IPv4, 16 for IPv6. */
export function addressText(bytes: Uint8Array, at: number, length: number): string {
  return length === 4
    ? inet4Text(word(bytes, at))
    : inet6Text(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12));
}

const OCTET_TEXT = /^(?:0|[1-9]\d{0,2})$/;

function parseInet4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    const value = Number(part);
    if (!OCTET_TEXT.test(part) || value > 255) return null;
    bytes[i] = value;
  }
  return bytes;
}

const GROUP_TEXT = /^[0-9a-f]{1,4}$/i;

/** The 16-bit groups of one side of `::`; null when one is wrong. */
function parseGroups(text: string, mayEndDotted: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const found: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (GROUP_TEXT.test(part)) {
      found.push(Number.parseInt(part, 16));
      continue;
    }
    const inet4 = mayEndDotted && i === parts.length - 1 ? parseInet4(part) : null;
    if (inet4 === null) return null;
    found.push(word(inet4, 0) >>> 16, word(inet4, 0) & 0xffff);
  }
  return found;
}

function parseInet6(text: string): Uint8Array | null {
  const gap = text.indexOf('::');
  const before = parseGroups(gap < 0 ? text : text.slice(0, gap), gap < 0);
  const after = gap < 0 ? [] : parseGroups(text.slice(gap + 2), true);
  if (before === null || after === null) return null;
  const missing = GROUPS - before.length - after.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return null;
  const bytes = new Uint8Array(16);
  const all = [...before, ...new Array<number>(missing).fill(0), ...after];
  for (const [i, value] of all.entries()) {
    bytes[2 * i] = value >>> 8;
    bytes[2 * i + 1] = value & 0xff;
  }
  return bytes;
}

/** An address in text as 4 or 16 bytes, null when it is none. Zones (`fe80::1%v0`) are refused. */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(':') ? parseInet6(text) : parseInet4(text);
}

/** A prefix; host bits are zero. */
export interface Prefix {
  /** AF_INET or AF_INET6; AF_UNSPEC for `default`, which means either family's. */
  readonly family: typeof AF.INET | typeof AF.INET6 | typeof AF.UNSPEC;
  /** 4 or 16 bytes, none for `default`. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

const LENGTH_TEXT = /^(?:0|[1-9]\d{0,2})$/;

/**
 * A prefix as users write it: `10.1.0.0/16`, a bare address for a host, `default`. Host bits set are
 * cleared. Null for anything else, shortened forms (`10/8`) among them.
 */
export function parsePrefix(text: string): Prefix | null {
  if (text === 'default') return { family: AF.UNSPEC, bytes: new Uint8Array(0), length: 0 };
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const lengthText = slash < 0 ? String(bytes.length * 8) : text.slice(slash + 1);
  const length = Number(lengthText);
  if (!LENGTH_TEXT.test(lengthText) || length > bytes.length * 8) return null;
  for (let i = 0; i < bytes.length; i++) {
    const kept = Math.min(8, Math.max(0, length - 8 * i));
    bytes[i] = (bytes[i] ?? 0) & (0xff00 >>> kept) & 0xff;
  }
  return { family: bytes.length === 4 ? AF.INET : AF.INET6, bytes, length };
}

/** A prefix as text, always with its length; `default` for the prefix that means either family. */
export function prefixText(prefix: Prefix): string {
  return prefix.family === AF.UNSPEC
    ? 'default'
    : `${addressText(prefix.bytes, 0, prefix.bytes.length)}/${prefix.length}`;
}
