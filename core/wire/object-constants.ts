/**
 * Numbers of links, addresses, neighbours, nexthop objects, rules, netconf and namespace ids, spelt as in C without the prefix.
 * Sources: include/uapi/linux/{if,if_link,if_addr,neighbour,nexthop,fib_rules,netconf,net_namespace}.h.
 */

/** Attributes of struct ifinfomsg. */
export const IFLA = {
  ADDRESS: 1,
  BROADCAST: 2,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  OPERSTATE: 16,
  LINKINFO: 18,
  AF_SPEC: 26,
  GROUP: 27,
  EXT_MASK: 29,
  CARRIER: 33,
  LINK_NETNSID: 37,
  EVENT: 44,
  NEW_NETNSID: 45,
  NEW_IFINDEX: 49,
} as const;

/** Attributes inside IFLA_LINKINFO. */
export const IFLA_INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4 } as const;

/** Inside IFLA_AF_SPEC, per family (include/uapi/linux/if_link.h). */
export const IFLA_INET = { CONF: 1 } as const;
export const IFLA_INET6 = { CONF: 2 } as const;

/** Places in IFLA_INET_CONF, counted from 1 (include/uapi/linux/ip.h, IPV4_DEVCONF_*). */
export const INET_DEVCONF = { ROUTE_LOCALNET: 26 } as const;

/** Places in IFLA_INET6_CONF (include/uapi/linux/ipv6.h, DEVCONF_*). */
export const INET6_DEVCONF = {
  USE_TEMPADDR: 10,
  OPTIMISTIC_DAD: 23,
  USE_OPTIMISTIC: 34,
  USE_OIF_ADDRS_ONLY: 37,
} as const;

/** IFLA_INFO_DATA of a VRF. */
export const IFLA_VRF = { TABLE: 1 } as const;

/** ifi_flags (include/uapi/linux/if.h). */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
} as const;

/** Attributes of struct ifaddrmsg. */
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  ANYCAST: 5,
  CACHEINFO: 6,
  MULTICAST: 7,
  FLAGS: 8,
  RT_PRIORITY: 9,
  TARGET_NETNSID: 10,
  PROTO: 11,
} as const;

/** ifa_flags (include/uapi/linux/if_addr.h). */
export const IFA_F = {
  SECONDARY: 0x01,
  TEMPORARY: 0x01,
  OPTIMISTIC: 0x04,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
} as const;

/** Attributes of struct ifaddrlblmsg (include/uapi/linux/if_addrlabel.h). */
export const IFAL = { ADDRESS: 1, LABEL: 2 } as const;

/** Attributes of struct ndmsg (include/uapi/linux/neighbour.h). */
export const NDA = { DST: 1, LLADDR: 2 } as const;

/** ndm_state. */
export const NUD = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** Attributes of struct nhmsg. */
export const NHA = {
  ID: 1,
  GROUP: 2,
  GROUP_TYPE: 3,
  BLACKHOLE: 4,
  OIF: 5,
  GATEWAY: 6,
  ENCAP_TYPE: 7,
  ENCAP: 8,
  GROUPS: 9,
  MASTER: 10,
  FDB: 11,
  RES_GROUP: 12,
  RES_BUCKET: 13,
} as const;

/** NHA_GROUP_TYPE. */
export const NEXTHOP_GRP_TYPE = { MPATH: 0, RES: 1 } as const;

/** Attributes inside NHA_RES_GROUP. */
export const NHA_RES_GROUP = {
  BUCKETS: 1,
  IDLE_TIMER: 2,
  UNBALANCED_TIMER: 3,
  UNBALANCED_TIME: 4,
} as const;

/** Attributes of struct fib_rule_hdr. */
export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  GOTO: 4,
  PRIORITY: 6,
  FWMARK: 10,
  FLOW: 11,
  TUN_ID: 12,
  SUPPRESS_IFGROUP: 13,
  SUPPRESS_PREFIXLEN: 14,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  L3MDEV: 19,
  UID_RANGE: 20,
  PROTOCOL: 21,
  IP_PROTO: 22,
  SPORT_RANGE: 23,
  DPORT_RANGE: 24,
  DSCP: 25,
  FLOWLABEL: 26,
  FLOWLABEL_MASK: 27,
  SPORT_MASK: 28,
  DPORT_MASK: 29,
  DSCP_MASK: 30,
} as const;

/** fib_rule_hdr.action. */
export const FR_ACT = {
  TO_TBL: 1,
  GOTO: 2,
  NOP: 3,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
} as const;

/** fib_rule_hdr.flags. */
export const FIB_RULE = {
  PERMANENT: 0x1,
  INVERT: 0x2,
  UNRESOLVED: 0x4,
  IIF_DETACHED: 0x8,
  OIF_DETACHED: 0x10,
} as const;

/** Attributes of struct netconfmsg. */
export const NETCONFA = {
  IFINDEX: 1,
  FORWARDING: 2,
  RP_FILTER: 3,
  MC_FORWARDING: 4,
  PROXY_NEIGH: 5,
  IGNORE_ROUTES_WITH_LINKDOWN: 6,
  INPUT: 7,
  BC_FORWARDING: 8,
} as const;

/** Attributes of RTM_NEWNSID. */
export const NETNSA = { NSID: 1, PID: 2, FD: 3, TARGET_NSID: 4, CURRENT_NSID: 5 } as const;
