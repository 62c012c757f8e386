/** Kinds of addresses the lookups treat apart (include/linux/in.h; net/ipv6/addrconf_core.c, __ipv6_addr_type). */

const first = (address: Uint8Array): number => address[0] ?? 0;

export const inet = {
  isMulticast: (a: Uint8Array): boolean => first(a) >>> 4 === 0xe,
  /** 224.0.0.0/24. */
  isLocalMulticast: (a: Uint8Array): boolean => first(a) === 224 && a[1] === 0 && a[2] === 0,
  /** 255.255.255.255. */
  isLimitedBroadcast: (a: Uint8Array): boolean => a.every((byte) => byte === 255),
  /** 0.0.0.0; the rest of 0.0.0.0/8 is like other addresses since Linux 5.3. */
  isZeronet: (a: Uint8Array): boolean => a.every((byte) => byte === 0),
  isLoopback: (a: Uint8Array): boolean => first(a) === 127,
} as const;

/** IPV6_ADDR_SCOPE_* (include/net/ipv6.h). */
export const INET6_SCOPE = { LINKLOCAL: 2, SITELOCAL: 5, GLOBAL: 14 } as const;

const isLinkLocal = (a: Uint8Array): boolean => first(a) === 0xfe && ((a[1] ?? 0) & 0xc0) === 0x80;
const isMulticast = (a: Uint8Array): boolean => first(a) === 0xff;
const zeros = (a: Uint8Array, bytes: number): boolean =>
  a.subarray(0, bytes).every((byte) => byte === 0);
const isLoopback = (a: Uint8Array): boolean => zeros(a, 15) && a[15] === 1;

/** RFC 4291 scope of an address, -1 for `::`. */
function scope(a: Uint8Array): number {
  if (isMulticast(a)) return (a[1] ?? 0) & 0xf;
  if (isLinkLocal(a) || isLoopback(a)) return INET6_SCOPE.LINKLOCAL;
  if (first(a) === 0xfe && ((a[1] ?? 0) & 0xc0) === 0xc0) return INET6_SCOPE.SITELOCAL;
  return zeros(a, 16) ? -1 : INET6_SCOPE.GLOBAL;
}

export const inet6 = {
  isMulticast,
  isLinkLocal,
  isLoopback,
  scope,
  /** Rule 3 of RFC 6724 does not apply to these: loopback, IPv4-mapped and -compatible, and what starts with eight zeros. */
  isAlwaysPreferred: (a: Uint8Array): boolean => first(a) === 0,
  /** 2001:10::/28. */
  isOrchid: (a: Uint8Array): boolean =>
    a[0] === 0x20 && a[1] === 0x01 && a[2] === 0 && ((a[3] ?? 0) & 0xf0) === 0x10,
  /** The outgoing interface is part of the address: only its routes serve. */
  needsStrict: (a: Uint8Array): boolean => isMulticast(a) || isLinkLocal(a) || isLoopback(a),
} as const;
