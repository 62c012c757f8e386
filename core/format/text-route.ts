import type { Family, Nexthop } from '../event.js';
import type { RouteBody, RouteParts } from '../route-body.js';
import { escapeText } from './escape.js';
import { jsonValue } from './json-value.js';

/** What a text line needs of core/names: table numbers as `ip` names them. */
export interface TextNames {
  table(table: number): string;
}

const KERNEL_TABLES: Readonly<Record<number, string>> = {
  253: 'default',
  254: 'main',
  255: 'local',
};

/** The names no file is needed for: RT_TABLE_* of include/uapi/linux/rtnetlink.h. */
export const KERNEL_NAMES: TextNames = {
  table: (table) => KERNEL_TABLES[table] ?? String(table),
};

/** A body in words, in the pieces between which the key's own words stand; each begins with a space. */
export interface BodyWords {
  /** Type before the prefix, "" for unicast. */
  readonly type: string;
  readonly nexthops: string;
  readonly protoToSrc: string;
  readonly nhidToFlags: string;
  /** The single pieces by what they say, for telling two routes apart. */
  readonly pieces: ReadonlyMap<string, string>;
}

/** rtt, rttvar and rto_min in milliseconds as `ip` shows them: the kernel has eighths and quarters. */
const METRIC_MS: ReadonlyMap<string, number> = new Map([
  ['rtt', 8],
  ['rttvar', 4],
  ['rto_min', 1],
]);

function encapWords(nexthop: Nexthop): string {
  if (nexthop.encap === null) return '';
  let text = ` encap ${escapeText(nexthop.encap.type)}`;
  for (const [name, value] of Object.entries(nexthop.encap)) {
    if (name === 'type' || value === null || value === '' || value === false) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    text += ` ${escapeText(name)}`;
    if (value === true) continue;
    const word = typeof value === 'string' ? value : jsonValue(value, true);
    text += ` ${escapeText(word)}`;
  }
  return text;
}

function nexthopWords(nexthop: Nexthop, family: Family): string {
  let text = encapWords(nexthop);
  if (nexthop.gateway !== null) {
    const other = family === 'inet' && nexthop.gateway.includes(':') ? 'inet6 ' : '';
    text += ` via ${other}${escapeText(nexthop.gateway)}`;
  }
  if (nexthop.dev !== null) text += ` dev ${escapeText(nexthop.dev)}`;
  else if (nexthop.ifindex !== 0) text += ` dev if${nexthop.ifindex}`;
  if (nexthop.realm !== null) text += ` realm ${escapeText(nexthop.realm)}`;
  return text;
}

const flagWords = (flags: readonly string[]): string =>
  flags.map((flag) => ` ${escapeText(flag)}`).join('');

function nexthopsWords(body: RouteBody): string {
  const [first] = body.nexthops;
  if (first === undefined) return '';
  if (body.nexthops.length === 1) return nexthopWords(first, body.family) + flagWords(first.flags);
  return body.nexthops
    .map(
      (nexthop) =>
        ` nexthop${nexthopWords(nexthop, body.family)} weight ${nexthop.weight}${flagWords(nexthop.flags)}`,
    )
    .join('');
}

/** ` mtu 1400`, ` mtu lock 1400`, ` rtt 20ms`, ` features ecn,sack`. */
function metricWords(
  name: string,
  value: number | string | readonly string[],
  locked: boolean,
): string {
  const divisor = METRIC_MS.get(name);
  const word =
    divisor !== undefined && typeof value === 'number'
      ? `${value / divisor}ms`
      : escapeText(String(value));
  return ` ${escapeText(name)}${locked ? ' lock' : ''} ${word}`;
}

