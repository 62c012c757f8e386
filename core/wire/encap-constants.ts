/**
 * Numbers of lightweight tunnels, spelt as in C without the prefix.
 * Sources: include/uapi/linux/{lwtunnel,mpls_iptunnel,seg6_iptunnel,seg6_local,rpl_iptunnel,ioam6_iptunnel,ila}.h.
 */

/** RTA_ENCAP_TYPE. */
export const LWTUNNEL_ENCAP = {
  NONE: 0,
  MPLS: 1,
  IP: 2,
  ILA: 3,
  IP6: 4,
  SEG6: 5,
  BPF: 6,
  SEG6_LOCAL: 7,
  RPL: 8,
  IOAM6: 9,
  XFRM: 10,
} as const;

/** Attributes of MPLS encapsulation. */
export const MPLS_IPTUNNEL = { DST: 1, TTL: 2 } as const;

/** Attributes of IP and IPv6 encapsulation: IP6_HOPLIMIT has the number of IP_TTL, IP6_TC that of IP_TOS. */
export const LWTUNNEL_IP = { ID: 1, DST: 2, SRC: 3, TTL: 4, TOS: 5, FLAGS: 6, OPTS: 8 } as const;

/** LWTUNNEL_IP_FLAGS, be16: TUNNEL_CSUM, TUNNEL_KEY, TUNNEL_SEQ (include/uapi/linux/if_tunnel.h). */
export const TUNNEL = { CSUM: 0x01, KEY: 0x04, SEQ: 0x08 } as const;

/** Attributes inside LWTUNNEL_IP_OPTS. */
export const LWTUNNEL_IP_OPTS = { GENEVE: 1, VXLAN: 2, ERSPAN: 3 } as const;

/** Attributes of one GENEVE option. */
export const LWTUNNEL_IP_OPT_GENEVE = { CLASS: 1, TYPE: 2, DATA: 3 } as const;

/** Attributes of the VXLAN option. */
export const LWTUNNEL_IP_OPT_VXLAN = { GBP: 1 } as const;

/** Attributes of the ERSPAN option. */
export const LWTUNNEL_IP_OPT_ERSPAN = { VER: 1, INDEX: 2, DIR: 3, HWID: 4 } as const;

/** Attributes of ILA. */
export const ILA_ATTR = { LOCATOR: 1, CSUM_MODE: 7, IDENT_TYPE: 8, HOOK_TYPE: 9 } as const;

/** Attributes of SRv6 encapsulation. */
export const SEG6_IPTUNNEL = { SRH: 1, SRC: 2 } as const;

/** ipv6_sr_hdr.flags with an HMAC behind the segments. */
export const SR6_FLAG1_HMAC = 0x08;

/** Attributes of SRv6 endpoints. */
export const SEG6_LOCAL = {
  ACTION: 1,
  SRH: 2,
  TABLE: 3,
  NH4: 4,
  NH6: 5,
  IIF: 6,
  OIF: 7,
  BPF: 8,
  VRFTABLE: 9,
  FLAVORS: 11,
} as const;

/** Attributes inside SEG6_LOCAL_FLAVORS. */
export const SEG6_LOCAL_FLV = { OPERATION: 1, LCBLOCK_BITS: 2, LCNODE_FN_BITS: 3 } as const;

/** Attributes of a BPF program, of LWTUNNEL_ENCAP_BPF and of SEG6_LOCAL_BPF alike. */
export const LWT_BPF_PROG = { NAME: 2 } as const;

/** Attributes of LWTUNNEL_ENCAP_BPF. */
export const LWT_BPF = { IN: 1, OUT: 2, XMIT: 3, XMIT_HEADROOM: 4 } as const;

/** Attributes of LWTUNNEL_ENCAP_RPL. */
export const RPL_IPTUNNEL = { SRH: 1 } as const;

/** Attributes of LWTUNNEL_ENCAP_IOAM6. */
export const IOAM6_IPTUNNEL = { MODE: 1, DST: 2, TRACE: 3, FREQ_K: 4, FREQ_N: 5, SRC: 6 } as const;

/** Attributes of LWTUNNEL_ENCAP_XFRM. */
export const LWT_XFRM = { IF_ID: 1, LINK: 2 } as const;
