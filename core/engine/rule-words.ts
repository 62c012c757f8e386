import type { Rule } from '../wire/rule.js';

/** Members of a rule whose 0 means nothing. */
const ZERO_IS_NOTHING: ReadonlySet<string> = new Set(['priority', 'tos', 'table']);

/** What a rule says, without the many members that stand at their default. */
export const saidOf = (rule: Rule): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(rule).filter(
      ([name, value]) =>
        value !== null && value !== false && !(value === 0 && ZERO_IS_NOTHING.has(name)),
    ),
  );
