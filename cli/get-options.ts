import { usageError } from '../core/errors.js';
import { parseAddress } from '../core/wire/address.js';
import { interfaceName, type ReadValue } from './option-values.js';
import { got } from './say.js';

/** Options of `get` as commander has them: texts. */
export interface GetFlags {
  readonly from?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: string;
  readonly uid?: string;
  readonly ipproto?: string;
  readonly sport?: string;
  readonly dport?: string;
  readonly tos?: string;
  readonly zone?: string;
  readonly json?: boolean;
  readonly explain?: boolean;
}

/** The same, read and checked; interfaces still by name. */
export interface GetOptions {
  readonly dst: Uint8Array;
  readonly src?: Uint8Array;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly uid?: number;
  readonly ipproto?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly tos?: number;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  'ipv6-icmp': 58,
  icmpv6: 58,
};

/** A whole number, decimal or 0x…, of at most `most`. */
const numberTo =
  (least: number, most: number): ReadValue<number> =>
  (name, text) => {
    const value = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw usageError(`${name}: expected a number from ${least} to ${most}, got ${got(text)}`);
  };

const ipproto: ReadValue<number> = (name, text) => {
  const known = Object.hasOwn(PROTOCOLS, text) ? PROTOCOLS[text] : undefined;
  if (known !== undefined) return known;
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 255) return Number(text);
  throw usageError(`${name}: expected tcp, udp, icmp, icmpv6 or a number to 255, got ${got(text)}`);
};

function readAddress(name: string, text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes !== null) return bytes;
  throw usageError(`${name}: expected an IPv4 or IPv6 address, got ${got(text)}`);
}

const U32 = 0xffffffff;

/** Reads what stands on the command line. Throws a usage error that names the option. */
export function readGetOptions(target: string, flags: GetFlags): GetOptions {
  const dst = readAddress('get', target);
  const src = flags.from === undefined ? undefined : readAddress('--from', flags.from);
  if (src !== undefined && src.length !== dst.length) {
    const family = dst.length === 4 ? 'an IPv4' : 'an IPv6';
    throw usageError(
      `--from: expected ${family} address as the destination, got ${got(flags.from)}`,
    );
  }
  if (flags.iif !== undefined && flags.oif !== undefined) {
    throw usageError('--oif: expected no --iif beside it, got both');
  }
  if (flags.iif !== undefined && src === undefined && dst.length === 4) {
    throw usageError('--iif: expected the source of the packet by --from, got none');
  }
  const read = <T>(name: string, text: string | undefined, reader: ReadValue<T>): T | undefined =>
    text === undefined ? undefined : reader(`--${name}`, text);
  const options = {
    dst,
    src,
    iif: read('iif', flags.iif, interfaceName),
    oif: read('oif', flags.oif, interfaceName),
    mark: read('mark', flags.mark, numberTo(0, U32)),
    uid: read('uid', flags.uid, numberTo(0, U32)),
    ipproto: read('ipproto', flags.ipproto, ipproto),
    sport: read('sport', flags.sport, numberTo(1, 65535)),
    dport: read('dport', flags.dport, numberTo(1, 65535)),
    tos: read('tos', flags.tos, numberTo(0, 255)),
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as GetOptions;
}
