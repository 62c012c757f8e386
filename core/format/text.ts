import type { Cause, GapRecord, Process, Route, RouteEvent, RoutetapRecord } from '../event.js';
import { RouteRecord } from '../engine/record.js';
import { partsOf, type RouteBody, type RouteParts } from '../route-body.js';
import { escapeText } from './escape.js';
import { jsonValue } from './json-value.js';
import { causeWords, processWords, zoneWords, type ProcessWords } from './text-cause.js';
import { OWN_CAUSES, ownWords, type OwnWords } from './text-probe.js';
import { ruleWords } from './text-rule.js';
import {
  KERNEL_NAMES,
  bodyWords,
  routeWords,
  wasWords,
  type BodyWords,
  type TextNames,
} from './text-route.js';
import { isProcess, refusedWords, tierWords } from './text-status.js';
import { clockTime } from './time.js';

export type { TextNames } from './text-route.js';

/** How a record is written as text. */
export interface TextOptions {
  readonly colour: boolean;
  /** Names of tables; without, only those the kernel itself has. */
  readonly names?: TextNames | undefined;
  /** Names the zone of each record: for streams with more than one. */
  readonly showZone?: boolean;
  /** Everything, however long the line becomes, and what saw the event. */
  readonly verbose?: boolean;
}

/** Lines stay under this width where the data allows. */
const COLUMNS = 100;
/** Time, label and the space between. */
const LABEL_COLUMNS = 24;

const SGR: Readonly<Record<string, string>> = {
  add: '\u001b[32m',
  delete: '\u001b[31m',
  change: '\u001b[33m',
  losing: '\u001b[35m',
  miss: '\u001b[36m',
  redirect: '\u001b[34m',
  gap: '\u001b[1;91m',
};
const SGR_RESET = '\u001b[0m';

const LABEL_WIDTH = 8;

const LABELS: ReadonlyMap<string, string> = new Map(
  [...Object.keys(SGR), 'resync', 'status', 'route', 'rule', 'refused', 'tiers'].map((word) => [
    word,
    word.padEnd(LABEL_WIDTH),
  ]),
);
const COLOURED: ReadonlyMap<string, string> = new Map(
  [...LABELS].map(([word, label]) => [
    word,
    SGR[word] === undefined ? label : `${SGR[word]}${word}${SGR_RESET}${label.slice(word.length)}`,
  ]),
);

const label = (word: string, colour: boolean): string =>
  (colour ? COLOURED : LABELS).get(word) ?? word.padEnd(LABEL_WIDTH);

const BODIES = new WeakMap<RouteBody, BodyWords>();
let lastBody: RouteBody | null = null;
let lastWords: BodyWords | null = null;

function keptBodyWords(body: RouteBody): BodyWords {
  if (body === lastBody && lastWords !== null) return lastWords;
  let words = BODIES.get(body);
  if (words === undefined) {
    words = bodyWords(body);
    BODIES.set(body, words);
  }
  lastBody = body;
  lastWords = words;
  return words;
}

let lastProcess: Process | null = null;
let lastProcessWords: ProcessWords | null = null;

function keptProcessWords(process: Process): ProcessWords {
  if (process !== lastProcess || lastProcessWords === null) {
    lastProcess = process;
    lastProcessWords = processWords(process);
  }
  return lastProcessWords;
}

let lastCause: Cause | null = null;
let lastInferred = false;
let lastCauseWords = '';

function keptCauseWords(cause: Cause, inferred: boolean): string {
  if (cause !== lastCause || inferred !== lastInferred) {
    lastCause = cause;
    lastInferred = inferred;
    lastCauseWords = causeWords(cause, inferred);
  }
  return lastCauseWords;
}

function was(event: RouteEvent, now: RouteParts, words: BodyWords): string {
  if (event.probe !== 'change' && event.probe !== 'redirect') return '';
  const kept = event instanceof RouteRecord;
  const before = kept
    ? event.previousParts
    : event.previous === null
      ? null
      : partsOf(event.previous);
  if (before === null) return '';
  const beforeWords = kept ? keptBodyWords(before.body) : bodyWords(before.body);
  const text = wasWords(now, words, before, beforeWords);
  return text === '' ? '' : `  was${text}`;
}

