/** What a record knows besides the function, member by member; names are the kernel's. */

import { FIB_RULE, FR_ACT } from '../wire/constants.js';
import type { Family } from '../event.js';
import { namesFrom } from '../names/names.js';
import { routeTypeName } from '../wire/route.js';
import { ruleActionName, type Rule } from '../wire/rule.js';
import { functionRow } from './functions.js';
import type { TracedFunction } from './model.js';
import type { StepField, StepRecord } from './read-step.js';

/** struct flowi4, flowi6, or a packet's header. Null: all zeros, which means not set. */
export interface StepFlow {
  readonly family: Family;
  readonly dst: string | null;
  readonly src: string | null;
  /** 0 for none, as all numbers here. */
  readonly iif: number;
  readonly oif: number;
  readonly l3mdev: number;
  readonly mark: number;
  readonly uid: number;
  readonly hash: number;
  readonly protocol: number;
  readonly sport: number;
  readonly dport: number;
  readonly tos: number;
}

/** struct fib_result, fib6_result, or a nexthop alone, whose `dst` is null. */
export interface StepRoute {
  readonly family: Family;
  /** Prefix with length. */
  readonly dst: string | null;
  readonly gateway: string | null;
  readonly prefsrc: string | null;
  readonly dev: string | null;
  readonly oif: number;
  readonly table: number;
  readonly type: string;
  readonly scope: string;
  readonly protocol: string;
  readonly priority: number;
  readonly nhid: number;
  /** RTNH_F_* bits. */
  readonly nexthopFlags: number;
  /** From 1; 0: not chosen yet, or the only one. */
  readonly leg: number;
  readonly legs: number;
  readonly weight: number;
  readonly weights: number;
  /** Hashes up to it take the leg; -1: none. */
  readonly upperBound: number;
  /** The null entry of an IPv6 table: no route. */
  readonly isNull: boolean;
}

/** struct rtable or rt6_info. */
export interface StepDst {
  readonly gateway: string | null;
  readonly dev: string | null;
  readonly oif: number;
  readonly mtu: number;
  /** Negative errno, 0 for none. */
  readonly error: number;
  readonly expiresS: number;
  /** RTN_* name; null for IPv6, which does not keep it here. */
  readonly type: string | null;
  readonly isNull: boolean;
  /** Its gateway is what a redirect said. */
  readonly isRedirected: boolean;
}

/** struct fib_nh_exception. */
export interface StepException {
  readonly gateway: string | null;
  readonly mtu: number;
  readonly expiresS: number;
}

const NAMES = namesFrom({});
const IS_NEXTHOP = 255;

/** RTCF_REDIRECTED (include/uapi/linux/in_route.h), RTF_DYNAMIC (include/uapi/linux/route.h). */
const REDIRECTED: Readonly<Record<Family, number>> = { inet: 0x0004_0000, inet6: 0x10 };

/** Of the record, or of the function where the record does not tell. */
export const familyOf = (step: StepRecord, traced: TracedFunction): Family =>
  step.family ?? functionRow(traced.name)?.family ?? 'inet';

const textOrNull = (text: string): string | null => (text === '' ? null : text);

function gatewayOf(step: StepRecord, field: StepField, of: StepField, family: Family) {
  const gatewayFamily = step.u8(of);
  const actual = gatewayFamily === 10 ? 'inet6' : gatewayFamily === 2 ? 'inet' : family;
  return step.addressOrNull(field, actual);
}

export function flowOf(step: StepRecord, family: Family): StepFlow | null {
  if (!step.has('has_flow') && !step.has('has_packet')) return null;
  return {
    family,
    dst: step.addressOrNull('flow_dst', family),
    src: step.addressOrNull('flow_src', family),
    iif: step.u32('flow_iif'),
    oif: step.u32('flow_oif'),
    l3mdev: step.u32('flow_l3mdev'),
    mark: step.u32('flow_mark'),
    uid: step.u32('flow_uid'),
    hash: step.u32('flow_hash'),
    protocol: step.u8('flow_protocol'),
    sport: step.u16('flow_sport'),
    dport: step.u16('flow_dport'),
    tos: step.u8('flow_tos'),
  };
}

