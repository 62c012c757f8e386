/** RTM_NEWNETCONF and RTM_DELNETCONF: per-interface sysctls (net/ipv4/devinet.c, net/ipv6/addrconf.c). */

import { Attributes } from './bytes.js';
import { NETCONFA } from './constants.js';

/** Settings of an interface; null where the message doesn't speak of them. */
export interface Netconf {
  /** AF_INET, AF_INET6, AF_MPLS. */
  readonly family: number;
  /** NETCONFA_IFINDEX_ALL -1, NETCONFA_IFINDEX_DEFAULT -2. */
  readonly ifindex: number;
  readonly forwarding: boolean | null;
  /** 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number | null;
  readonly mcForwarding: boolean | null;
  readonly bcForwarding: boolean | null;
  readonly proxyNeigh: boolean | null;
  readonly ignoreRoutesWithLinkdown: boolean | null;
}

/** struct netconfmsg is one byte, padded to 4. */
const NETCONFMSG_BYTES = 4;

/** Reads the message whose struct netconfmsg stands at `start`. Null: malformed. */
export function readNetconf(bytes: Uint8Array, start: number, end: number): Netconf | null {
  if (start + NETCONFMSG_BYTES > end) return null;
  const a = Attributes.read(bytes, start + NETCONFMSG_BYTES, end, NETCONFA.BC_FORWARDING);
  const ifindex = a?.i32(NETCONFA.IFINDEX) ?? null;
  if (a === null || ifindex === null) return null;
  const on = (type: number): boolean | null => {
    const value = a.i32(type);
    return value === null ? null : value !== 0;
  };
  const netconf: Netconf = {
    family: bytes[start] ?? 0,
    ifindex,
    forwarding: on(NETCONFA.FORWARDING),
    rpFilter: a.i32(NETCONFA.RP_FILTER),
    mcForwarding: on(NETCONFA.MC_FORWARDING),
    bcForwarding: on(NETCONFA.BC_FORWARDING),
    proxyNeigh: on(NETCONFA.PROXY_NEIGH),
    ignoreRoutesWithLinkdown: on(NETCONFA.IGNORE_ROUTES_WITH_LINKDOWN),
  };
  return a.malformed ? null : netconf;
}
