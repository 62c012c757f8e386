/**
 * D's integers are 64 bits wide and signed. Most are small, so they are JavaScript numbers while that is
 * exact, and a bigint only beyond; every function here gives the one form a value has.
 */
export type Integer = number | bigint;

const NARROW = BigInt(Number.MAX_SAFE_INTEGER);

/** The low 64 bits, read as signed. */
export function wrap(value: bigint): Integer {
  const signed = BigInt.asIntN(64, value);
  return signed <= NARROW && signed >= -NARROW ? Number(signed) : signed;
}

/** Anything a record member holds, as D sees it: missing is 0, true is 1, decimal and 0x text is read. */
export function toInteger(value: unknown): Integer {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? value : Math.trunc(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint':
      return wrap(value);
    case 'string':
      return /^(0x[0-9a-f]+|\d+)$/i.test(value) ? wrap(BigInt(value)) : 0;
    default:
      return 0;
  }
}

/** Division by zero ends the predicate, as a fault ends a clause in DTrace. */
export class DivisionByZero extends Error {}

const isInt32 = (value: Integer): value is number =>
  typeof value === 'number' && (value | 0) === value;

const bits =
  (small: (a: number, b: number) => number, large: (a: bigint, b: bigint) => bigint) =>
  (a: Integer, b: Integer): Integer =>
    isInt32(a) && isInt32(b) ? small(a, b) : wrap(large(BigInt(a), BigInt(b)));

const sums =
  (small: (a: number, b: number) => number, large: (a: bigint, b: bigint) => bigint) =>
  (a: Integer, b: Integer): Integer => {
    if (typeof a === 'number' && typeof b === 'number') {
      const result = small(a, b);
      // -0 would be told from 0 by Object.is and by 1 / x only, but it prints as "-0".
      if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
    }
    return wrap(large(BigInt(a), BigInt(b)));
  };

function divisor(value: Integer): bigint {
  if (value === 0) throw new DivisionByZero();
  return BigInt(value);
}

/** The arithmetic operators. A shift takes the low 6 bits of its count, as the processor does. */
export const ARITHMETIC = {
  '+': sums(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  '-': sums(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': sums(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': (a: Integer, b: Integer): Integer => wrap(BigInt(a) / divisor(b)),
  '%': (a: Integer, b: Integer): Integer => wrap(BigInt(a) % divisor(b)),
  '&': bits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  '|': bits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  '^': bits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  '<<': (a: Integer, b: Integer): Integer => wrap(BigInt(a) << (BigInt(b) & 63n)),
  '>>': (a: Integer, b: Integer): Integer => wrap(BigInt(a) >> (BigInt(b) & 63n)),
} as const;

const whole = (value: Integer): bigint => BigInt.asUintN(64, BigInt(value));

/** Where C's unsigned 64-bit types give another result than the signed ones. */
export const UNSIGNED_ARITHMETIC = {
  ...ARITHMETIC,
  '/': (a: Integer, b: Integer): Integer => wrap(whole(a) / BigInt.asUintN(64, divisor(b))),
  '%': (a: Integer, b: Integer): Integer => wrap(whole(a) % BigInt.asUintN(64, divisor(b))),
  '>>': (a: Integer, b: Integer): Integer => wrap(whole(a) >> (BigInt(b) & 63n)),
} as const;
