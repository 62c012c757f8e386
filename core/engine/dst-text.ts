import { inet6Text } from '../wire/address.js';
import type { RouteKey } from '../fib/route-key.js';

const BYTE = Array.from({ length: 256 }, (_, i) => String(i));
const DOTTED = Array.from({ length: 256 }, (_, i) => `${i}.`);
const SLASHED = Array.from({ length: 129 }, (_, i) => `/${i}`);

/** Prefix of a key as text, always with its length. */
export function dstText(key: RouteKey, inet6: boolean): string {
  if (!inet6) {
    const w = key.w0;
    return (
      (DOTTED[w >>> 24] ?? '') +
      (DOTTED[(w >>> 16) & 255] ?? '') +
      (DOTTED[(w >>> 8) & 255] ?? '') +
      (BYTE[w & 255] ?? '') +
      (SLASHED[key.length] ?? '')
    );
  }
  return inet6Text(key.w0, key.w1, key.w2, key.w3) + (SLASHED[key.length] ?? '');
}
