import { checked, oneOf, type Shape } from './checked.js';
import { completeLookup, completeRedirect, completeTimeout } from './complete-section.js';
import type { Lookup, Redirect, Timeout } from './event.js';

const LOOKUP = {
  src: 'string',
  dst: 'string',
  sport: 'number',
  dport: 'number',
  protocol: 'string',
  iif: 'number',
  oif: 'number',
  mark: 'number',
  uid: 'number',
  errno: 'string',
  direction: 'string',
  rule: 'number',
  table: 'number',
  count: 'number',
} as const satisfies Shape & Record<keyof Lookup, string>;

const TIMEOUT = {
  protocol: 'string',
  src: 'string',
  dst: 'string',
  sport: 'number',
  dport: 'number',
  retransmits: 'number',
  rtoMs: 'number',
  srttUs: 'number',
  rttvarUs: 'number',
  ssthresh: 'number',
  mtu: 'number',
} as const satisfies Shape & Record<keyof Timeout, string>;

const REDIRECT = {
  author: 'string',
  old: 'string',
  new: 'string',
  accepted: 'string',
  reason: 'string',
  expires: 'number',
} as const satisfies Shape & Record<keyof Redirect, string>;

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

// What a line leaves out was null, 0 or "", not what an event of a custom source would have there.

export function lookupOf(value: unknown): Lookup | null {
  if (isAbsent(value)) return null;
  const members = checked(value, 'lookup', LOOKUP) as Partial<Lookup>;
  oneOf(members.direction, ['output', 'forward', 'input'], 'lookup.direction');
  return completeLookup({
    ...members,
    dst: members.dst ?? '',
    errno: members.errno ?? '',
    count: members.count ?? 0,
  });
}

export function timeoutOf(value: unknown): Timeout | null {
  if (isAbsent(value)) return null;
  const members = checked(value, 'timeout', TIMEOUT) as Partial<Timeout>;
  oneOf(members.protocol, ['tcp', 'neighbour'], 'timeout.protocol');
  return completeTimeout({ ...members, dst: members.dst ?? '' });
}

export function redirectOf(value: unknown): Redirect | null {
  if (isAbsent(value)) return null;
  const members = checked(value, 'redirect', REDIRECT) as Partial<Redirect>;
  oneOf(members.accepted, ['yes', 'no', 'deferred', 'unknown'], 'redirect.accepted');
  return completeRedirect({ ...members, author: members.author ?? '', new: members.new ?? '' });
}
