/** Do the first `length` bits agree? Both of the same family. */
export function covers(prefix: Uint8Array, length: number, address: Uint8Array): boolean {
  const whole = length >>> 3;
  for (let i = 0; i < whole; i++) if (prefix[i] !== address[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((prefix[whole] ?? 0) ^ (address[whole] ?? 0)) >>> (8 - rest) === 0;
}

export const sameAddress = (a: Uint8Array, b: Uint8Array): boolean => covers(a, a.length * 8, b);

export const isZero = (address: Uint8Array): boolean => address.every((byte) => byte === 0);

/** Leading bits two addresses share. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) ^ (b[i] ?? 0);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return a.length * 8;
}
