import { filter, type MonoTypeOperatorFunction } from 'rxjs';
import type { RoutetapRecord } from '../event.js';
import { recordFilter, type FilterOptions } from '../filter.js';

/**
 * Lets through what matches: a D predicate (docs/where.md), the options of `monitor`, or a function.
 * With a predicate or options, gaps, resyncs and statuses always pass; a function decides over every record.
 * Nothing is delayed or reordered.
 *
 * @throws {RoutetapError} usage, when called: the predicate or an option is wrong.
 */
export function where(
  wanted: string | FilterOptions | ((record: RoutetapRecord) => boolean),
): MonoTypeOperatorFunction<RoutetapRecord> {
  if (typeof wanted === 'function') return filter(wanted);
  return filter(recordFilter(typeof wanted === 'string' ? { where: wanted } : wanted));
}
