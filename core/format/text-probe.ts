import type { Lookup, Redirect, RouteEvent, Timeout } from '../event.js';
import type { RouteParts } from '../route-body.js';
import { prefixAddress } from '../routeinfo.js';
import { escapeText } from './escape.js';
import { dstWords, type BodyWords, type TextNames } from './text-route.js';

/** A miss, a losing path or a redirect in words; each begins with a space. */
export interface OwnWords {
  readonly always: string;
  /** What goes without saying, and stands there when there is room. */
  readonly extra: string;
}

/** RT_TABLE_DEFAULT, MAIN and LOCAL: where lookups end without policy rules. */
const ORDINARY_TABLES: ReadonlySet<number> = new Set([253, 254, 255]);

/** ` udp 10.0.0.2:53211 > :53`, with an IPv6 address in brackets; without ports ` icmp from 10.0.0.2`. */
function flowWords(
  protocol: string | null,
  src: string | null,
  { sport, dport }: Pick<Lookup, 'sport' | 'dport'>,
): string {
  const name = protocol === null ? '' : ` ${escapeText(protocol)}`;
  const address = src === null ? '' : escapeText(src);
  if (sport === 0 && dport === 0) return address === '' ? name : `${name} from ${address}`;
  const host = address.includes(':') ? `[${address}]` : address;
  const from = sport === 0 ? host : `${host}:${sport}`;
  return `${name}${from === '' ? '' : ` ${from}`} > :${dport}`;
}

/** The interface's name where the record has it, else its number. */
function deviceWord({ body }: RouteParts, ifindex: number): string {
  const known = body.nexthops.find(
    (nexthop) => nexthop.ifindex === ifindex && nexthop.dev !== null,
  );
  return known?.dev ? escapeText(known.dev) : `if${ifindex}`;
}

/** ` after table blue of rule 100`. */
function whereWords({ table, rule }: Lookup, names: TextNames): string {
  if (table === null) return rule === null ? '' : ` after rule ${rule}`;
  const text = ` after table ${escapeText(names.table(table))}`;
  return rule === null ? text : `${text} of rule ${rule}`;
}

function missWords(
  lookup: Lookup,
  parts: RouteParts,
  isOwned: boolean,
  names: TextNames,
): OwnWords {
  let text = ` ${escapeText(lookup.dst)} ${escapeText(lookup.errno)}`;
  if (lookup.direction !== 'output') text += ` ${escapeText(lookup.direction)}`;
  if (lookup.iif !== 0) text += ` in ${deviceWord(parts, lookup.iif)}`;
  if (lookup.oif !== 0) text += ` out ${deviceWord(parts, lookup.oif)}`;
  text += flowWords(lookup.protocol, lookup.src, lookup);
  if (lookup.mark !== 0) text += ` mark 0x${lookup.mark.toString(16)}`;
  if (!isOwned && lookup.uid !== null && lookup.uid !== 0) text += ` uid ${lookup.uid}`;
  const where = whereWords(lookup, names);
  const isOrdinary =
    lookup.rule === null && lookup.table !== null && ORDINARY_TABLES.has(lookup.table);
  if (!isOrdinary) text += where;
  if (lookup.count > 1) text += ` (${lookup.count} times)`;
  return { always: text, extra: isOrdinary ? where : '' };
}

function losingWords(timeout: Timeout, words: BodyWords): OwnWords {
  let text = ` ${escapeText(timeout.dst)}${words.nexthops}`;
  if (timeout.protocol === 'neighbour') {
    return { always: `${text} neighbour does not answer`, extra: '' };
  }
  // Whose address the source is can be read off the interface; the line is long as it is.
  text += flowWords(timeout.protocol, null, timeout);
  text += ` ${timeout.retransmits} retransmit${timeout.retransmits === 1 ? '' : 's'}`;
  text += ` rto ${timeout.rtoMs} ms`;
  if (timeout.srttUs !== 0) text += ` srtt ${timeout.srttUs} us`;
  return { always: text, extra: '' };
}

function verdictWords({ accepted, reason, expires }: Redirect): string {
  switch (accepted) {
    case 'yes':
      return ` accepted${expires === null ? '' : ` expires ${expires} s`}`;
    case 'no':
      return ` not accepted${reason === null ? '' : `: ${escapeText(reason)}`}`;
    case 'deferred':
      return ' deferred';
    case 'unknown':
      return ' not known whether accepted';
  }
}

function redirectWords(redirect: Redirect, parts: RouteParts): OwnWords {
  const dev = parts.body.nexthops[0]?.dev ?? null;
  const ifindex = parts.body.nexthops[0]?.ifindex ?? 0;
  let text = ` ${dstWords(parts.dst, parts.body.family)}`;
  // IPv6: who names the destination itself says that it is a neighbour (RFC 4861, 4.5).
  const isOnLink = redirect.new === prefixAddress(parts.dst);
  text += isOnLink ? ' on link' : ` via ${escapeText(redirect.new)}`;
  if (dev !== null) text += ` dev ${escapeText(dev)}`;
  else if (ifindex !== 0) text += ` dev if${ifindex}`;
  if (redirect.old !== null) text += ` was via ${escapeText(redirect.old)}`;
  text += ` by router ${escapeText(redirect.author)}${verdictWords(redirect)}`;
  return { always: text, extra: '' };
}

/** What a miss, a losing path or a redirect says of itself; null for events without a section of their own. */
export function ownWords(
  event: RouteEvent,
  parts: RouteParts,
  words: BodyWords,
  names: TextNames,
): OwnWords | null {
  const { lookup, timeout, redirect } = event;
  if (lookup !== null) return missWords(lookup, parts, event.process !== null, names);
  if (timeout !== null) return losingWords(timeout, words);
  return redirect === null ? null : redirectWords(redirect, parts);
}

/** Causes that those words already give. */
export const OWN_CAUSES: ReadonlySet<string> = new Set([
  'lookup',
  'tcp-timeout',
  'neighbour-failed',
  'icmp-redirect',
]);
