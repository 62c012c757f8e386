/** RTM_NEWADDR and RTM_DELADDR (net/ipv4/devinet.c, net/ipv6/addrconf.c). */

import type { Family } from '../event.js';
import { Attributes, u32 } from './bytes.js';
import { AF, IFA } from './constants.js';

/** An address of an interface. */
export interface InterfaceAddress {
  readonly family: Family;
  readonly ifindex: number;
  readonly prefixLength: number;
  /** ifa_scope, a rtm_scope value. */
  readonly scope: number;
  /** IFA_F_* bits. */
  readonly flags: number;
  /** The address itself. */
  readonly local: string;
  /** IFA_ADDRESS: the peer's on a point-to-point link, else the same as `local`. */
  readonly address: string;
  readonly label: string | null;
  /** IFA_PROTO: IFAPROT_*, 0 where nothing is said. */
  readonly protocol: number;
  /** IFA_RT_PRIORITY: metric of its prefix route, null for the default. */
  readonly metric: number | null;
  /** `local` with its length, as `ip address` prints it: `192.168.5.1/24`. */
  readonly text: string;
}

/** struct ifaddrmsg: u8 family, u8 prefixlen, u8 flags, u8 scope, u32 index. */
const IFADDRMSG_BYTES = 8;

/** Reads the message whose struct ifaddrmsg stands at `start`. Null: malformed or another family. */
export function readAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
): InterfaceAddress | null {
  if (start + IFADDRMSG_BYTES > end) return null;
  const family = bytes[start] ?? 0;
  const prefixLength = bytes[start + 1] ?? 0;
  if (family !== AF.INET && family !== AF.INET6) return null;
  if (prefixLength > (family === AF.INET ? 32 : 128)) return null;
  const a = Attributes.read(bytes, start + IFADDRMSG_BYTES, end, IFA.PROTO);
  if (a === null) return null;
  const address = a.address(IFA.ADDRESS, family) ?? a.address(IFA.LOCAL, family);
  if (address === null) return null;
  const local = a.address(IFA.LOCAL, family) ?? address;
  const found: InterfaceAddress = {
    family: family === AF.INET ? 'inet' : 'inet6',
    ifindex: u32(bytes, start + 4),
    prefixLength,
    scope: bytes[start + 3] ?? 0,
    flags: a.u32(IFA.FLAGS) ?? bytes[start + 2] ?? 0,
    local,
    address,
    label: a.text(IFA.LABEL),
    protocol: a.u8(IFA.PROTO) ?? 0,
    metric: a.u32(IFA.RT_PRIORITY),
    text: `${local}/${prefixLength}`,
  };
  return a.malformed ? null : found;
}
