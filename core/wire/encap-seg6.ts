/** Segment routing: SRv6 (net/ipv6/seg6_iptunnel.c, seg6_local.c) and RPL (net/ipv6/rpl_iptunnel.c). */

import { deviceText, programName, type EncapMembers } from './encap-members.js';
import { addressText } from './address.js';
import { be32, i32, type Attributes } from './bytes.js';
import { AF } from './constants.js';
import {
  RPL_IPTUNNEL,
  SEG6_IPTUNNEL,
  SEG6_LOCAL,
  SEG6_LOCAL_FLV,
  SR6_FLAG1_HMAC,
} from './encap-constants.js';
import type { RouteContext } from './route.js';

const MODES: readonly string[] = ['inline', 'encap', 'l2encap', 'encap.red', 'l2encap.red'];

/** SEG6_LOCAL_ACTION_* by number. */
const ACTIONS: readonly string[] = [
  'unspec',
  'End',
  'End.X',
  'End.T',
  'End.DX2',
  'End.DX6',
  'End.DX4',
  'End.DT6',
  'End.DT4',
  'End.B6',
  'End.B6.Encaps',
  'End.BM',
  'End.S',
  'End.AS',
  'End.AM',
  'End.BPF',
  'End.DT46',
];

/** SEG6_LOCAL_FLV_OP_*: bit n is flavor n. */
const FLAVORS: readonly string[] = ['', 'psp', 'usp', 'usd', 'next-csid'];

/** struct ipv6_sr_hdr before its segments; struct ipv6_rpl_sr_hdr has the same size. */
const SRH_BYTES = 8;
const ADDRESS_BYTES = 16;
/** The HMAC TLV, last in the header: type, length, reserved, key id, 32 bytes. */
const HMAC_TLV_BYTES = 40;

function segments(bytes: Uint8Array, start: number, end: number, count: number): string[] | null {
  if (start + SRH_BYTES + count * ADDRESS_BYTES > end) return null;
  const found: string[] = [];
  for (let i = count - 1; i >= 0; i--) {
    found.push(addressText(bytes, start + SRH_BYTES + i * ADDRESS_BYTES, ADDRESS_BYTES));
  }
  return found;
}

/** struct ipv6_sr_hdr at `start`; its segments stand last first. */
function readSrh(bytes: Uint8Array, start: number, end: number): EncapMembers | null {
  if (start + SRH_BYTES > end) return null;
  const segs = segments(bytes, start, end, (bytes[start + 4] ?? 0) + 1);
  if (segs === null) return null;
  if (((bytes[start + 5] ?? 0) & SR6_FLAG1_HMAC) === 0) return { segs };
  const tlv = start + (((bytes[start + 1] ?? 0) + 1) << 3) - HMAC_TLV_BYTES;
  if (tlv < start + SRH_BYTES || tlv + HMAC_TLV_BYTES > end) return null;
  return { segs, hmac: `0x${be32(bytes, tlv + 4).toString(16)}` };
}

/** LWTUNNEL_ENCAP_SEG6: struct seg6_iptunnel_encap is an int mode and the header. */
export function readSeg6(attributes: Attributes): EncapMembers | null {
  const from = attributes.from(SEG6_IPTUNNEL.SRH);
  const to = attributes.to(SEG6_IPTUNNEL.SRH);
  const srh = readSrh(attributes.bytes, from + 4, to);
  if (srh === null) return null;
  const mode = i32(attributes.bytes, from);
  return {
    mode: MODES[mode] ?? String(mode),
    tunsrc: attributes.address(SEG6_IPTUNNEL.SRC, AF.INET6),
    ...srh,
  };
}

/** LWTUNNEL_ENCAP_RPL. The kernel gives the header uncompressed. */
export function readRpl(attributes: Attributes): EncapMembers | null {
  const from = attributes.from(RPL_IPTUNNEL.SRH);
  const to = attributes.to(RPL_IPTUNNEL.SRH);
  if (from + SRH_BYTES > to) return null;
  const segs = segments(attributes.bytes, from, to, attributes.bytes[from + 3] ?? 0);
  return segs === null ? null : { segs };
}

function flavors(attributes: Attributes): EncapMembers {
  const nest = attributes.nested(SEG6_LOCAL.FLAVORS, SEG6_LOCAL_FLV.LCNODE_FN_BITS);
  if (nest === null) return {};
  const bits = nest.u32(SEG6_LOCAL_FLV.OPERATION);
  return {
    flavors: bits === null ? null : FLAVORS.filter((_, n) => n > 0 && (bits & (1 << n)) !== 0),
    lblen: nest.u8(SEG6_LOCAL_FLV.LCBLOCK_BITS),
    nflen: nest.u8(SEG6_LOCAL_FLV.LCNODE_FN_BITS),
  };
}

const device = (ifindex: number | null, context: RouteContext): string | null =>
  ifindex === null ? null : deviceText(ifindex, context);

const table = (n: number | null, context: RouteContext): string | null =>
  n === null ? null : context.names.table(n);

/** LWTUNNEL_ENCAP_SEG6_LOCAL. Packet counters are left out: they make equal routes differ. */
export function readSeg6Local(attributes: Attributes, context: RouteContext): EncapMembers | null {
  const action = attributes.u32(SEG6_LOCAL.ACTION);
  if (action === null) return null;
  const srh = attributes.has(SEG6_LOCAL.SRH)
    ? readSrh(attributes.bytes, attributes.from(SEG6_LOCAL.SRH), attributes.to(SEG6_LOCAL.SRH))
    : undefined;
  if (srh === null) return null;
  return {
    action: ACTIONS[action] ?? String(action),
    srh: srh ?? null,
    table: table(attributes.u32(SEG6_LOCAL.TABLE), context),
    vrftable: table(attributes.u32(SEG6_LOCAL.VRFTABLE), context),
    nh4: attributes.address(SEG6_LOCAL.NH4, AF.INET),
    nh6: attributes.address(SEG6_LOCAL.NH6, AF.INET6),
    iif: device(attributes.u32(SEG6_LOCAL.IIF), context),
    oif: device(attributes.u32(SEG6_LOCAL.OIF), context),
    endpoint: programName(attributes, SEG6_LOCAL.BPF),
    ...flavors(attributes),
  };
}
