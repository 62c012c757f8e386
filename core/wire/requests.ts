/**
 * Requests as whole messages, nlmsghdr and on, that pass the kernel's strict checking
 * (NETLINK_GET_STRICT_CHK): headers zero but for what is filtered by, no attribute a dump refuses.
 */

import { AF, IFLA, NLM_F, RTA, RTM, RTM_F } from './constants.js';

/** AF_INET or AF_INET6. */
export type InetFamily = typeof AF.INET | typeof AF.INET6;

const NLMSGHDR_BYTES = 16;
const DUMP = NLM_F.REQUEST | NLM_F.DUMP;
/** IFLA_EXT_MASK: leave the statistics out, which are most of a link message. */
const RTEXT_FILTER_SKIP_STATS = 8;

class Request {
  readonly #bytes: number[];

  /** A message with `headerBytes` of zeros behind its nlmsghdr. */
  constructor(type: number, flags: number, seq: number, headerBytes: number) {
    this.#bytes = new Array<number>(NLMSGHDR_BYTES + ((headerBytes + 3) & ~3)).fill(0);
    this.#u16(4, type);
    this.#u16(6, flags);
    this.#u32(8, seq);
  }

  #u16(at: number, value: number): void {
    this.#bytes[at] = value & 0xff;
    this.#bytes[at + 1] = (value >>> 8) & 0xff;
  }

  #u32(at: number, value: number): void {
    this.#u16(at, value & 0xffff);
    this.#u16(at + 2, value >>> 16);
  }

  /** Sets a byte of the header behind nlmsghdr. */
  byte(at: number, value: number): this {
    this.#bytes[NLMSGHDR_BYTES + at] = value & 0xff;
    return this;
  }

  word(at: number, value: number): this {
    this.#u32(NLMSGHDR_BYTES + at, value);
    return this;
  }

  attribute(type: number, payload: Uint8Array): this {
    const at = this.#bytes.length;
    this.#u16(at, 4 + payload.length);
    this.#u16(at + 2, type);
    for (const byte of payload) this.#bytes.push(byte);
    while (this.#bytes.length % 4 !== 0) this.#bytes.push(0);
    return this;
  }

  /** A u32 attribute; nothing for undefined. */
  number(type: number, value: number | undefined): this {
    if (value === undefined) return this;
    return this.attribute(
      type,
      Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24),
    );
  }

  /** A be16 attribute; nothing for undefined. */
  port(type: number, value: number | undefined): this {
    return value === undefined
      ? this
      : this.attribute(type, Uint8Array.of(value >>> 8, value & 0xff));
  }

  build(): Uint8Array {
    this.#u32(0, this.#bytes.length);
    return Uint8Array.from(this.#bytes);
  }
}

/** What the kernel filters a route dump by. */
export interface RouteFilter {
  readonly family: InetFamily;
  readonly table?: number;
  /** rtm_protocol. */
  readonly protocol?: number;
  /** rtm_type. */
  readonly type?: number;
  /** ifindex. */
  readonly oif?: number;
}

/** RTM_GETROUTE dump. A table that doesn't exist is answered by ENOENT. */
export const dumpRoutes = (filter: RouteFilter, seq: number): Uint8Array =>
  new Request(RTM.GETROUTE, DUMP, seq, 12)
    .byte(0, filter.family)
    .byte(5, filter.protocol ?? 0)
    .byte(7, filter.type ?? 0)
    .number(RTA.TABLE, filter.table)
    .number(RTA.OIF, filter.oif)
    .build();

/** What the kernel learned for single destinations: RTM_GETROUTE dump of the exceptions alone (RTM_F_CLONED). */
export const dumpExceptions = (family: InetFamily, seq: number): Uint8Array =>
  new Request(RTM.GETROUTE, DUMP, seq, 12).byte(0, family).word(8, RTM_F.CLONED).build();

/** RTM_GETNEIGH dump. */
export const dumpNeighbours = (family: InetFamily, seq: number): Uint8Array =>
  new Request(RTM.GETNEIGH, DUMP, seq, 12).byte(0, family).build();

/** RTM_GETADDRLABEL dump. */
export const dumpAddressLabels = (seq: number): Uint8Array =>
  new Request(RTM.GETADDRLABEL, DUMP, seq, 12).byte(0, AF.INET6).build();

/** RTM_GETLINK dump without statistics. */
export const dumpLinks = (seq: number): Uint8Array =>
  new Request(RTM.GETLINK, DUMP, seq, 16).number(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS).build();

/** RTM_GETADDR dump; AF_UNSPEC for all families. */
export const dumpAddresses = (family: number, seq: number): Uint8Array =>
  new Request(RTM.GETADDR, DUMP, seq, 8).byte(0, family).build();

/** RTM_GETNEXTHOP dump. */
export const dumpNexthops = (seq: number): Uint8Array =>
  new Request(RTM.GETNEXTHOP, DUMP, seq, 8).build();

/** RTM_GETRULE dump. */
export const dumpRules = (family: number, seq: number): Uint8Array =>
  new Request(RTM.GETRULE, DUMP, seq, 12).byte(0, family).build();

/** RTM_GETNETCONF dump. */
export const dumpNetconf = (family: InetFamily, seq: number): Uint8Array =>
  new Request(RTM.GETNETCONF, DUMP, seq, 1).byte(0, family).build();

/** A lookup in the FIB, as the kernel would do it for a packet. */
export interface RouteLookup {
  readonly family: InetFamily;
  /** Address, 4 or 16 bytes. */
  readonly dst: Uint8Array;
  readonly src?: Uint8Array;
  readonly mark?: number;
  /** ifindex; with it the lookup is for a received packet and needs `src`. */
  readonly iif?: number;
  readonly oif?: number;
  readonly tos?: number;
  readonly uid?: number;
  /** IPPROTO_TCP, UDP, ICMP or ICMPV6; the kernel answers for no other. */
  readonly ipproto?: number;
  readonly sport?: number;
  readonly dport?: number;
  /** True: the answer is the route itself; false: the cached result for this address. */
  readonly fibMatch?: boolean;
}

/** RTM_GETROUTE of one address. */
export function getRoute(lookup: RouteLookup, seq: number): Uint8Array {
  const inet = lookup.family === AF.INET;
  const bits = inet ? 32 : 128;
  // IPv6 refuses RTM_F_LOOKUP_TABLE; its answers name the table anyway.
  const flags = (lookup.fibMatch === true ? RTM_F.FIB_MATCH : 0) | (inet ? RTM_F.LOOKUP_TABLE : 0);
  const request = new Request(RTM.GETROUTE, NLM_F.REQUEST, seq, 12)
    .byte(0, lookup.family)
    .byte(1, bits)
    .byte(2, lookup.src === undefined ? 0 : bits)
    .byte(3, lookup.tos ?? 0)
    .word(8, flags)
    .attribute(RTA.DST, lookup.dst);
  if (lookup.src !== undefined) request.attribute(RTA.SRC, lookup.src);
  request
    .number(RTA.IIF, lookup.iif)
    .number(RTA.OIF, lookup.oif)
    .number(RTA.MARK, lookup.mark)
    .number(RTA.UID, lookup.uid);
  if (lookup.ipproto !== undefined) {
    request.attribute(RTA.IP_PROTO, Uint8Array.of(lookup.ipproto));
  }
  return request.port(RTA.SPORT, lookup.sport).port(RTA.DPORT, lookup.dport).build();
}
