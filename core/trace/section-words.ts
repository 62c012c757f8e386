/** A record's sections in the field's words. Names of devices are whoever's, and escaped here. */

import { errnoName } from '../bpf/errno.js';
import { saidOf } from '../engine/rule-words.js';
import { escapeText } from '../format/escape.js';
import { dstWords as prefixWords, type TextNames } from '../format/text-route.js';
import { ruleWords } from '../format/text-rule.js';
import { LOOPBACK_IFINDEX } from '../lookup/rules.js';
import { protocolName } from '../lookup/words.js';
import { nexthopFlags } from '../wire/flags.js';
import type { Rule } from '../wire/rule.js';
import type { StepDst, StepException, StepFlow, StepRoute } from './sections.js';

/** Names for numbers, for one tree. */
export interface TreeNames {
  readonly tables: TextNames;
  /** Names of interfaces by ifindex, as the tree's records tell them. */
  readonly devices: ReadonlyMap<number, string>;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

export const deviceWords = (ifindex: number, names: TreeNames): string =>
  escapeText(names.devices.get(ifindex) ?? `if${ifindex}`);

export const tableWords = (table: number, { tables }: TreeNames): string =>
  `table ${escapeText(tables.table(table))}`;

export const ruleText = (rule: Rule): string => `rule ${ruleWords(saidOf(rule))}`;

/** `10.66.66.66 from 10.0.0.5 oif v0 mark 0x7 tcp dport 80`: what is not at its default. */
export function flowWords(flow: StepFlow, names: TreeNames): string {
  const any = flow.family === 'inet' ? '0.0.0.0' : '::';
  const words = [flow.dst ?? any];
  if (flow.src !== null) words.push(`from ${flow.src}`);
  // What is sent from here comes in by the loopback interface, as the kernel has it.
  if (flow.iif > LOOPBACK_IFINDEX) words.push(`iif ${deviceWords(flow.iif, names)}`);
  if (flow.oif !== 0) words.push(`oif ${deviceWords(flow.oif, names)}`);
  if (flow.l3mdev !== 0) words.push(`vrf ${deviceWords(flow.l3mdev, names)}`);
  if (flow.mark !== 0) words.push(`mark ${hex(flow.mark)}`);
  if (flow.tos !== 0) words.push(`tos ${hex(flow.tos)}`);
  if (flow.protocol !== 0) words.push(protocolName(flow.protocol));
  if (flow.sport !== 0) words.push(`sport ${flow.sport}`);
  if (flow.dport !== 0) words.push(`dport ${flow.dport}`);
  return words.join(' ');
}

const viaWords = (gateway: string, isInet: boolean): string =>
  isInet && gateway.includes(':') ? `via inet6 ${gateway}` : `via ${gateway}`;

/** `via 10.0.0.2 dev v0`; '' for nothing known. */
export function wayWords(
  way: { readonly gateway: string | null; readonly dev: string | null; readonly oif: number },
  isInet: boolean,
): string {
  const words: string[] = [];
  if (way.gateway !== null) words.push(viaWords(way.gateway, isInet));
  if (way.dev !== null) words.push(`dev ${escapeText(way.dev)}`);
  else if (way.oif !== 0) words.push(`dev if${way.oif}`);
  return words.join(' ');
}

/** A nexthop: `via 10.0.0.2 dev v0 linkdown`. */
export const nexthopWords = (route: StepRoute): string =>
  [wayWords(route, route.family === 'inet'), ...nexthopFlags(route.nexthopFlags)]
    .filter((word) => word !== '')
    .join(' ');

/** `10.66.0.0/16 via 10.0.0.2 dev v0 scope global`; of a multipath route how many legs it has. */
export function routeWords(route: StepRoute): string {
  if (route.isNull) return 'no route';
  const words = route.type === 'unicast' || route.type === 'unspec' ? [] : [route.type];
  if (route.dst !== null) words.push(prefixWords(route.dst, route.family));
  if (route.legs > 1 && route.leg === 0) words.push(`${route.legs} nexthops`);
  else words.push(nexthopWords(route));
  if (route.priority !== 0) words.push(`metric ${route.priority}`);
  if (route.family === 'inet' && route.dst !== null) words.push(`scope ${route.scope}`);
  if (route.prefsrc !== null) words.push(`src ${route.prefsrc}`);
  return words.filter((word) => word !== '').join(' ');
}

/** `leg 2 of 3 via 10.0.0.2 dev v0 weight 2 of 4`. */
export function legWords(route: StepRoute): string {
  const way = nexthopWords(route);
  if (route.legs <= 1) return way === '' ? 'the only nexthop' : way;
  const leg = route.leg === 0 ? 'a leg' : `leg ${route.leg}`;
  const of = route.weights === 0 ? '' : ` of ${route.weights}`;
  const weight = route.weight === 0 ? '' : ` weight ${route.weight}${of}`;
  return `${leg} of ${route.legs}${way === '' ? '' : ` ${way}`}${weight}`;
}

/** `redirected via 10.0.0.3, mtu 1300, 290 s left`. */
export function exceptionWords(exception: StepException): string {
  const words: string[] = [];
  if (exception.gateway !== null) words.push(`redirected via ${exception.gateway}`);
  if (exception.mtu !== 0) words.push(`mtu ${exception.mtu}`);
  if (words.length === 0) words.push('an exception that says nothing');
  if (exception.expiresS !== 0) words.push(`${exception.expiresS} s left`);
  return words.join(', ');
}

/** Types of a route that refuses; what the packet gets instead of a way. */
const REFUSING: ReadonlySet<string> = new Set(['unreachable', 'blackhole', 'prohibit']);

export const isRefusing = (dst: StepDst): boolean =>
  dst.isNull || dst.error < 0 || (dst.type !== null && REFUSING.has(dst.type));

/** What a lookup gave: `10.66.66.66 via 10.0.0.2 dev v0`, `local ::1 dev lo`. */
export function dstText(dst: StepDst, to: string | null, isInet: boolean): string {
  const error = dst.error < 0 ? ` (${errnoName(dst.error)})` : '';
  if (dst.isNull) return `no route${error}`;
  if (dst.error < 0) return `a route that refuses${error}`;
  const words =
    dst.type === null || dst.type === 'unicast' || dst.type === 'unspec' ? [] : [dst.type];
  if (to !== null) words.push(to);
  // What is delivered here is its own gateway.
  const way = wayWords(dst.gateway === to ? { ...dst, gateway: null } : dst, isInet);
  if (way !== '') words.push(way);
  if (dst.isRedirected) words.push('(redirected)');
  if (dst.mtu !== 0) words.push(`mtu ${dst.mtu}`);
  if (dst.expiresS !== 0) words.push(`expires in ${dst.expiresS} s`);
  return words.length === 0 ? 'a route' : words.join(' ');
}
