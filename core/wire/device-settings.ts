/** What RTM_NEWLINK says of a device besides the link itself: its group and per-family settings (IFLA_AF_SPEC). */

import { Attributes, i32 } from './bytes.js';
import { AF, IFLA, IFLA_INET, IFLA_INET6, INET6_DEVCONF, INET_DEVCONF } from './constants.js';

export interface DeviceSettings {
  /** Interface group, 0 by default. */
  readonly group: number;
  readonly routeLocalnet: boolean;
  readonly useTempaddr: number;
  readonly useOifAddrsOnly: boolean;
  /** Both sysctls of it: optimistic_dad and use_optimistic. */
  readonly useOptimistic: boolean;
}

const IFINFOMSG_BYTES = 16;

/** The i32 at `index` of the array an attribute holds; 0 where the kernel's array is shorter. */
function setting(a: Attributes | null, type: number, index: number): number {
  if (!a?.has(type)) return 0;
  const at = a.from(type) + 4 * index;
  return at + 4 > a.to(type) ? 0 : i32(a.bytes, at);
}

/** Reads the message whose struct ifinfomsg stands at `start`. Null: malformed. */
export function readDeviceSettings(
  bytes: Uint8Array,
  start: number,
  end: number,
): DeviceSettings | null {
  if (start + IFINFOMSG_BYTES > end) return null;
  const a = Attributes.read(bytes, start + IFINFOMSG_BYTES, end, IFLA.GROUP);
  if (a === null) return null;
  const spec = a.nested(IFLA.AF_SPEC, AF.INET6);
  const inet = spec?.nested(AF.INET, IFLA_INET.CONF) ?? null;
  const inet6 = spec?.nested(AF.INET6, IFLA_INET6.CONF) ?? null;
  const of6 = (index: number): number => setting(inet6, IFLA_INET6.CONF, index);
  return {
    group: a.u32(IFLA.GROUP) ?? 0,
    // IPV4_DEVCONF_* count from 1, the array from 0.
    routeLocalnet: setting(inet, IFLA_INET.CONF, INET_DEVCONF.ROUTE_LOCALNET - 1) !== 0,
    useTempaddr: of6(INET6_DEVCONF.USE_TEMPADDR),
    useOifAddrsOnly: of6(INET6_DEVCONF.USE_OIF_ADDRS_ONLY) !== 0,
    useOptimistic:
      of6(INET6_DEVCONF.OPTIMISTIC_DAD) !== 0 && of6(INET6_DEVCONF.USE_OPTIMISTIC) !== 0,
  };
}