export function routeOf(step: StepRecord, family: Family): StepRoute | null {
  if (!step.has('has_route')) return null;
  const length = step.u8('route_prefix_len');
  const prefix = `${step.address('route_prefix', family)}/${length}`;
  return {
    family,
    dst: length === IS_NEXTHOP ? null : prefix,
    gateway: gatewayOf(step, 'route_gateway', 'route_gateway_family', family),
    prefsrc: step.addressOrNull('route_prefsrc', family),
    dev: textOrNull(step.name('route_dev')),
    oif: step.u32('route_oif'),
    table: step.u32('route_table'),
    type: routeTypeName(step.u8('route_type')),
    scope: NAMES.scope(step.u8('route_scope')),
    protocol: NAMES.protocol(step.u8('route_protocol')),
    priority: step.u32('route_priority'),
    nhid: step.u32('route_nexthop_id'),
    nexthopFlags: step.u8('route_nexthop_flags'),
    leg: step.u32('route_leg'),
    legs: step.u32('route_nexthops'),
    weight: step.u32('route_weight'),
    weights: step.u32('route_weights'),
    upperBound: step.i32('route_upper_bound'),
    isNull: step.u8('route_is_null') !== 0,
  };
}

export function dstOf(step: StepRecord, family: Family): StepDst | null {
  if (!step.has('has_dst')) return null;
  return {
    gateway: gatewayOf(step, 'dst_gateway', 'dst_gateway_family', family),
    dev: textOrNull(step.name('dst_dev')),
    oif: step.u32('dst_oif'),
    mtu: step.u32('dst_mtu'),
    error: step.i32('dst_error'),
    expiresS: step.u32('dst_expires_s'),
    type: family === 'inet' ? routeTypeName(step.u8('dst_type')) : null,
    isNull: step.u8('dst_is_null') !== 0,
    isRedirected: (step.u32('dst_flags') & REDIRECTED[family]) !== 0,
  };
}

export function exceptionOf(step: StepRecord, family: Family): StepException | null {
  if (!step.has('has_exception')) return null;
  return {
    gateway: step.addressOrNull('exception_gateway', family),
    mtu: step.u32('exception_mtu'),
    expiresS: step.u32('exception_expires_s'),
  };
}

const MAX_UID = 0xffff_ffff;

const range = (start: number, end: number) =>
  start === 0 && end === 0 ? null : { start, end, mask: null };

function prefix(step: StepRecord, field: StepField, of: StepField, family: Family): string | null {
  const length = step.u8(of);
  return length === 0 ? null : `${step.address(field, family)}/${length}`;
}

/** struct fib_rule as RTM_NEWRULE would say it. */
export function ruleOf(
  step: StepRecord,
  family: Family,
  tableName: (table: number) => string,
): Rule | null {
  if (!step.has('has_rule')) return null;
  const table = step.u32('rule_table');
  const flags = step.u32('rule_flags');
  const action = step.u8('rule_action');
  const mask = step.u32('rule_mark_mask');
  const uids = { start: step.u32('rule_uid_start'), end: step.u32('rule_uid_end') };
  const isOfAnyUid = uids.start === 0 && (uids.end === MAX_UID || uids.end === 0);
  const suppressed = (field: StepField): number | null =>
    step.i32(field) < 0 ? null : step.i32(field);
  return {
    family,
    priority: step.u32('rule_pref'),
    not: (flags & FIB_RULE.INVERT) !== 0,
    src: prefix(step, 'rule_src', 'rule_src_len', family),
    dst: prefix(step, 'rule_dst', 'rule_dst_len', family),
    tos: step.u8('rule_tos'),
    fwmark: mask === 0 ? null : step.u32('rule_mark'),
    fwmask: mask === 0 ? null : mask,
    iif: textOrNull(step.name('rule_iifname')),
    iifDetached: (flags & FIB_RULE.IIF_DETACHED) !== 0,
    oif: textOrNull(step.name('rule_oifname')),
    oifDetached: (flags & FIB_RULE.OIF_DETACHED) !== 0,
    uidrange: isOfAnyUid ? null : { ...uids, mask: null },
    ipproto: step.u8('rule_ip_proto') === 0 ? null : step.u8('rule_ip_proto'),
    sport: range(step.u16('rule_sport_start'), step.u16('rule_sport_end')),
    dport: range(step.u16('rule_dport_start'), step.u16('rule_dport_end')),
    dscp: null,
    dscpMask: null,
    flowlabel: null,
    flowlabelMask: null,
    tunId: null,
    l3mdev: step.u8('rule_l3mdev') !== 0,
    action: ruleActionName(action),
    table,
    tableName: table === 0 ? null : tableName(table),
    goto: action === FR_ACT.GOTO ? step.u32('rule_target') : null,
    unresolved: (flags & FIB_RULE.UNRESOLVED) !== 0,
    suppressPrefixLength: suppressed('rule_suppress_prefixlen'),
    suppressIfgroup: suppressed('rule_suppress_ifgroup'),
    realms: null,
    protocol: NAMES.protocol(step.u8('rule_protocol')),
  };
}
