/** RTM_NEWRULE and RTM_DELRULE (net/core/fib_rules.c, fib_nl_fill_rule). */

import type { Family } from '../event.js';
import type { Names } from '../names/names.js';
import { Attributes, u16, u32 } from './bytes.js';
import { AF, FIB_RULE, FR_ACT, FRA } from './constants.js';
import { realmText } from './route.js';

/** First and last, both included. */
export interface Range {
  readonly start: number;
  readonly end: number;
  /** Bits compared, where only some are. */
  readonly mask: number | null;
}

/** A policy rule. Selectors are null where the rule doesn't ask for them. */
export interface Rule {
  readonly family: Family;
  readonly priority: number;
  /** The selectors are inverted. */
  readonly not: boolean;
  /** Prefix with length. */
  readonly src: string | null;
  readonly dst: string | null;
  readonly tos: number;
  readonly fwmark: number | null;
  readonly fwmask: number | null;
  readonly iif: string | null;
  /** The interface named by `iif` does not exist now. */
  readonly iifDetached: boolean;
  readonly oif: string | null;
  readonly oifDetached: boolean;
  readonly uidrange: Range | null;
  /** IPPROTO_* number. */
  readonly ipproto: number | null;
  readonly sport: Range | null;
  readonly dport: Range | null;
  readonly dscp: number | null;
  readonly dscpMask: number | null;
  readonly flowlabel: number | null;
  readonly flowlabelMask: number | null;
  /** Tunnel key. */
  readonly tunId: number | string | null;
  /** The table is the VRF's of the interface. */
  readonly l3mdev: boolean;
  /** lookup, goto, nop, blackhole, unreachable or prohibit; a number in text for others. */
  readonly action: string;
  /** Table number, 0 for none. */
  readonly table: number;
  /** Table by name, null for none. */
  readonly tableName: string | null;
  readonly goto: number | null;
  /** The rule to go to does not exist now. */
  readonly unresolved: boolean;
  readonly suppressPrefixLength: number | null;
  readonly suppressIfgroup: number | null;
  /** Realms as `ip` prints them: "from/to" or "to". */
  readonly realms: string | null;
  /** Who made it (rtm_protocol values), by name. */
  readonly protocol: string;
}

/** struct fib_rule_hdr: u8 family, dst_len, src_len, tos, table, res1, res2, action; u32 flags. */
const FIB_RULE_HDR_BYTES = 12;

const ACTIONS: Readonly<Record<number, string>> = {
  [FR_ACT.TO_TBL]: 'lookup',
  [FR_ACT.GOTO]: 'goto',
  [FR_ACT.NOP]: 'nop',
  [FR_ACT.BLACKHOLE]: 'blackhole',
  [FR_ACT.UNREACHABLE]: 'unreachable',
  [FR_ACT.PROHIBIT]: 'prohibit',
};

/** Name of an FR_ACT_* value; a number this version does not know in text. */
export const ruleActionName = (action: number): string => ACTIONS[action] ?? String(action);

/** FRA_SUPPRESS_* of a rule that suppresses nothing. */
const NO_SUPPRESSION = -1;

function prefix(a: Attributes, type: number, family: number, length: number): string | null {
  const address = a.address(type, family);
  if (address !== null) return `${address}/${length}`;
  return length === 0 ? null : `${family === AF.INET ? '0.0.0.0' : '::'}/${length}`;
}

function range(a: Attributes, type: number, size: 2 | 4, maskType: number | null): Range | null {
  const from = a.from(type);
  if (!a.has(type)) return null;
  if (a.to(type) - from < 2 * size) {
    a.malformed = true;
    return null;
  }
  const read = size === 2 ? u16 : u32;
  return {
    start: read(a.bytes, from),
    end: read(a.bytes, from + size),
    mask: maskType === null ? null : a.u16(maskType),
  };
}

const suppression = (n: number | null): number | null => (n === NO_SUPPRESSION ? null : n);

/** Reads the message whose struct fib_rule_hdr stands at `start`. Null: malformed or another family. */
export function readRule(bytes: Uint8Array, start: number, end: number, names: Names): Rule | null {
  if (start + FIB_RULE_HDR_BYTES > end) return null;
  const family = bytes[start] ?? 0;
  if (family !== AF.INET && family !== AF.INET6) return null;
  const a = Attributes.read(bytes, start + FIB_RULE_HDR_BYTES, end, FRA.DSCP_MASK);
  if (a === null) return null;
  const flags = u32(bytes, start + 8);
  const action = bytes[start + 7] ?? 0;
  const table = a.u32(FRA.TABLE) ?? bytes[start + 4] ?? 0;
  const flow = a.u32(FRA.FLOW);
  const rule: Rule = {
    family: family === AF.INET ? 'inet' : 'inet6',
    priority: a.u32(FRA.PRIORITY) ?? 0,
    not: (flags & FIB_RULE.INVERT) !== 0,
    src: prefix(a, FRA.SRC, family, bytes[start + 2] ?? 0),
    dst: prefix(a, FRA.DST, family, bytes[start + 1] ?? 0),
    tos: bytes[start + 3] ?? 0,
    fwmark: a.u32(FRA.FWMARK),
    fwmask: a.u32(FRA.FWMASK),
    iif: a.text(FRA.IIFNAME),
    iifDetached: (flags & FIB_RULE.IIF_DETACHED) !== 0,
    oif: a.text(FRA.OIFNAME),
    oifDetached: (flags & FIB_RULE.OIF_DETACHED) !== 0,
    uidrange: range(a, FRA.UID_RANGE, 4, null),
    ipproto: a.u8(FRA.IP_PROTO),
    sport: range(a, FRA.SPORT_RANGE, 2, FRA.SPORT_MASK),
    dport: range(a, FRA.DPORT_RANGE, 2, FRA.DPORT_MASK),
    dscp: a.u8(FRA.DSCP),
    dscpMask: a.u8(FRA.DSCP_MASK),
    flowlabel: a.be32(FRA.FLOWLABEL),
    flowlabelMask: a.be32(FRA.FLOWLABEL_MASK),
    tunId: a.be64(FRA.TUN_ID),
    l3mdev: (a.u8(FRA.L3MDEV) ?? 0) !== 0,
    action: ruleActionName(action),
    table,
    tableName: table === 0 ? null : names.table(table),
    goto: a.u32(FRA.GOTO),
    unresolved: (flags & FIB_RULE.UNRESOLVED) !== 0,
    suppressPrefixLength: suppression(a.i32(FRA.SUPPRESS_PREFIXLEN)),
    suppressIfgroup: suppression(a.i32(FRA.SUPPRESS_IFGROUP)),
    realms: flow === null ? null : realmText(flow, names),
    protocol: names.protocol(a.u8(FRA.PROTOCOL) ?? 0),
  };
  return a.malformed ? null : rule;
}
