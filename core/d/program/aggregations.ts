import { DivisionByZero, type Integer } from '../integer.js';
import type { AggregatingFunction } from './aggregating.js';
import {
  aggregationValues,
  Distribution,
  type AggregationValue,
  type BucketRoom,
} from './aggregation.js';
import { compareKeys, KeyTree, type Key } from './key-tree.js';

const MAX_KEYS = 100_000;
/** Every key may hold a whole quantize() of 127 buckets. */
const BUCKETS_PER_KEY = 127;

export interface AggregationOptions {
  /** Keys taken; values of more keys are dropped and counted. */
  readonly maxKeys?: number;
}

export interface AggregationRow {
  readonly key: Key;
  readonly value: AggregationValue;
}

/** The options aggsortkey, aggsortrev, aggsortkeypos, and aggsortpos (which of several aggregations sorts). */
export interface SortOrder {
  readonly byKey: boolean;
  readonly reversed: boolean;
  readonly keyPosition: number;
  readonly position: number;
}

export const DEFAULT_ORDER: SortOrder = {
  byKey: false,
  reversed: false,
  keyPosition: 0,
  position: 0,
};

/** One `@name` of a program: values by key. */
export class Aggregation {
  readonly name: string;
  readonly fn: AggregatingFunction;
  private readonly maxKeys: number;
  private readonly room: BucketRoom;
  private readonly newValue: () => AggregationValue;
  private readonly tree = new KeyTree<AggregationRow>();
  private all: AggregationRow[] = [];
  private normalizedBy: Integer = 1;
  private droppedValues = 0;

  constructor(
    name: string,
    fn: AggregatingFunction,
    parameters: readonly number[] = [],
    { maxKeys = MAX_KEYS }: AggregationOptions = {},
  ) {
    this.name = name;
    this.fn = fn;
    this.maxKeys = maxKeys;
    this.room = { left: maxKeys * BUCKETS_PER_KEY };
    this.newValue = aggregationValues(fn, parameters, this.room);
  }

  /** Keys held. */
  get size(): number {
    return this.all.length;
  }

  /** Values for which there was no room, since the start. */
  get dropped(): number {
    return this.droppedValues;
  }

  get normal(): Integer {
    return this.normalizedBy;
  }

  /** False: no room, counted in `dropped`. The caller may use `key` again: it is copied. */
  add(key: Key, value: Integer, increment?: Integer): boolean {
    const row = this.tree.get(key) ?? this.newRow(key);
    if (row?.value.add(value, increment) === true) return true;
    this.droppedValues += 1;
    return false;
  }

  private newRow(key: Key): AggregationRow | null {
    if (this.all.length >= this.maxKeys) return null;
    const row = { key: key.slice(), value: this.newValue() };
    this.tree.set(row.key, row);
    this.all.push(row);
    return row;
  }

  /** A value that holds nothing, for a key that this aggregation has not. */
  emptyValue(): AggregationValue {
    return this.newValue();
  }

  find(key: Key): AggregationValue | undefined {
    return this.tree.get(key)?.value;
  }

  /** Keys stay, their values are 0. */
  clear(): void {
    for (const { value } of this.all) value.clear();
  }

  /** Keeps the `n` highest, or the lowest when `n` is below 0; null drops all keys. */
  trunc(n: number | null): void {
    const kept = Math.abs(n ?? 0);
    if (kept >= this.all.length) return;
    const sorted = kept === 0 ? this.all : this.rows();
    const from = (n ?? 0) > 0 ? sorted.length - kept : 0;
    this.all = sorted.slice(from, from + kept);
    const gone = sorted.slice(0, from).concat(sorted.slice(from + kept));
    for (const { value } of gone) if (value instanceof Distribution) value.release();
    this.tree.clear();
    for (const row of this.all) this.tree.set(row.key, row);
  }

  /** What is printed is divided by this. Throws DivisionByZero. */
  normalize(by: Integer): void {
    if (by === 0) throw new DivisionByZero();
    this.normalizedBy = by;
  }

  denormalize(): void {
    this.normalizedBy = 1;
  }

  /** All rows, in the order their keys came. */
  get unsorted(): readonly AggregationRow[] {
    return this.all;
  }

  /** All rows, by value (lowest first), then by key, unless the order says otherwise. */
  rows(order: SortOrder = DEFAULT_ORDER): AggregationRow[] {
    return sortedRows(this.all, 1, ({ value }) => value, order);
  }
}

/** A key that at least one of several aggregations has, with the value each has for it. */
export interface JoinedRow {
  readonly key: Key;
  readonly values: readonly AggregationValue[];
}

/** Rows of several aggregations brought together by key; what one lacks is empty. */
export function joinedRows(
  aggregations: readonly Aggregation[],
  order: SortOrder = DEFAULT_ORDER,
): JoinedRow[] {
  const seen = new KeyTree<AggregationRow>();
  const rows: JoinedRow[] = [];
  for (const aggregation of aggregations) {
    for (const row of aggregation.unsorted) {
      if (seen.get(row.key) !== undefined) continue;
      seen.set(row.key, row);
      const values = aggregations.map((other) => other.find(row.key) ?? other.emptyValue());
      rows.push({ key: row.key, values });
    }
  }
  return sortedRows(rows, aggregations.length, ({ values }, index) => values[index], order);
}

/** Sorts by the values, the one at `order.position` before all others, then by key. */
function sortedRows<Row extends { readonly key: Key }>(
  rows: readonly Row[],
  valuesPerRow: number,
  valueOf: (row: Row, index: number) => AggregationValue | undefined,
  { byKey, keyPosition, position, reversed }: SortOrder,
): Row[] {
  const places = Array.from({ length: valuesPerRow }, (_, index) => index);
  const first = position < valuesPerRow ? position : 0;
  const sorting = byKey ? [] : [first, ...places.filter((index) => index !== first)];
  // A rank is made once, as a distribution's takes a walk over its buckets.
  const columns = sorting.map((index) => ({
    index,
    ranks: rows.map((row) => valueOf(row, index)?.rank ?? 0),
  }));
  const compare = (a: number, b: number): number => {
    const [mine, others] = [rows[a] as Row, rows[b] as Row];
    for (const { index, ranks } of columns) {
      const [low, high] = [ranks[a] ?? 0, ranks[b] ?? 0];
      if (low !== high) return low < high ? -1 : 1;
      const other = valueOf(others, index);
      const ties = other === undefined ? 0 : (valueOf(mine, index)?.compareTies(other) ?? 0);
      if (ties !== 0) return ties;
    }
    return compareKeys(mine.key, others.key, keyPosition);
  };
  const sorted = rows.map((_, index) => index);
  sorted.sort(reversed ? (a, b) => compare(b, a) : compare);
  return sorted.map((index) => rows[index] as Row);
}
