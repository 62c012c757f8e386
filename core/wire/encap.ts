/**
 * Lightweight tunnels (RTA_ENCAP_TYPE, RTA_ENCAP), decoded to the members `ip -j route` prints. A type
 * without a reader, or content that is malformed, is kept as `hex`.
 */

import type { Encap } from '../event.js';
import { Attributes, be16, be32, hex } from './bytes.js';
import { AF } from './constants.js';
import {
  ILA_ATTR,
  IOAM6_IPTUNNEL,
  LWTUNNEL_ENCAP,
  LWT_BPF,
  LWT_XFRM,
  MPLS_IPTUNNEL,
} from './encap-constants.js';
import {
  deviceText,
  MAX_ENCAP_ATTRIBUTE,
  programName,
  type EncapMembers,
} from './encap-members.js';
import { readIp } from './encap-ip.js';
import { readRpl, readSeg6, readSeg6Local } from './encap-seg6.js';
import type { RouteContext } from './route.js';

/** Reads a type's attributes; null: malformed. */
type EncapReader = (attributes: Attributes, context: RouteContext) => EncapMembers | null;

/** MPLS labels, 20 bits each, up to the bottom of the stack (RFC 3032). */
function readMpls(attributes: Attributes): EncapMembers | null {
  const labels: number[] = [];
  for (let at = attributes.from(MPLS_IPTUNNEL.DST); at + 4 <= attributes.to(MPLS_IPTUNNEL.DST);) {
    const entry = be32(attributes.bytes, at);
    labels.push(entry >>> 12);
    at += 4;
    if ((entry & 0x100) !== 0) break;
  }
  return labels.length === 0
    ? null
    : { dst: labels.join('/'), ttl: attributes.u8(MPLS_IPTUNNEL.TTL) };
}

const ILA_CSUM_MODES = ['adj-transport', 'neutral-map', 'no-action', 'neutral-map-auto'];
const ILA_HOOK_TYPES = ['output', 'input'];
const ILA_IDENT_TYPES: Readonly<Record<number, string>> = {
  0: 'iid',
  1: 'luid',
  2: 'virt-v4',
  3: 'virt-uni-v6',
  4: 'virt-multi-v6',
  5: 'nonlocal-addr',
  32: 'use-format',
};

const nameIn = (
  n: number | null,
  names: Readonly<Record<number, string>> | readonly string[],
): string | null => (n === null ? null : ((names as Record<number, string>)[n] ?? String(n)));

function readIla(attributes: Attributes): EncapMembers | null {
  const at = attributes.from(ILA_ATTR.LOCATOR);
  if (attributes.to(ILA_ATTR.LOCATOR) - at < 8) return null;
  const locator = [0, 2, 4, 6].map((o) => be16(attributes.bytes, at + o).toString(16));
  return {
    locator: locator.join(':'),
    csum_mode: nameIn(attributes.u8(ILA_ATTR.CSUM_MODE), ILA_CSUM_MODES),
    ident_type: nameIn(attributes.u8(ILA_ATTR.IDENT_TYPE), ILA_IDENT_TYPES),
    hook_type: nameIn(attributes.u8(ILA_ATTR.HOOK_TYPE), ILA_HOOK_TYPES),
  };
}

const readBpf: EncapReader = (attributes) => ({
  in: programName(attributes, LWT_BPF.IN),
  out: programName(attributes, LWT_BPF.OUT),
  xmit: programName(attributes, LWT_BPF.XMIT),
  headroom: attributes.u32(LWT_BPF.XMIT_HEADROOM),
});

const IOAM6_MODES: Readonly<Record<number, string>> = { 1: 'inline', 2: 'encap', 3: 'auto' };
/** struct ioam6_trace_hdr: be16 namespace, u16 of bit fields, be32 type. */
const IOAM6_TRACE_BYTES = 8;

function readIoam6(attributes: Attributes): EncapMembers | null {
  const trace = attributes.from(IOAM6_IPTUNNEL.TRACE);
  if (attributes.to(IOAM6_IPTUNNEL.TRACE) - trace < IOAM6_TRACE_BYTES) return null;
  return {
    freqk: attributes.u32(IOAM6_IPTUNNEL.FREQ_K),
    freqn: attributes.u32(IOAM6_IPTUNNEL.FREQ_N),
    mode: nameIn(attributes.u8(IOAM6_IPTUNNEL.MODE), IOAM6_MODES),
    tunsrc: attributes.address(IOAM6_IPTUNNEL.SRC, AF.INET6),
    tundst: attributes.address(IOAM6_IPTUNNEL.DST, AF.INET6),
    // Nested, for its own `type` would hide the tunnel's.
    trace: {
      type: `0x${(be32(attributes.bytes, trace + 4) >>> 8).toString(16).padStart(6, '0')}`,
      ns: be16(attributes.bytes, trace),
      size: ((attributes.bytes[trace + 3] ?? 0) & 0x7f) * 4,
    },
  };
}

function readXfrm(attributes: Attributes, context: RouteContext): EncapMembers {
  const link = attributes.u32(LWT_XFRM.LINK);
  return {
    if_id: attributes.u32(LWT_XFRM.IF_ID),
    link_dev: link === null ? null : deviceText(link, context),
  };
}

const READERS: Readonly<Record<number, { readonly name: string; readonly read: EncapReader }>> = {
  [LWTUNNEL_ENCAP.MPLS]: { name: 'mpls', read: readMpls },
  [LWTUNNEL_ENCAP.IP]: { name: 'ip', read: (a) => readIp(a, AF.INET) },
  [LWTUNNEL_ENCAP.ILA]: { name: 'ila', read: readIla },
  [LWTUNNEL_ENCAP.IP6]: { name: 'ip6', read: (a) => readIp(a, AF.INET6) },
  [LWTUNNEL_ENCAP.SEG6]: { name: 'seg6', read: readSeg6 },
  [LWTUNNEL_ENCAP.BPF]: { name: 'bpf', read: readBpf },
  [LWTUNNEL_ENCAP.SEG6_LOCAL]: { name: 'seg6local', read: readSeg6Local },
  [LWTUNNEL_ENCAP.RPL]: { name: 'rpl', read: readRpl },
  [LWTUNNEL_ENCAP.IOAM6]: { name: 'ioam6', read: readIoam6 },
  [LWTUNNEL_ENCAP.XFRM]: { name: 'xfrm', read: readXfrm },
};

/** Bodies are shared, so nothing in them may change. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
}

/** Reads the encapsulation whose RTA_ENCAP payload is [from, to). */
export function readEncap(
  type: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  context: RouteContext,
): Encap {
  const reader = READERS[type];
  if (reader === undefined) return Object.freeze({ type: String(type), hex: hex(bytes, from, to) });
  const attributes = Attributes.read(bytes, from, to, MAX_ENCAP_ATTRIBUTE);
  const members = attributes === null ? null : reader.read(attributes, context);
  if (members === null || attributes?.malformed === true) {
    return Object.freeze({ type: reader.name, hex: hex(bytes, from, to) });
  }
  const present = Object.entries(members).filter(([, value]) => value !== null);
  return frozen({ ...Object.fromEntries(present), type: reader.name });
}
