import { escapeText } from '../core/format/escape.js';
import type { Sink } from '../core/sink.js';

/** Counters of the source in the order they are said; the words are those of the `stop` status. */
const SOURCE_COUNTERS = [
  'received',
  'decoded',
  'lost',
  'ring_lost',
  'malformed',
  'inferred',
  'resyncs',
] as const;

/**
 * What was seen and what was not, as tcpdump says it: one line for the source and one for each sink.
 * `fields` are those of the source's `stop` status, null when it ended without one.
 */
export function countersLines(
  fields: Readonly<Record<string, unknown>> | null,
  sinks: readonly Sink[],
): readonly string[] {
  const words = SOURCE_COUNTERS.flatMap((name) => {
    const value = fields?.[name];
    return typeof value === 'number' ? [`${value} ${name}`] : [];
  });
  return [
    ...(words.length === 0 ? [] : [words.join(', ')]),
    ...sinks.map(({ name, counters }) => {
      const failed = counters.failed > 0 ? `, ${counters.failed} failed` : '';
      return `sink ${escapeText(name)}: ${counters.written} written, ${counters.dropped} dropped${failed}`;
    }),
  ];
}
