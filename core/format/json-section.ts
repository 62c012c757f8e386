import type { Lookup, Redirect, RouteEvent, Timeout } from '../event.js';
import { jsonMember } from './json-value.js';

const LOOKUP = [
  'src',
  'dst',
  'sport',
  'dport',
  'protocol',
  'iif',
  'oif',
  'mark',
  'uid',
  'errno',
  'direction',
  'rule',
  'table',
  'count',
] as const satisfies readonly (keyof Lookup)[];
const TIMEOUT = [
  'protocol',
  'src',
  'dst',
  'sport',
  'dport',
  'retransmits',
  'rtoMs',
  'srttUs',
  'rttvarUs',
  'ssthresh',
  'mtu',
] as const satisfies readonly (keyof Timeout)[];
const REDIRECT = [
  'author',
  'old',
  'new',
  'accepted',
  'reason',
  'expires',
] as const satisfies readonly (keyof Redirect)[];

/** An object with these members in this order. */
export function listed<Name extends string>(
  object: Readonly<Record<Name, unknown>>,
  names: readonly Name[],
  full: boolean,
): string {
  let text = '';
  for (const name of names) text += jsonMember(name, object[name], full);
  return `{${text.slice(1)}}`;
}

/** `,"name":{…}`, or nothing where a lean object became empty. */
export const section = (name: string, text: string): string =>
  text === '{}' ? '' : `,"${name}":${text}`;

function ownSection<Section extends object>(
  name: string,
  value: Section | null,
  names: readonly (string & keyof Section)[],
  full: boolean,
): string {
  if (value === null) return full ? `,"${name}":null` : '';
  return section(name, listed(value as Readonly<Record<string, unknown>>, names, full));
}

type Sections = Pick<RouteEvent, 'lookup' | 'timeout' | 'redirect'>;

export const hasSection = ({ lookup, timeout, redirect }: Sections): boolean =>
  lookup !== null || timeout !== null || redirect !== null;

/** The sections of a full line that has none. */
export const NO_SECTIONS = ',"lookup":null,"timeout":null,"redirect":null';

/** What only misses, losing paths and redirects have: `,"lookup":{…}` and the like. */
export const sectionMembers = ({ lookup, timeout, redirect }: Sections, full: boolean): string =>
  ownSection('lookup', lookup, LOOKUP, full) +
  ownSection('timeout', timeout, TIMEOUT, full) +
  ownSection('redirect', redirect, REDIRECT, full);
