/** Does a rule hold for a flow? (net/core/fib_rules.c, fib_rule_match; fib4_rule_match and fib6_rule_match.) */

import { parsePrefix, addressText } from '../wire/address.js';
import type { Range, Rule } from '../wire/rule.js';
import { covers, isZero } from './prefix.js';
import type { Device, Flow, LookupState } from './state.js';

/** Interface index of lo in every namespace: what is sent from here counts as received on it. */
export const LOOPBACK_IFINDEX = 1;

/** A flow as rules see it, after l3mdev_update_flow (net/l3mdev/l3mdev.c). */
export interface RuleFlow {
  readonly iif: number;
  readonly oif: number;
  /** ifindex of the VRF the flow belongs to, 0 for none. */
  readonly vrf: number;
  /** IPv6 rules with `from` need a source that was given. */
  readonly hasSource: boolean;
  readonly flow: Flow;
}

export function ruleFlow(flow: Flow, state: LookupState): RuleFlow {
  const iif = flow.iif === 0 ? LOOPBACK_IFINDEX : flow.iif;
  const bound = flow.iif === 0 ? state.devices.get(flow.oif) : undefined;
  const received = iif > LOOPBACK_IFINDEX ? state.devices.get(iif) : undefined;
  const device = bound ?? received;
  const vrf = device === undefined ? 0 : vrfOf(device);
  // Bound to a VRF: its table is what is asked for, not its interface.
  const oif = flow.iif !== 0 || bound?.vrfTable != null ? 0 : flow.oif;
  const hasSource = flow.src !== null && (flow.family === 'inet' || !isZero(flow.src));
  return { iif, oif, vrf, hasSource, flow };
}

/** ifindex of the VRF a device is or belongs to, 0 for none (l3mdev_master_ifindex_rcu). */
export const vrfOf = (device: Device): number =>
  device.vrfTable === null ? device.vrf : device.ifindex;

/** Upper three bits of DSCP don't count where TOS is meant (INET_DSCP_LEGACY_TOS_MASK in include/net/ip.h). */
export const LEGACY_TOS = 0x1c;

const hex = (n: number): string => `0x${n.toString(16)}`;

function interfaceMismatch(
  what: 'iif' | 'oif',
  name: string | null,
  detached: boolean,
  key: RuleFlow,
  state: LookupState,
): string | null {
  if (name === null) return null;
  const device = detached ? undefined : [...state.devices.values()].find((d) => d.name === name);
  if (device === undefined) return `there is no interface ${name}`;
  const is = what === 'iif' ? key.iif : key.oif;
  const byVrf = state.rulesMatchVrf && device.vrfTable !== null;
  if ((byVrf ? key.vrf : is) === device.ifindex) return null;
  const isName = state.devices.get(is)?.name ?? 'none';
  return `${what} is ${isName}, not ${name}`;
}

function prefixMismatch(
  what: string,
  prefix: string | null,
  address: Uint8Array | null,
): string | null {
  const wanted = prefix === null ? null : parsePrefix(prefix);
  if (wanted === null || wanted.length === 0) return null;
  if (address === null) return `no ${what} is given, it asks for ${prefix ?? ''}`;
  if (covers(wanted.bytes, wanted.length, address)) return null;
  return `${what} ${addressText(address, 0, address.length)} is not in ${prefix ?? ''}`;
}

const span = ({ start, end }: Range): string => (start === end ? `${start}` : `${start}-${end}`);

function portMismatch(what: string, range: Range | null, port: number): string | null {
  if (range === null || range.start === 0) return null;
  const { start, end, mask } = range;
  const holds =
    mask === null || mask === 0 ? port >= start && port <= end : ((port ^ start) & mask) === 0;
  return holds ? null : `${what} is ${port}, not ${span(range)}`;
}

function tosMismatch({ dscp, dscpMask, tos }: Rule, flow: Flow): string | null {
  const mine = flow.tos >>> 2;
  if (dscp !== null) {
    return ((dscp ^ mine) & (dscpMask ?? 0x3f)) === 0 ? null : `dscp is ${mine}, not ${dscp}`;
  }
  if (tos === 0) return null;
  // IPv6 never had a narrower TOS.
  const is = flow.tos & (flow.family === 'inet' ? LEGACY_TOS : 0xfc);
  return is === tos ? null : `tos is ${hex(is)}, not ${hex(tos)}`;
}

/** Why the rule's selectors don't hold, in words; null when they do. `not` is left to the caller. */
function selectorMismatch(rule: Rule, key: RuleFlow, state: LookupState): string | null {
  const { flow } = key;
  const source =
    flow.family === 'inet' ? (flow.src ?? new Uint8Array(4)) : key.hasSource ? flow.src : null;
  const iif = interfaceMismatch('iif', rule.iif, rule.iifDetached, key, state);
  const oif = iif ?? interfaceMismatch('oif', rule.oif, rule.oifDetached, key, state);
  if (oif !== null) return oif;
  const mark = rule.fwmark ?? 0;
  const mask = rule.fwmask ?? (rule.fwmark === null ? 0 : 0xffffffff);
  if (((mark ^ flow.mark) & mask) !== 0) return `mark is ${hex(flow.mark)}, not ${markText(rule)}`;
  if (rule.tunId !== null && rule.tunId !== 0) return `there is no tunnel id, not ${rule.tunId}`;
  if (rule.l3mdev && vrfTable(key, state) === null) return 'it belongs to no VRF';
  const { uidrange } = rule;
  if (uidrange !== null && (flow.uid < uidrange.start || flow.uid > uidrange.end)) {
    return `uid is ${flow.uid}, not ${span(uidrange)}`;
  }
  const dst = prefixMismatch('destination', rule.dst, flow.dst);
  const src = dst ?? prefixMismatch('source', rule.src, source);
  const tos = src ?? tosMismatch(rule, flow);
  if (tos !== null) return tos;
  // A label of its own can't be asked for.
  if (rule.flowlabelMask !== null && ((rule.flowlabel ?? 0) & rule.flowlabelMask) !== 0) {
    return `flowlabel is 0, not ${hex(rule.flowlabel ?? 0)}`;
  }
  if (rule.ipproto !== null && rule.ipproto !== 0 && rule.ipproto !== flow.ipproto) {
    return `ipproto is ${flow.ipproto}, not ${rule.ipproto}`;
  }
  return (
    portMismatch('sport', rule.sport, flow.sport) ?? portMismatch('dport', rule.dport, flow.dport)
  );
}

const markText = ({ fwmark, fwmask }: Rule): string =>
  fwmask === null || fwmask === 0xffffffff
    ? hex(fwmark ?? 0)
    : `${hex(fwmark ?? 0)}/${hex(fwmask)}`;

/** Table of the VRF the flow belongs to, null for none. */
export const vrfTable = (key: RuleFlow, state: LookupState): number | null =>
  state.devices.get(key.vrf)?.vrfTable ?? null;

/** Why the rule does not match, in words; null when it does. */
export function ruleMismatch(rule: Rule, key: RuleFlow, state: LookupState): string | null {
  const mismatch = selectorMismatch(rule, key, state);
  if (!rule.not) return mismatch;
  return mismatch === null ? 'all it names holds, and it says not' : null;
}
