/** RTM_NEWNSID and RTM_DELNSID (net/core/net_namespace.c, rtnl_net_fill). */

import { Attributes } from './bytes.js';
import { NETNSA } from './constants.js';

/** The id one namespace gives another. */
export interface Nsid {
  /** -1 (NETNSA_NSID_NOT_ASSIGNED) for none. */
  readonly nsid: number;
  readonly pid: number | null;
  readonly fd: number | null;
  readonly currentNsid: number | null;
}

/** struct rtgenmsg is one byte, padded to 4. */
const RTGENMSG_BYTES = 4;

/** Reads the message whose struct rtgenmsg stands at `start`. Null: malformed. */
export function readNsid(bytes: Uint8Array, start: number, end: number): Nsid | null {
  if (start + RTGENMSG_BYTES > end) return null;
  const a = Attributes.read(bytes, start + RTGENMSG_BYTES, end, NETNSA.CURRENT_NSID);
  const nsid = a?.i32(NETNSA.NSID) ?? null;
  if (a === null || nsid === null) return null;
  const found: Nsid = {
    nsid,
    pid: a.u32(NETNSA.PID),
    fd: a.u32(NETNSA.FD),
    currentNsid: a.i32(NETNSA.CURRENT_NSID),
  };
  return a.malformed ? null : found;
}
