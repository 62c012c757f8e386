import { DivisionByZero, wrap, type Integer } from '../integer.js';

/** a + b in 64 bits, as ARITHMETIC['+'], small enough to be inlined where events are counted. */
export function add(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return wrap(BigInt(a) + BigInt(b));
}

/** a / b towards zero. Throws DivisionByZero. */
export function divide(a: Integer, b: Integer): Integer {
  if (b === 0) throw new DivisionByZero();
  // A quotient of safe integers is never rounded up to a whole number; adding 0 makes 0 of -0.
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return wrap(BigInt(a) / BigInt(b));
}

/** sum + value², in 128 bits without a sign. */
export function addSquare(sum: Integer, value: Integer): Integer {
  if (typeof sum === 'number' && typeof value === 'number') {
    const next = sum + value * value;
    if (Number.isSafeInteger(next)) return next;
  }
  const wide = BigInt(value);
  return BigInt.asUintN(128, BigInt(sum) + wide * wide);
}

/** The whole part of the square root of a number from 0 on. */
export function squareRoot(value: bigint): Integer {
  if (value <= 0n) return 0;
  // From above, Newton's steps fall until the root is reached.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return wrap(root);
    root = next;
  }
}
