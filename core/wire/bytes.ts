/**
 * Reading of numbers, text and netlink attributes from kernel bytes. Netlink is host order; routetap
 * runs on and records from little-endian machines. Nothing here throws or reads outside its bounds.
 */

import { addressText } from './address.js';
import { AF, NLA_TYPE_MASK } from './constants.js';

/** Bytes before the payload of struct nlattr: u16 length, u16 type. */
export const NLA_HEADER_BYTES = 4;

/** Bytes of an address of the family: AF_INET or AF_INET6. */
export const addressBytes = (family: number): number => (family === AF.INET ? 4 : 16);

export const align4 = (length: number): number => (length + 3) & ~3;

export const u16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

export const i32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

export const u32 = (bytes: Uint8Array, at: number): number => i32(bytes, at) >>> 0;

export const be16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const be32 = (bytes: Uint8Array, at: number): number =>
  ((be16(bytes, at) << 16) | be16(bytes, at + 2)) >>> 0;

/** A 64-bit count: a number while a number is exact, else its decimal text. */
function exact(high: number, low: number): number | string {
  return high < 0x20_0000
    ? high * 0x1_0000_0000 + low
    : ((BigInt(high) << 32n) | BigInt(low)).toString();
}

const u64 = (bytes: Uint8Array, at: number): number | string =>
  exact(u32(bytes, at + 4), u32(bytes, at));

const be64 = (bytes: Uint8Array, at: number): number | string =>
  exact(be32(bytes, at), be32(bytes, at + 4));

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += HEX[bytes[i] ?? 0] ?? '';
  return text;
}

const utf8 = new TextDecoder();

/** Text up to its NUL or `to`. What is not UTF-8 becomes U+FFFD. */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) return text;
    if (byte >= 0x80) {
      const nul = bytes.indexOf(0, i);
      return utf8.decode(bytes.subarray(from, nul < 0 || nul > to ? to : nul));
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * The attributes of a message or nest by type; a repeated one counts as it stood last, as in the
 * kernel's nla_parse. Readers give null for an absent attribute and set `malformed` for one that is
 * shorter than its type.
 */
export class Attributes {
  readonly bytes: Uint8Array;
  /** An attribute asked for was too short, or a nest's lengths were wrong. */
  malformed = false;
  /** Payload [from, to) of each type; to 0 where the attribute is absent. */
  readonly #places: Int32Array;

  private constructor(bytes: Uint8Array, max: number) {
    this.bytes = bytes;
    this.#places = new Int32Array(2 * (max + 1));
  }

  /** Attributes of types up to `max`; null when a length points outside. */
  static read(bytes: Uint8Array, start: number, end: number, max: number): Attributes | null {
    const attributes = new Attributes(bytes, max);
    for (let at = start; at + NLA_HEADER_BYTES <= end;) {
      const length = u16(bytes, at);
      if (length < NLA_HEADER_BYTES || at + length > end) return null;
      const type = u16(bytes, at + 2) & NLA_TYPE_MASK;
      if (type <= max) {
        attributes.#places[2 * type] = at + NLA_HEADER_BYTES;
        attributes.#places[2 * type + 1] = at + length;
      }
      at += align4(length);
    }
    return attributes;
  }

  has(type: number): boolean {
    return this.to(type) > 0;
  }

  from(type: number): number {
    return this.#places[2 * type] ?? 0;
  }

  to(type: number): number {
    return this.#places[2 * type + 1] ?? 0;
  }

  /** Where `size` bytes of the attribute start; -1 when it is absent or shorter. */
  #at(type: number, size: number): number {
    if (!this.has(type)) return -1;
    if (this.to(type) - this.from(type) >= size) return this.from(type);
    this.malformed = true;
    return -1;
  }

  #number<T>(type: number, size: number, read: (bytes: Uint8Array, at: number) => T): T | null {
    const at = this.#at(type, size);
    return at < 0 ? null : read(this.bytes, at);
  }

  u8(type: number): number | null {
    return this.#number(type, 1, (bytes, at) => bytes[at] ?? 0);
  }

  u16(type: number): number | null {
    return this.#number(type, 2, u16);
  }

  be16(type: number): number | null {
    return this.#number(type, 2, be16);
  }

  u32(type: number): number | null {
    return this.#number(type, 4, u32);
  }

  i32(type: number): number | null {
    return this.#number(type, 4, i32);
  }

  be32(type: number): number | null {
    return this.#number(type, 4, be32);
  }

  u64(type: number): number | string | null {
    return this.#number(type, 8, u64);
  }

  be64(type: number): number | string | null {
    return this.#number(type, 8, be64);
  }

  text(type: number): string | null {
    return this.has(type) ? textAt(this.bytes, this.from(type), this.to(type)) : null;
  }

  hex(type: number): string | null {
    return this.has(type) ? hex(this.bytes, this.from(type), this.to(type)) : null;
  }

  /** An address of the family (AF_INET or AF_INET6). */
  address(type: number, family: number): string | null {
    const length = addressBytes(family);
    const at = this.#at(type, length);
    return at < 0 ? null : addressText(this.bytes, at, length);
  }

  /** The attributes inside an attribute. */
  nested(type: number, max: number): Attributes | null {
    if (!this.has(type)) return null;
    const inner = Attributes.read(this.bytes, this.from(type), this.to(type), max);
    if (inner === null) this.malformed = true;
    return inner;
  }
}
