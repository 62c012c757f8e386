/** The functions of the kernel's route lookup, in the order a lookup meets them. */

import { INET_INPUT } from './functions-inet-input.js';
import { INET_OUTPUT } from './functions-inet-output.js';
import { INET_TABLES } from './functions-inet-tables.js';
import { INET6_INPUT } from './functions-inet6-input.js';
import { INET6_OUTPUT } from './functions-inet6-output.js';
import { INET6_TABLES } from './functions-inet6-tables.js';
import { POINTS } from './functions-points.js';
import type { FunctionRow } from './model.js';

/**
 * All of them: also those some kernels inline or do not have, so that a trace can say what it leaves out. Written for
 * kernels 6.1 to 6.18.
 */
export const FUNCTIONS: readonly FunctionRow[] = [
  ...INET_OUTPUT,
  ...INET_TABLES,
  ...INET_INPUT,
  ...INET6_OUTPUT,
  ...INET6_TABLES,
  ...INET6_INPUT,
  ...POINTS,
];

const rows: ReadonlyMap<string, FunctionRow> = new Map(FUNCTIONS.map((row) => [row.name, row]));

/** The row of a function's name in the source, without the compiler's suffixes. */
export function functionRow(name: string): FunctionRow | null {
  return rows.get(name) ?? null;
}
