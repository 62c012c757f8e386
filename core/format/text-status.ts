import type { Process } from '../event.js';
import type { TierRow } from '../frame.js';
import { escapeText } from './escape.js';
import { jsonValue } from './json-value.js';
import { processWords } from './text-cause.js';
import { dstWords, type TextNames } from './text-route.js';
import { ruleWords } from './text-rule.js';

type Fields = Readonly<Record<string, unknown>>;

const value = (given: unknown): string =>
  typeof given === 'string' ? escapeText(given) : escapeText(jsonValue(given, true));

const isPresent = (given: unknown): boolean =>
  given !== null && given !== undefined && given !== '' && given !== 0;

/** Members of a refused request with a place of their own in the line. */
const PLACED: ReadonlySet<string> = new Set([
  'request',
  'errno',
  'extack',
  'process',
  'routeType',
  'dst',
  'gateway',
  'dev',
  'table',
  'protocol',
  'rule',
]);

/** RT_TABLE_MAIN and RTPROT_BOOT: what `ip route` asks for when told nothing else. */
const USUAL_TABLE = 254;
const USUAL_PROTOCOL = 'boot';

function destination(dst: unknown): string {
  if (typeof dst !== 'string' || dst === '') return '';
  return ` ${dstWords(dst, dst.includes(':') ? 'inet6' : 'inet')}`;
}

function askedWords(fields: Fields, names: TextNames): string {
  const { routeType, dst, gateway, dev, table, protocol, rule } = fields;
  let text = (isPresent(routeType) ? ` ${value(routeType)}` : '') + destination(dst);
  if (isPresent(gateway)) text += ` via ${value(gateway)}`;
  if (isPresent(dev)) text += ` dev ${value(dev)}`;
  if (typeof table === 'number' && table !== 0 && table !== USUAL_TABLE) {
    text += ` table ${escapeText(names.table(table))}`;
  }
  if (isPresent(protocol) && protocol !== USUAL_PROTOCOL) text += ` proto ${value(protocol)}`;
  if (typeof rule === 'object' && rule !== null) text += ` ${ruleWords(rule as Fields)}`;
  for (const [name, given] of Object.entries(fields)) {
    if (!PLACED.has(name) && isPresent(given)) text += ` ${escapeText(name)} ${value(given)}`;
  }
  return text;
}

/** A request the kernel refused: ` RTM_NEWROUTE 10.50.0.0/16 via 10.9.1.1: EEXIST (File exists)  by ip[123]`. */
export function refusedWords(fields: Fields, names: TextNames): string {
  const { request, errno, extack, process } = fields;
  let text = ` ${value(request ?? '?')}${askedWords(fields, names)}: ${value(errno ?? '?')}`;
  if (isPresent(extack)) text += ` (${value(extack)})`;
  return isProcess(process) ? text + processWords(process).always : text;
}

/** Fields of a status may come from anywhere: only a whole process is shown as one. */
export const isProcess = (given: unknown): given is Process =>
  typeof given === 'object' &&
  given !== null &&
  'comm' in given &&
  typeof given.comm === 'string' &&
  'pid' in given &&
  typeof given.pid === 'number';

const isTier = (given: unknown): given is TierRow =>
  typeof given === 'object' &&
  given !== null &&
  'probe' in given &&
  typeof given.probe === 'string' &&
  'family' in given &&
  typeof given.family === 'string';

const mechanism = (row: TierRow): string =>
  typeof row.mechanism === 'string' ? escapeText(row.mechanism) : 'nothing';

/** What serves each probe: ` miss fentry, losing fentry, redirect fentry (inet6 tracepoint)`. */
export function tierWords({ tiers }: Fields): string {
  const rows = Array.isArray(tiers) ? (tiers as unknown[]).filter(isTier) : [];
  const probes = new Map<string, TierRow[]>();
  for (const row of rows) {
    probes.set(row.probe, [...(probes.get(row.probe) ?? []), row]);
  }
  const words = [...probes].map(([probe, [first, ...others]]) => {
    if (first === undefined) return escapeText(probe);
    const different = others
      .filter((row) => row.mechanism !== first.mechanism)
      .map((row) => ` (${escapeText(row.family)} ${mechanism(row)})`);
    return `${escapeText(probe)} ${mechanism(first)}${different.join('')}`;
  });
  return words.length === 0 ? '' : ` ${words.join(', ')}`;
}
