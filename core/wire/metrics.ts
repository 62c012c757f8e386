/** RTA_METRICS (net/ipv4/fib_semantics.c, fib_dump_info; net/core/rtnetlink.c, rtnetlink_put_metrics). */

import { align4, NLA_HEADER_BYTES, textAt, u16, u32 } from './bytes.js';
import { NLA_TYPE_MASK, RTAX } from './constants.js';

export type Metrics = Record<string, number | string | readonly string[]>;

/** Names as `ip route` prints them. */
const NAMES: readonly string[] = [
  '',
  'lock',
  'mtu',
  'window',
  'rtt',
  'rttvar',
  'ssthresh',
  'cwnd',
  'advmss',
  'reordering',
  'hoplimit',
  'initcwnd',
  'features',
  'rto_min',
  'initrwnd',
  'quickack',
  'congctl',
  'fastopen_no_cookie',
];

/** A metric newer than this table is named by its number. */
const nameOf = (type: number): string => NAMES[type] ?? `metric${type}`;

/** RTAX_FEATURE_* (include/uapi/linux/rtnetlink.h). */
const FEATURES: readonly (readonly [number, string])[] = [
  [1 << 0, 'ecn'],
  [1 << 1, 'sack'],
  [1 << 2, 'timestamp'],
  [1 << 3, 'allfrag'],
  [1 << 4, 'tcp_usec_ts'],
];

/** RTAX_HOPLIMIT of a route that leaves it to the interface. */
const HOPLIMIT_DEFAULT = 0xffff_ffff;

function featuresOf(bits: number): readonly string[] {
  const names = FEATURES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  const rest = FEATURES.reduce((left, [bit]) => left & ~bit, bits) >>> 0;
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`];
}

/** RTAX_LOCK: bit n locks metric n. */
function locked(bits: number): readonly string[] {
  const names: string[] = [];
  for (let type = 2; type < 32; type++) {
    if ((bits & (1 << type)) !== 0) names.push(nameOf(type));
  }
  return names;
}

/** The metrics in [from, to), values as the kernel's numbers (rtt is ms * 8, rttvar ms * 4); null when malformed. */
export function readMetrics(bytes: Uint8Array, from: number, to: number): Metrics | null {
  const metrics: Metrics = {};
  for (let at = from; at + NLA_HEADER_BYTES <= to;) {
    const length = u16(bytes, at);
    if (length < NLA_HEADER_BYTES || at + length > to) return null;
    const type = u16(bytes, at + 2) & NLA_TYPE_MASK;
    const start = at + NLA_HEADER_BYTES;
    if (type === RTAX.CC_ALGO) {
      metrics['congctl'] = textAt(bytes, start, at + length);
    } else if (type !== 0) {
      if (length < NLA_HEADER_BYTES + 4) return null;
      const value = u32(bytes, start);
      if (type === RTAX.LOCK) metrics['lock'] = Object.freeze(locked(value));
      else if (type === RTAX.FEATURES) metrics['features'] = Object.freeze(featuresOf(value));
      else if (type !== RTAX.HOPLIMIT || value !== HOPLIMIT_DEFAULT) metrics[nameOf(type)] = value;
    }
    at += align4(length);
  }
  return metrics;
}
