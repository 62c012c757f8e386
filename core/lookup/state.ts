/** What a lookup is computed from: a mirror of one namespace and family, narrowed to what one flow can meet. */

import type { Family } from '../event.js';
import type { RouteParts } from '../route-body.js';
import type { AddressLabel } from '../wire/address-label.js';
import type { InterfaceAddress } from '../wire/ifaddr.js';
import type { Rule } from '../wire/rule.js';

/** A packet as the kernel would look its route up. */
export interface Flow {
  readonly family: Family;
  /** 4 or 16 bytes. */
  readonly dst: Uint8Array;
  /** Null: the kernel chooses. */
  readonly src: Uint8Array | null;
  /** ifindex it was received on; 0: sent from here. */
  readonly iif: number;
  /** ifindex it is bound to, 0 for none. */
  readonly oif: number;
  readonly mark: number;
  /** Of the sending socket; the kernel's own value for a received packet. */
  readonly uid: number;
  /** IPPROTO_* number, 0 for none. */
  readonly ipproto: number;
  readonly sport: number;
  readonly dport: number;
  readonly tos: number;
}

/** A route of the mirror: one alias of IPv4, all siblings of IPv6. */
export interface FibRoute {
  readonly table: number;
  /** Prefix, 4 or 16 bytes. */
  readonly dst: Uint8Array;
  readonly dstLength: number;
  /** Source prefix of an IPv6 subtree; length 0 without. */
  readonly src: Uint8Array;
  readonly srcLength: number;
  readonly tos: number;
  readonly priority: number;
  /** rtm_scope value. */
  readonly scope: number;
  /** Its lifetime is over and the kernel hasn't removed it yet. */
  readonly isExpired: boolean;
  readonly parts: RouteParts;
}

/** An interface as far as lookups care. */
export interface Device {
  readonly ifindex: number;
  readonly name: string;
  /** IFF_* bits. */
  readonly flags: number;
  /** ifindex of the VRF it belongs to, 0 for none. */
  readonly vrf: number;
  /** Its table where it is a VRF itself, else null. */
  readonly vrfTable: number | null;
  readonly group: number;
  /** True when IPv4 is enabled on it (it has a struct in_device). */
  readonly hasInet: boolean;
  /** IPv4 forwarding of what it receives. */
  readonly isForwarding: boolean;
  readonly bcForwarding: boolean;
  readonly routeLocalnet: boolean;
  readonly useTempaddr: number;
  readonly useOifAddrsOnly: boolean;
  readonly useOptimistic: boolean;
}

export interface Neighbour {
  readonly ifindex: number;
  readonly address: string;
  /** NUD_* bits. */
  readonly state: number;
  /** Hardware address, null while unknown. */
  readonly lladdr: string | null;
}

/** What the kernel learned for one destination by a redirect or a PMTU message (struct fib_nh_exception, rt6_exception). */
export interface Exception {
  readonly table: number;
  readonly ifindex: number;
  /** Another one than the route's after a redirect. */
  readonly gateway: string | null;
  /** Bytes, null where only the gateway was learned. */
  readonly mtu: number | null;
  /** Seconds it still lasts, 0 for ever. */
  readonly expiresS: number;
}

export interface LookupState {
  readonly family: Family;
  /** In the kernel's order. */
  readonly rules: readonly Rule[];
  /** Every route that covers the flow's destination or source, in the kernel's order. */
  readonly routes: readonly FibRoute[];
  /** In the kernel's order. */
  readonly devices: ReadonlyMap<number, Device>;
  /** Of the family, in the kernel's order. */
  readonly addresses: readonly InterfaceAddress[];
  /** IPv6 only. */
  readonly labels: readonly AddressLabel[];
  readonly neighbours: readonly Neighbour[];
  /** Of the flow's destination. */
  readonly exceptions: readonly Exception[];
  /** Members of nexthop groups as `ifindex gateway`, in the kernel's order, by the group's id. */
  readonly groups: ReadonlyMap<number, readonly string[]>;
  /** IPv6: net.ipv6.conf.all.forwarding. */
  readonly isForwarding: boolean;
  /**
   * IPv4: no rule was ever changed in this namespace, so the kernel keeps `local` and `main` as one trie and asks no
   * rules at all (fib_lookup in include/net/ip_fib.h).
   */
  readonly isMerged: boolean;
  /** Rules that name a VRF match what belongs to it (Linux 6.15 and later). */
  readonly rulesMatchVrf: boolean;
}
