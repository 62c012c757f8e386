import { escapeText } from '../../core/format/escape.js';
import type { TraceInfo } from '../../core/trace/model.js';
import type { TraceCounters } from '../../sources/trace/traced-lookup.js';

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** Names of functions left out that one line takes. */
const MOST_NAMES = 12;

/** What is watched, and by what. */
function watched({ tier, functions }: TraceInfo): string {
  const what = tier === 'tracepoint' ? 'tracepoint' : 'function';
  const others = functions.filter(({ mechanism }) => mechanism !== tier).length;
  const rest = others === 0 ? '' : ` (${others} of them otherwise)`;
  return `${tier}, ${plural(functions.length, what)}${rest}`;
}

/** What a trace watches, in one line; with why not more in further ones. `who` goes before it. */
export function beginLines(who: string, info: TraceInfo, isVerbose: boolean): readonly string[] {
  const { leftOut, why } = info;
  const names = leftOut.slice(0, MOST_NAMES).map(({ name }) => escapeText(name));
  const more = leftOut.length > MOST_NAMES ? ` and ${leftOut.length - MOST_NAMES} more` : '';
  const named = isVerbose ? '' : `: ${names.join(', ')}${more}`;
  const left = leftOut.length === 0 ? '' : `, ${leftOut.length} left out${named}`;
  const hint = why === null || isVerbose ? '' : '; --verbose says why no better';
  const line = `${who}: ${watched(info)}${left}${hint}`;
  if (!isVerbose) return [line];
  return [
    line,
    ...(why === null ? [] : [`no better: ${escapeText(why)}`]),
    ...leftOut.map((one) => `left out: ${escapeText(one.name)}: ${escapeText(one.why)}`),
  ];
}

export interface TraceEnd {
  readonly printed: number;
  readonly counters: TraceCounters;
  /** Texts that nobody read in time. */
  readonly unread: number;
}

/** Said at the end. */
export function endLine({ printed, counters, unread }: TraceEnd): string {
  const { withoutLookup, lost, dropped } = counters;
  const notPrinted = unread + dropped;
  return [
    plural(printed, 'lookup'),
    `${withoutLookup} without a lookup (the route was cached)`,
    `${plural(lost, 'record')} lost`,
    ...(notPrinted === 0 ? [] : [`${plural(notPrinted, 'tree')} not printed`]),
  ].join(', ');
}