export function bodyWords(body: RouteBody): BodyWords {
  const pieces = new Map<string, string>();
  const piece = (name: string, text: string): string => {
    if (text !== '') pieces.set(name, text);
    return text;
  };
  const type = body.type === 'unicast' ? '' : ` ${escapeText(body.type)}`;
  const locked = Array.isArray(body.metrics.lock) ? (body.metrics.lock as string[]) : [];
  const nexthopFlags = new Set(body.nexthops.flatMap((nexthop) => nexthop.flags));
  piece('type', body.type === 'unicast' ? ' unicast' : type);
  const nexthops = piece('nexthops', nexthopsWords(body));
  const protoToSrc =
    piece('proto', body.protocol === 'unspec' ? '' : ` proto ${escapeText(body.protocol)}`) +
    piece('scope', body.scope === 'global' ? '' : ` scope ${escapeText(body.scope)}`) +
    piece('src', body.prefsrc === null ? '' : ` src ${escapeText(body.prefsrc)}`);
  let nhidToFlags = piece('nhid', body.nhid === null ? '' : ` nhid ${body.nhid}`);
  for (const [name, value] of Object.entries(body.metrics)) {
    if (name === 'lock') continue;
    nhidToFlags += piece(name, metricWords(name, value, locked.includes(name)));
  }
  nhidToFlags += piece(
    'pref',
    body.pref === null || body.pref === 'medium' ? '' : ` pref ${escapeText(body.pref)}`,
  );
  nhidToFlags += piece('flags', flagWords(body.flags.filter((flag) => !nexthopFlags.has(flag))));
  return { type, nexthops, protoToSrc, nhidToFlags, pieces };
}

/** A prefix as `ip` prints it: `default`, a host without its length. */
export function dstWords(dst: string, family: Family): string {
  if (dst.endsWith('/0'))
    return dst === '0.0.0.0/0' || dst === '::/0' ? 'default' : escapeText(dst);
  if (family === 'inet' ? dst.endsWith('/32') : dst.endsWith('/128')) {
    return escapeText(dst.slice(0, dst.lastIndexOf('/')));
  }
  return escapeText(dst);
}

let tableNames: TextNames | null = null;
let tableNumber = -1;
let tableText = '';

function tableWords(table: number, names: TextNames): string {
  if (table === 0) return '';
  if (names !== tableNames || table !== tableNumber) {
    tableNames = names;
    tableNumber = table;
    tableText = ` table ${escapeText(names.table(table))}`;
  }
  return tableText;
}

const expiresWords = (expires: number): string => ` expires ${Math.trunc(expires)}sec`;

/** A route as one line of words, much as `ip route` prints it; begins with a space. */
export function routeWords(parts: RouteParts, words: BodyWords, names: TextNames): string {
  let text = `${words.type} ${dstWords(parts.dst, parts.body.family)}`;
  if (parts.src !== null) text += ` from ${escapeText(parts.src)}`;
  if (parts.tos !== 0) text += ` tos 0x${parts.tos.toString(16)}`;
  text += words.nexthops;
  const rest =
    tableWords(parts.table, names) +
    words.protoToSrc +
    (parts.priority === 0 ? '' : ` metric ${parts.priority}`) +
    words.nhidToFlags +
    (parts.expires === null ? '' : expiresWords(parts.expires));
  return rest === '' ? text : `${text} ${rest}`;
}

/** What of `before` reads otherwise than `now`: ` via 192.168.5.2 dev v0 no mtu`; "" when all reads the same. */
export function wasWords(
  now: RouteParts,
  nowWords: BodyWords,
  before: RouteParts,
  beforeWords: BodyWords,
): string {
  let text = '';
  for (const [name, piece] of beforeWords.pieces) {
    if (nowWords.pieces.get(name) !== piece) text += piece;
  }
  for (const name of nowWords.pieces.keys()) {
    if (!beforeWords.pieces.has(name)) text += ` no ${escapeText(name)}`;
  }
  if (before.priority !== now.priority) text += ` metric ${before.priority}`;
  if (before.tos !== now.tos) text += ` tos 0x${before.tos.toString(16)}`;
  if (before.expires === null) {
    if (now.expires !== null) text += ' no expires';
  } else if (now.expires === null || Math.abs(now.expires - before.expires) > 1) {
    text += expiresWords(before.expires);
  }
  return text;
}
