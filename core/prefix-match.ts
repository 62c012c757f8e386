import { AF } from './wire/constants.js';
import { parsePrefix, type Prefix } from './wire/address.js';

/**
 * Tests whether an address or prefix in text lies in `outer` (the prefix itself does). `default` holds the
 * default routes of both families and nothing else. Text that is no address lies nowhere.
 */
export function prefixMatcher(outer: Prefix): (text: string) => boolean {
  if (outer.family === AF.UNSPEC) return (text) => parsePrefix(text)?.length === 0;
  if (outer.family === AF.INET) return inet4Matcher(outer);
  return (text) => {
    if (!text.includes(':')) return false;
    const inner = parsePrefix(text);
    return inner !== null && inner.length >= outer.length && sameBits(outer, inner.bytes);
  };
}

/** By hand, without an allocation: every event passes here under `--dst`. */
function inet4Matcher(outer: Prefix): (text: string) => boolean {
  const drop = 32 - outer.length;
  const wanted = shifted(
    new DataView(outer.bytes.buffer, outer.bytes.byteOffset).getUint32(0),
    drop,
  );
  return (text) => {
    let address = 0;
    let octet = 0;
    let dots = 0;
    let at = 0;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === SLASH) break;
      if (code === DOT) {
        address = address * 256 + octet;
        octet = 0;
        dots += 1;
      } else {
        if (code < ZERO || code > NINE) return false;
        octet = octet * 10 + code - ZERO;
      }
    }
    if (dots !== 3) return false;
    const length = at === text.length ? 32 : Number(text.slice(at + 1));
    return length >= outer.length && shifted(address * 256 + octet, drop) === wanted;
  };
}

const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;

/** The network bits. A shift by 32 does nothing in JavaScript, so /0 stands apart. */
const shifted = (address: number, drop: number): number => (drop === 32 ? 0 : address >>> drop);

function sameBits(outer: Prefix, bytes: Uint8Array): boolean {
  const whole = outer.length >>> 3;
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== outer.bytes[i]) return false;
  const rest = outer.length & 7;
  return rest === 0 || ((bytes[whole] ?? 0) ^ (outer.bytes[whole] ?? 0)) >>> (8 - rest) === 0;
}
