import { escapeText } from '../../format/escape.js';
import type { Integer } from '../integer.js';
import { Distribution, type AggregationValue } from './aggregation.js';
import { DEFAULT_ORDER, joinedRows, type Aggregation, type SortOrder } from './aggregations.js';
import { histogramText } from './histogram.js';
import type { Key, KeyElement } from './key-tree.js';
import type { PrintaFormat } from './printa.js';

export interface PrintOptions {
  readonly order?: SortOrder;
  /** Bytes of each key element's type: 1, 2, 4 or 8 (default); texts don't need it. */
  readonly keyWidths?: readonly number[];
}

/** Columns an integer of so many bytes takes, the space before it not counted. */
const COLUMNS: Readonly<Record<number, number>> = { 1: 3, 2: 5, 4: 8, 8: 16 };
const VALUE_COLUMNS = 16;
const TEXT_COLUMNS = 50;

/** DTrace shows 8- and 16-bit keys without a sign. */
function keyColumn(element: KeyElement, bytes: number): string {
  if (typeof element === 'string') return `  ${escapeText(element).padEnd(TEXT_COLUMNS)}`;
  const shown = bytes < 4 ? BigInt.asUintN(bytes * 8, BigInt(element)) : element;
  return ` ${String(shown).padStart(COLUMNS[bytes] ?? VALUE_COLUMNS)}`;
}

/** What a value prints: an integer, or the whole histogram as text. */
function shownValue(value: AggregationValue, normal: Integer): Integer | string {
  if (value instanceof Distribution) return histogramText(value, normal);
  return value.scalar(normal) ?? 0;
}

function valueColumn(value: Integer | string): string {
  return typeof value === 'string' ? value : ` ${String(value).padStart(VALUE_COLUMNS)}`;
}

/** Key columns and value columns of one row. */
function line(
  key: Key,
  values: readonly (Integer | string)[],
  keyWidths: readonly number[],
): string {
  let text = '';
  for (let index = 0; index < key.length; index += 1) {
    text += keyColumn(key[index] ?? 0, keyWidths[index] ?? 8);
  }
  for (const value of values) text += valueColumn(value);
  return `${text}\n`;
}

/**
 * What printa() and the end of a program print: a line per key (`  %-50s` for texts, integers by the width
 * of their type, ` %16d` for values), or by the format of printa(). "" when nothing was aggregated.
 */
export function aggregationText(
  printed: Aggregation | readonly Aggregation[],
  { order = DEFAULT_ORDER, keyWidths = [] }: PrintOptions = {},
  format?: PrintaFormat,
): string {
  const put: PrintaFormat = format ?? ((key, values) => line(key, values, keyWidths));
  if ('fn' in printed) {
    const { normal } = printed;
    return joined(printed.rows(order), ({ key, value }) => put(key, [shownValue(value, normal)]));
  }
  const normals = printed.map(({ normal }) => normal);
  return joined(joinedRows(printed, order), ({ key, values }) =>
    put(
      key,
      values.map((value, index) => shownValue(value, normals[index] ?? 1)),
    ),
  );
}

const ROWS_AT_ONCE = 256;

/** The rows' texts, some hundreds made one at a time: a hundred thousand ropes cost more than their rows. */
function joined<Row>(rows: readonly Row[], textOf: (row: Row) => string): string {
  const parts: string[] = [];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const texts = rows.slice(from, from + ROWS_AT_ONCE).map(textOf);
    parts.push(texts.join(''));
  }
  return parts.join('');
}
