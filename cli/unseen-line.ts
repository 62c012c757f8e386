import type { Probe, StatusRecord } from '../core/event.js';
import { escapeText } from '../core/format/escape.js';
import type { TierRow } from '../core/frame.js';

/** Rows of a `status` record `what: "tiers"`. */
export const rowsOf = ({ fields }: StatusRecord): readonly TierRow[] =>
  (fields['tiers'] ?? []) as readonly TierRow[];

/** A line about probes that were asked for by name and that nothing sees; null when there is none. */
export function unseenLine(rows: readonly TierRow[], asked: readonly Probe[]): string | null {
  const unseen = asked.filter((probe) => {
    const own = rows.filter((row) => row.probe === probe);
    return own.length > 0 && own.every(({ mechanism }) => mechanism === null);
  });
  const [first] = unseen;
  if (first === undefined) return null;
  const why = rows.find(({ probe }) => probe === first)?.better;
  const reason = why == null ? '' : `: ${escapeText(why)}`;
  return `routetap: nothing here sees ${unseen.join(', ')}${reason}; see routetap doctor`;
}
