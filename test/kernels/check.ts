import type { Line, TierName, Watched } from './watcher.js';

/** Rows of the table at the end: the probes' objects, and `stream` for what concerns all. */
export type Subject = 'miss' | 'losing' | 'redirect' | 'request' | 'removed' | 'stream';

/** One claim about what a monitor said. */
export interface Check {
  readonly subject: Subject;
  readonly name: string;
  /** Null: as expected; else what was got. */
  readonly verify: (watched: Watched) => string | null;
  /** The tiers it is about; all without. */
  readonly tiers?: readonly TierName[];
}

export const routeEvents = ({ lines }: Watched, probe: string): readonly Line[] =>
  lines.filter((line) => line['type'] === 'route' && line['probe'] === probe);

export const statuses = ({ lines }: Watched, what: string): readonly Line[] =>
  lines.filter((line) => line['type'] === 'status' && line['what'] === what);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of `wanted` at which `got` is otherwise; a function says by itself whether it likes the value. */
export function differences(wanted: unknown, got: unknown, path = ''): string[] {
  if (typeof wanted === 'function') {
    const likes = wanted as (value: unknown) => boolean;
    return likes(got) ? [] : [`${path} is ${JSON.stringify(got)}`];
  }
  if (isRecord(wanted)) {
    if (!isRecord(got)) return [`${path} is ${JSON.stringify(got)}`];
    return Object.entries(wanted).flatMap(([name, value]) =>
      differences(value, got[name], path === '' ? name : `${path}.${name}`),
    );
  }
  if (Object.is(wanted, got)) return [];
  return [`${path} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`];
}

/** Exactly one of `found`, and it has what `wanted` says. */
export function onlyOne(
  found: readonly Line[],
  wanted: Readonly<Record<string, unknown>>,
): string | null {
  const [line] = found;
  if (line === undefined) return 'no such record';
  if (found.length > 1) return `${found.length} records: ${JSON.stringify(found).slice(0, 1500)}`;
  const wrong = differences(wanted, line);
  return wrong.length === 0 ? null : wrong.join(', ');
}

export const above =
  (least: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value > least;

export const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Mechanism that serves an object and family, as the `tiers` record says. */
export function mechanismOf(watched: Watched, object: string, family: string): string | null {
  const rows = (statuses(watched, 'tiers')[0]?.['tiers'] ?? []) as readonly Line[];
  const row = rows.find((line) => line['probe'] === object && line['family'] === family);
  return (row?.['mechanism'] as string | null | undefined) ?? null;
}