/** What follows the time and the label. */
function routeTail(event: RouteEvent, options: TextOptions): string {
  const kept = event instanceof RouteRecord;
  const parts = kept ? event.parts : partsOf(event.route);
  const words = kept ? keptBodyWords(parts.body) : bodyWords(parts.body);
  const names = options.names ?? KERNEL_NAMES;
  const own = ownWords(event, parts, words, names);
  const text =
    own === null
      ? routeWords(parts, words, names) + was(event, parts, words) + zoneAndCause(event, options)
      : ownTail(event, own, options);
  if (event.process === null)
    return options.verbose === true ? `${text}  ${event.provenance}` : text;
  const by = keptProcessWords(event.process);
  let line = text + by.always;
  if (options.verbose === true) return `${line}${by.user}${by.unit}  ${event.provenance}`;
  if (hasRoom(line + by.user)) {
    line += by.user;
    if (hasRoom(line + by.unit)) line += by.unit;
  }
  return line;
}

const hasRoom = (tail: string): boolean => LABEL_COLUMNS + tail.length < COLUMNS;

function zoneAndCause(event: RouteEvent, options: TextOptions): string {
  const zone = options.showZone === true ? ` ${zoneWords(event.zone)}` : '';
  return zone + keptCauseWords(event.cause, event.inferred);
}

/** A miss, a losing path or a redirect up to the process. */
function ownTail(event: RouteEvent, own: OwnWords, options: TextOptions): string {
  const zone = options.showZone === true ? ` ${zoneWords(event.zone)}` : '';
  const isSaid = OWN_CAUSES.has(event.cause.kind) && !event.inferred;
  const rest = zone + (isSaid ? '' : keptCauseWords(event.cause, event.inferred));
  const by = event.process === null ? '' : keptProcessWords(event.process).always;
  const isWhole = options.verbose === true || hasRoom(own.always + own.extra + rest + by);
  return own.always + (isWhole ? own.extra : '') + rest;
}

const gapWords = (gap: GapRecord): string =>
  `lost ${gap.lost ?? 'an unknown number of messages'}: ${escapeText(gap.source)} ${escapeText(gap.reason)}`;

function fieldWords(fields: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    const word =
      typeof value === 'string' && value !== '' && !value.includes(' ')
        ? escapeText(value)
        : jsonValue(value, true);
    text += ` ${escapeText(name)}=${word}`;
  }
  return text;
}

/** A policy rule that came or went, and who did it. */
function ruleTail({ action, rule, process }: Readonly<Record<string, unknown>>): string {
  const said = ruleWords((rule ?? {}) as Readonly<Record<string, unknown>>);
  const by = isProcess(process) ? processWords(process).always : '';
  return `${action === 'delete' ? 'delete' : 'add'} ${said}${by}`;
}

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'nexthops' in value && 'dst' in value;

/** One record as one readable line, without the newline; nothing from outside can act on a terminal. */
export function textLine(record: RoutetapRecord, options: TextOptions): string {
  const { colour } = options;
  const time = clockTime(record.timeNs);
  switch (record.type) {
    case 'route':
      return `${time} ${label(record.probe, colour)}${routeTail(record, options)}`;
    case 'gap': {
      const zone =
        options.showZone === true && record.zone !== null ? ` ${zoneWords(record.zone)}` : '';
      const text = `${LABELS.get('gap') ?? 'gap'} ${gapWords(record)}${zone}`;
      return `${time} ${colour ? `${SGR.gap ?? ''}${text}${SGR_RESET}` : text}`;
    }
    case 'resync': {
      const zone = options.showZone === true ? ` ${zoneWords(record.zone)}` : '';
      return (
        `${time} ${label('resync', colour)} ${record.added} added, ${record.deleted} deleted, ` +
        `${record.changed} changed in ${record.durationMs} ms${zone}`
      );
    }
    case 'status': {
      const { route } = record.fields;
      const zone =
        options.showZone === true && record.zone !== null ? ` ${zoneWords(record.zone)}` : '';
      const names = options.names ?? KERNEL_NAMES;
      if (record.what === 'route' && isRoute(route)) {
        const parts = partsOf(route);
        const text = routeWords(parts, bodyWords(parts.body), names);
        return `${time} ${label('route', colour)}${text}${zone}`;
      }
      if (record.what === 'rule') {
        return `${time} ${label('rule', colour)} ${ruleTail(record.fields)}${zone}`;
      }
      if (record.what === 'refused') {
        return `${time} ${label('refused', colour)}${refusedWords(record.fields, names)}${zone}`;
      }
      if (record.what === 'tiers') {
        return `${time} ${label('tiers', colour)}${tierWords(record.fields)}${zone}`;
      }
      return `${time} ${label('status', colour)} ${escapeText(record.what)}${fieldWords(record.fields)}${zone}`;
    }
  }
}
