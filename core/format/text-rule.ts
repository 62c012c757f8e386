import { escapeText } from './escape.js';

/** A rule as a `status` record carries it: members at their default left out. */
type RuleMembers = Readonly<Record<string, unknown>>;

const word = (value: unknown): string =>
  typeof value === 'string' ? escapeText(value) : typeof value === 'number' ? String(value) : '?';

const hex = (value: unknown): string =>
  typeof value === 'number' ? `0x${value.toString(16)}` : '?';

function range(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '?';
  const { start = 0, end = 0 } = value as RuleMembers;
  return start === end ? word(start) : `${word(start)}-${word(end)}`;
}

/** Selectors in the order `ip rule` prints them: member, the words before its value, and how the value is written. */
const SELECTORS: readonly (readonly [string, string, (value: unknown) => string])[] = [
  ['dst', 'to', word],
  ['tos', 'tos', hex],
  ['fwmark', 'fwmark', hex],
  ['iif', 'iif', word],
  ['oif', 'oif', word],
  ['uidrange', 'uidrange', range],
  ['ipproto', 'ipproto', word],
  ['sport', 'sport', range],
  ['dport', 'dport', range],
  ['tunId', 'tun_id', word],
];

const ACTIONS: readonly (readonly [string, string])[] = [
  ['suppressPrefixLength', 'suppress_prefixlength'],
  ['suppressIfgroup', 'suppress_ifgroup'],
  ['realms', 'realms'],
  ['goto', 'goto'],
];

function target(rule: RuleMembers): string {
  if (rule['l3mdev'] === true) return 'lookup [l3mdev-table]';
  if (rule['action'] === 'lookup') return `lookup ${word(rule['tableName'] ?? rule['table'])}`;
  return rule['goto'] === undefined ? word(rule['action']) : '';
}

/** A policy rule as `ip rule` prints it. */
export function ruleWords(rule: RuleMembers): string {
  let text = `${word(rule['priority'] ?? 0)}:`;
  if (rule['not'] === true) text += ' not';
  text += ` from ${rule['src'] === undefined ? 'all' : word(rule['src'])}`;
  for (const [member, name, write] of SELECTORS) {
    if (rule[member] !== undefined) text += ` ${name} ${write(rule[member])}`;
  }
  const to = target(rule);
  if (to !== '') text += ` ${to}`;
  for (const [member, name] of ACTIONS) {
    if (rule[member] !== undefined) text += ` ${name} ${word(rule[member])}`;
  }
  return text;
}
