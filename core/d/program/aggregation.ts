import type { Integer } from '../integer.js';
import type { AggregatingFunction } from './aggregating.js';
import { linearBuckets, logLinearBuckets, POWERS_OF_TWO, type BucketLayout } from './buckets.js';
import { add, addSquare, divide, squareRoot } from './wide-integer.js';

/** What one key of an aggregation holds. */
export interface AggregationValue {
  /** False: there was no room for one bucket more. `increment` is for the quantizing functions. */
  add(value: Integer, increment?: Integer): boolean;
  /** Forgets the values: prints as 0 until the next one. */
  clear(): void;
  /** Nothing was added since the start or the last clear(). */
  readonly isEmpty: boolean;
  /** What rows are sorted by first: the scalar, or the buckets' values times their counts. */
  readonly rank: Integer;
  /** Of two values of one function with equal ranks: below 0, this one stands before `other`. */
  compareTies(other: AggregationValue): number;
  /** What is printed, divided by the normalization factor; null for a distribution. */
  scalar(normal: Integer): Integer | null;
}

/** How many buckets may still be made, over all keys of an aggregation. */
export interface BucketRoom {
  left: number;
}

abstract class ScalarValue implements AggregationValue {
  protected count = 0;

  abstract add(value: Integer): boolean;
  abstract scalar(normal: Integer): Integer;

  clear(): void {
    this.count = 0;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get rank(): Integer {
    return this.scalar(1);
  }

  compareTies(): number {
    return 0;
  }
}

class CountValue extends ScalarValue {
  add(): boolean {
    this.count += 1;
    return true;
  }

  scalar(normal: Integer): Integer {
    return divide(this.count, normal);
  }
}

class SumValue extends ScalarValue {
  protected sum: Integer = 0;

  add(value: Integer): boolean {
    this.count += 1;
    this.sum = add(this.sum, value);
    return true;
  }

  override clear(): void {
    super.clear();
    this.sum = 0;
  }

  scalar(normal: Integer): Integer {
    return divide(this.sum, normal);
  }
}

class AverageValue extends SumValue {
  override scalar(normal: Integer): Integer {
    return this.count === 0 ? 0 : divide(divide(this.sum, normal), this.count);
  }
}

/** The root of the mean of the squares less the square of the mean, in whole numbers as DTrace does it. */
class DeviationValue extends SumValue {
  private squares: Integer = 0;

  override add(value: Integer): boolean {
    this.squares = addSquare(this.squares, value);
    return super.add(value);
  }

  override clear(): void {
    super.clear();
    this.squares = 0;
  }

  override scalar(normal: Integer): Integer {
    if (this.count === 0) return 0;
    const by = BigInt(normal);
    const mean = BigInt(divide(divide(this.sum, normal), this.count));
    const meanOfSquares = BigInt(this.squares) / by / by / BigInt(this.count);
    return squareRoot(meanOfSquares - mean * mean);
  }
}

class LowestValue extends ScalarValue {
  protected best: Integer = 0;

  add(value: Integer): boolean {
    if (this.count === 0 || this.wins(value)) this.best = value;
    this.count = 1;
    return true;
  }

  protected wins(value: Integer): boolean {
    return value < this.best;
  }

  override clear(): void {
    super.clear();
    this.best = 0;
  }

  scalar(normal: Integer): Integer {
    return divide(this.best, normal);
  }
}

class HighestValue extends LowestValue {
  protected override wins(value: Integer): boolean {
    return value > this.best;
  }
}

/** A distribution: only the buckets between the lowest and the highest ever used are held. */
export class Distribution implements AggregationValue {
  readonly layout: BucketLayout;
  private readonly room: BucketRoom;
  private first = 0;
  private counts: Integer[] = [];
  private held = false;

  constructor(layout: BucketLayout, room: BucketRoom) {
    this.layout = layout;
    this.room = room;
  }

  add(value: Integer, increment: Integer = 1): boolean {
    const bucket = this.layout.bucketOf(value);
    const index = bucket - this.first;
    if ((index < 0 || index >= this.counts.length) && !this.reach(bucket)) return false;
    const at = bucket - this.first;
    this.counts[at] = add(this.counts[at] ?? 0, increment);
    this.held = true;
    return true;
  }

  /** Makes the buckets from those held up to this one; twice as many downwards, as each moves all. */
  private reach(bucket: number): boolean {
    const { counts, room } = this;
    const held = counts.length;
    if (held === 0) this.first = bucket;
    const below = this.first - bucket;
    const made =
      below > 0 ? Math.min(Math.max(below, held), this.first) : bucket - this.first + 1 - held;
    if (made > room.left) return false;
    room.left -= made;
    if (below > 0) {
      this.counts = new Array<Integer>(made).fill(0).concat(counts);
      this.first -= made;
    } else {
      for (let index = 0; index < made; index += 1) counts.push(0);
    }
    return true;
  }

  clear(): void {
    this.counts.fill(0);
    this.held = false;
  }

  /** Gives the buckets back to the room. */
  release(): void {
    this.room.left += this.counts.length;
    this.counts = [];
    this.clear();
  }

  get isEmpty(): boolean {
    return !this.held;
  }

  countOf(bucket: number): Integer {
    return this.counts[bucket - this.first] ?? 0;
  }

  /** The first and the last bucket that counts something, or null. */
  get span(): readonly [number, number] | null {
    const isUsed = (count: Integer): boolean => count !== 0;
    const from = this.counts.findIndex(isUsed);
    return from < 0 ? null : [this.first + from, this.first + this.counts.findLastIndex(isUsed)];
  }

  get rank(): number {
    return this.counts.reduce<number>(
      (sum, count, index) => sum + Number(count) * this.layout.weight(this.first + index),
      0,
    );
  }

  /** As DTrace: what counts at 0 weighs nothing, but tells two distributions apart. */
  compareTies(other: AggregationValue): number {
    return other instanceof Distribution ? this.countAtZero() - other.countAtZero() : 0;
  }

  private countAtZero(): number {
    const { layout, counts, first } = this;
    return Number(counts.find((_, index) => layout.weight(first + index) === 0) ?? 0);
  }

  scalar(): null {
    return null;
  }
}

/** One layout serves all keys of an aggregation. */
function layoutOf(fn: AggregatingFunction, parameters: readonly number[]): BucketLayout | null {
  const [first = 0, second = 0, third, fourth = 0] = parameters;
  switch (fn) {
    case 'quantize':
      return POWERS_OF_TWO;
    case 'lquantize':
      return linearBuckets(first, second, third ?? 1);
    case 'llquantize':
      return logLinearBuckets(first, second, third ?? 0, fourth);
    default:
      return null;
  }
}

const SCALARS: Readonly<Record<string, new () => AggregationValue>> = {
  count: CountValue,
  sum: SumValue,
  avg: AverageValue,
  min: LowestValue,
  max: HighestValue,
  stddev: DeviationValue,
};

/** Makes the values of one aggregation. `parameters` are constants that parameterFault() found right. */
export function aggregationValues(
  fn: AggregatingFunction,
  parameters: readonly number[],
  room: BucketRoom,
): () => AggregationValue {
  const layout = layoutOf(fn, parameters);
  if (layout !== null) return () => new Distribution(layout, room);
  const Scalar = SCALARS[fn] ?? CountValue;
  return () => new Scalar();
}
