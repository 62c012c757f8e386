/** Pieces of the explanation in words. */

import { saidOf } from '../engine/rule-words.js';
import { escapeText } from '../format/escape.js';
import { bodyWords, dstWords, routeWords, type TextNames } from '../format/text-route.js';
import { ruleWords } from '../format/text-rule.js';
import { NUD } from '../wire/constants.js';
import type { Rule } from '../wire/rule.js';
import type { RouteParts } from '../route-body.js';
import type { FibRoute, LookupState } from './state.js';

/** A route by what sets it apart: `10.66.0.0/16 via 10.0.0.1 dev eth0 metric 20`. */
export function shortRoute({ parts }: FibRoute): string {
  const words = bodyWords(parts.body);
  const type = words.type.trimStart();
  const from = parts.src === null ? '' : ` from ${parts.src}`;
  const tos = parts.tos === 0 ? '' : ` tos 0x${parts.tos.toString(16)}`;
  const metric = parts.priority === 0 ? '' : ` metric ${parts.priority}`;
  const dst = dstWords(parts.dst, parts.body.family);
  return `${type === '' ? '' : `${type} `}${dst}${from}${tos}${words.nexthops}${metric}`;
}

/** A route with everything it says, as `ip route` prints it. */
export const wholeWords = (parts: RouteParts, names: TextNames): string =>
  routeWords(parts, bodyWords(parts.body), names).trimStart().replace(/ {2}/, ' ');

/** `rule 100: from all fwmark 0x7 lookup blue`. */
export const ruleLine = (rule: Rule): string => `rule ${ruleWords(saidOf(rule))}`;

export const deviceName = (state: LookupState, ifindex: number): string =>
  escapeText(state.devices.get(ifindex)?.name ?? `if${ifindex}`);

const NUD_NAMES: readonly (readonly [number, string])[] = Object.entries(NUD).map(
  ([name, bit]) => [bit, name] as const,
);

/** `REACHABLE`; more than one bit never stands. */
export const nudName = (state: number): string =>
  NUD_NAMES.find(([bit]) => (state & bit) !== 0)?.[1] ?? 'NONE';

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
};

export const protocolName = (ipproto: number): string => PROTOCOLS[ipproto] ?? String(ipproto);
