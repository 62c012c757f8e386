/** RTM_NEWNEIGH (net/core/neighbour.c, neigh_fill_info). */

import { Attributes, i32, u16 } from './bytes.js';
import { AF, NDA } from './constants.js';

/** An entry of the neighbour table. */
export interface NeighbourMessage {
  readonly ifindex: number;
  readonly address: string;
  /** NUD_* bits. */
  readonly state: number;
  /** Hardware address as hex, null while unknown. */
  readonly lladdrHex: string | null;
}

/** struct ndmsg: u8 family, u8 pad, u16 pad, i32 ifindex, u16 state, u8 flags, u8 type. */
const NDMSG_BYTES = 12;

/** Reads the message whose struct ndmsg stands at `start`. Null: malformed or no neighbour of IP. */
export function readNeighbour(
  bytes: Uint8Array,
  start: number,
  end: number,
): NeighbourMessage | null {
  const family = bytes[start] ?? 0;
  if (start + NDMSG_BYTES > end || (family !== AF.INET && family !== AF.INET6)) return null;
  const a = Attributes.read(bytes, start + NDMSG_BYTES, end, NDA.LLADDR);
  const address = a?.address(NDA.DST, family) ?? null;
  if (a === null || address === null) return null;
  return {
    ifindex: i32(bytes, start + 4),
    address,
    state: u16(bytes, start + 8),
    lladdrHex: a.hex(NDA.LLADDR),
  };
}
