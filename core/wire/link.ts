/** RTM_NEWLINK and RTM_DELLINK (net/core/rtnetlink.c, rtnl_fill_ifinfo). */

import { Attributes, i32, u16, u32 } from './bytes.js';
import { IFLA, IFLA_INFO, IFLA_VRF } from './constants.js';

/** A link. */
export interface Link {
  /**
   * AF_UNSPEC. AF_BRIDGE messages tell of a port's membership: their RTM_DELLINK means it left the
   * bridge, not that the link is gone.
   */
  readonly family: number;
  readonly ifindex: number;
  /** ARPHRD_*. */
  readonly type: number;
  /** IFF_* bits. */
  readonly flags: number;
  /** ifi_change: bits of `flags` that changed. */
  readonly change: number;
  /** Null in messages that tell of one thing only (wireless events): they say nothing of the rest. */
  readonly name: string | null;
  /** 0 where `name` is null. */
  readonly mtu: number;
  /** IF_OPER_* (RFC 2863); null when the message doesn't say. */
  readonly operstate: number | null;
  /** ifindex of the bridge, bond or VRF it belongs to, 0 for none. */
  readonly master: number;
  /** IFLA_LINK: ifindex of the lower device or the peer, 0 for none. */
  readonly linkIndex: number;
  /** Namespace id (nsid) that `linkIndex` belongs to, null for this namespace. */
  readonly linkNetnsid: number | null;
  /** IFLA_INFO_KIND: veth, vrf, bridge…; null for a device that is none of these. */
  readonly kind: string | null;
  /** Routing table of a VRF. */
  readonly vrfTable: number | null;
  readonly carrier: boolean | null;
  /** Hardware address. */
  readonly addressHex: string | null;
  /** nsid the link moved to, in the RTM_DELLINK of a move. */
  readonly newNetnsid: number | null;
  /** ifindex it has there. */
  readonly newIfindex: number | null;
}

/** struct ifinfomsg: u8 family, u8 pad, u16 type, i32 index, u32 flags, u32 change. */
const IFINFOMSG_BYTES = 16;
const VRF = 'vrf';

/** Reads the message whose struct ifinfomsg stands at `start`. Null: malformed. */
export function readLink(bytes: Uint8Array, start: number, end: number): Link | null {
  if (start + IFINFOMSG_BYTES > end) return null;
  const a = Attributes.read(bytes, start + IFINFOMSG_BYTES, end, IFLA.NEW_IFINDEX);
  if (a === null) return null;
  const info = a.nested(IFLA.LINKINFO, IFLA_INFO.DATA);
  const kind = info?.text(IFLA_INFO.KIND) ?? null;
  const vrf = kind === VRF ? info?.nested(IFLA_INFO.DATA, IFLA_VRF.TABLE) : null;
  const carrier = a.u8(IFLA.CARRIER);
  const link: Link = {
    family: bytes[start] ?? 0,
    ifindex: i32(bytes, start + 4),
    type: u16(bytes, start + 2),
    flags: u32(bytes, start + 8),
    change: u32(bytes, start + 12),
    name: a.text(IFLA.IFNAME),
    mtu: a.u32(IFLA.MTU) ?? 0,
    operstate: a.u8(IFLA.OPERSTATE),
    master: a.u32(IFLA.MASTER) ?? 0,
    linkIndex: a.u32(IFLA.LINK) ?? 0,
    linkNetnsid: a.i32(IFLA.LINK_NETNSID),
    kind,
    vrfTable: vrf?.u32(IFLA_VRF.TABLE) ?? null,
    carrier: carrier === null ? null : carrier !== 0,
    addressHex: a.hex(IFLA.ADDRESS),
    newNetnsid: a.i32(IFLA.NEW_NETNSID),
    newIfindex: a.i32(IFLA.NEW_IFINDEX),
  };
  return a.malformed || info?.malformed === true || vrf?.malformed === true ? null : link;
}
