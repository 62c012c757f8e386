import type { Cause, CauseKind, Process, Trigger, Zone } from '../event.js';
import { escapeText } from './escape.js';

const word = (value: string | number | null | undefined): string =>
  value === null || value === undefined ? '' : ` ${escapeText(String(value))}`;

const dev = (trigger: Trigger | null): string => word(trigger?.dev);
const address = (trigger: Trigger | null): string => word(trigger?.address);
const nhid = (trigger: Trigger | null): string => word(trigger?.nhid);

/** Each cause in words, with what its trigger names. A request and a lookup need none: the probe says it. */
const CAUSE_WORDS: ReadonlyMap<string, (trigger: Trigger | null) => string> = new Map(
  Object.entries({
    request: () => '',
    lookup: () => '',
    unknown: () => '',
    'link-down': (trigger) => `link${dev(trigger)} down`,
    'link-up': (trigger) => `link${dev(trigger)} up`,
    'link-removed': (trigger) => `link${dev(trigger)} removed`,
    carrier: (trigger) => `carrier${dev(trigger)} changed`,
    'address-added': (trigger) => `address${address(trigger)} added`,
    'address-removed': (trigger) => `address${address(trigger)} removed`,
    'nexthop-changed': (trigger) => `nexthop${nhid(trigger)} changed`,
    'nexthop-removed': (trigger) => `nexthop${nhid(trigger)} removed`,
    'router-advertisement': () => 'router advertisement',
    expired: () => 'expired',
    'zone-removed': () => 'zone removed',
    vrf: (trigger) => `vrf of${dev(trigger) || ' a link'} changed`,
    'icmp-redirect': () => 'icmp redirect',
    'tcp-timeout': () => 'tcp timeout',
    'neighbour-failed': () => 'neighbour failed',
    resync: () => 'resync',
  } satisfies Record<CauseKind, (trigger: Trigger | null) => string>),
);

/** `  link v0 down`, `  inferred: link v0 down`, or "" where the probe says it all. */
export function causeWords(cause: Cause, inferred: boolean): string {
  // A recording of a later version can have causes this one does not know.
  const words = CAUSE_WORDS.get(cause.kind)?.(cause.trigger) ?? escapeText(cause.kind);
  if (!inferred) return words === '' ? '' : `  ${words}`;
  return words === '' ? '  inferred' : `  inferred: ${words}`;
}

/** ` zone blue`, or the inode of a zone without a name. */
export const zoneWords = (zone: Zone): string =>
  ` zone ${zone.name === null ? zone.id : escapeText(zone.name)}`;

/** Who asked: what always stands on the line, and what stands there when there is room. */
export interface ProcessWords {
  readonly always: string;
  readonly user: string;
  readonly unit: string;
}

export function processWords(process: Process): ProcessWords {
  const cascade = process.confidence === 'cascade' ? ' (cascade)' : '';
  const owner = process.unit ?? process.container?.slice(0, 12) ?? null;
  return {
    always: `  by ${escapeText(process.comm) || '?'}[${process.pid}]${cascade}`,
    user: process.uid === 0 ? ' root' : ` uid ${process.uid}`,
    unit: owner === null || owner === '' ? '' : ` ${escapeText(owner)}`,
  };
}
