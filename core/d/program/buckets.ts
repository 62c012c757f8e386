import type { Integer } from '../integer.js';

/** The buckets a quantizing function sorts its values into, from the lowest up, counted from 0. */
export interface BucketLayout {
  readonly size: number;
  readonly bucketOf: (value: Integer) => number;
  readonly label: (bucket: number) => string;
  /** What one value of the bucket weighs when distributions are sorted. */
  readonly weight: (bucket: number) => number;
  /** The first and the last row shown of a distribution that holds nothing. */
  readonly emptyRows: readonly [number, number];
}

const ZERO_BUCKET = 63;

/** Bits of a number from 1 on, less one. */
function log2(value: Integer): number {
  if (typeof value === 'bigint') return value.toString(2).length - 1;
  if (value < 0x1_0000_0000) return 31 - Math.clz32(value);
  return 63 - Math.clz32(value / 0x1_0000_0000);
}

/** The value each bucket of quantize() starts with, seen from 0. */
const POWERS: readonly Integer[] = Array.from({ length: 2 * ZERO_BUCKET + 1 }, (_, bucket) => {
  const exponent = Math.abs(bucket - ZERO_BUCKET) - 1;
  if (exponent < 0) return 0;
  const power: Integer = exponent < 53 ? 2 ** exponent : 1n << BigInt(exponent);
  return bucket < ZERO_BUCKET ? -power : power;
});

/** quantize(): 0 and the powers of two of both signs; a value goes to the last one not farther from 0. */
export const POWERS_OF_TWO: BucketLayout = {
  size: POWERS.length,
  bucketOf: (value) => {
    if (value > 0) return ZERO_BUCKET + 1 + log2(value);
    return value < 0 ? Math.max(ZERO_BUCKET - 1 - log2(-value), 0) : ZERO_BUCKET;
  },
  label: (bucket) => String(POWERS[bucket]),
  weight: (bucket) => Number(POWERS[bucket]),
  emptyRows: [ZERO_BUCKET - 1, ZERO_BUCKET + 1],
};

/** lquantize(): what is below `base`, levels of equal width, and all from the last level's end on. */
export function linearBuckets(base: number, limit: number, step: number): BucketLayout {
  const levels = Math.floor((limit - base) / step);
  const end = base + levels * step;
  return {
    size: levels + 2,
    bucketOf: (value) => {
      if (value < base) return 0;
      return value < end ? Math.floor((Number(value) - base) / step) + 1 : levels + 1;
    },
    label: (bucket) => {
      if (bucket === 0) return `< ${base}`;
      return bucket > levels ? `>= ${end}` : String(base + (bucket - 1) * step);
    },
    weight: (bucket) => {
      if (bucket === 0) return base - 1;
      return bucket > levels ? end + 1 : base + (bucket - 1) * step;
    },
    emptyRows: [0, Math.min(2, levels + 1)],
  };
}

/** Where the buckets of llquantize() start, the one below factor**low left out; the last is open. */
function logLinearStarts(factor: number, low: number, high: number, steps: number): Integer[] {
  const starts: bigint[] = [];
  const by = BigInt(factor);
  let start = by ** BigInt(low);
  for (let order = low; order <= high; order += 1) {
    const next = start * by;
    const width = next > BigInt(steps) ? next / BigInt(steps) : 1n;
    for (; start < next; start += width) starts.push(start);
  }
  starts.push(start);
  return starts.map((at) => (at <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(at) : at));
}

/** llquantize(): each power of `factor` from `low` to `high` in linear steps, and all below and above. */
export function logLinearBuckets(
  factor: number,
  low: number,
  high: number,
  steps: number,
): BucketLayout {
  const starts = logLinearStarts(factor, low, high, steps);
  const last = starts.length;
  const startOf = (bucket: number): Integer => starts[bucket - 1] ?? 0;
  return {
    size: last + 1,
    bucketOf: (value) => {
      let [from, to] = [0, last];
      while (from < to) {
        const middle = (from + to + 1) >> 1;
        if (value < startOf(middle)) to = middle - 1;
        else from = middle;
      }
      return from;
    },
    label: (bucket) => {
      if (bucket === 0) return `< ${String(startOf(1))}`;
      return bucket === last ? `>= ${String(startOf(last))}` : String(startOf(bucket));
    },
    weight: (bucket) => (bucket === 0 ? Number(startOf(1)) - 1 : Number(startOf(bucket))),
    emptyRows: [0, 1],
  };
}
