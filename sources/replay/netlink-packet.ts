import { RoutetapError } from '../../core/errors.js';
import {
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_MIN_TYPE,
  RTM_NEWLINK,
  type ForeignDatagram,
} from './foreign.js';

/** LINKTYPE_NETLINK: what an nlmon device captures. */
export const LINKTYPE_NETLINK = 253;

/** Cooked header: u16 packet type, u16 ARPHRD, 10 bytes, u16 netlink family, all big-endian. */
const COOKED_BYTES = 16;
const NETLINK_ROUTE = 0;
const RTM_NEWNEXTHOP = 104;
const RTM_DELNEXTHOP = 105;

/**
 * An nlmon device sees requests, answers and notifications alike, and a notification once per
 * listener. Kept are notifications, and links out of dumps for their names:
 * a request has NLM_F_REQUEST, except that nexthop notifications copy it from their request and then carry
 * the requester's port id (net/ipv4/nexthop.c); an answer to a dump has NLM_F_MULTI.
 */
function isNotification(type: number, flags: number, portid: number): boolean {
  if (type < NLMSG_MIN_TYPE || (type & 3) > 1) return false;
  if ((flags & NLM_F_MULTI) !== 0) return type === RTM_NEWLINK;
  if ((flags & NLM_F_REQUEST) === 0) return true;
  return (type === RTM_NEWNEXTHOP || type === RTM_DELNEXTHOP) && portid !== 0;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Takes the notifications out of captured packets. */
export class PacketFilter {
  #last: Uint8Array = new Uint8Array(0);

  /** `packet` with its cooked header; `offset` is where it stands in the file, for errors. */
  take(packet: Uint8Array, timeNs: bigint, offset: number, into: ForeignDatagram[]): void {
    if (packet.length < COOKED_BYTES + 16) return;
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    if (view.getUint16(14, false) !== NETLINK_ROUTE) return;
    let at = COOKED_BYTES;
    while (at + 16 <= packet.length) {
      const length = view.getUint32(at, true);
      if (length < 16 || at + length > packet.length) {
        const swapped = view.getUint32(at, false);
        if (swapped >= 16 && at + swapped <= packet.length) {
          throw new RoutetapError(
            'runtime',
            `capture at byte ${offset}: expected little-endian netlink messages, got big-endian ones`,
          );
        }
        // Cut by the snap length: the rest of the packet says nothing.
        return;
      }
      const message = packet.slice(at, at + length);
      const type = view.getUint16(at + 4, true);
      const flags = view.getUint16(at + 6, true);
      if (
        isNotification(type, flags, view.getUint32(at + 12, true)) &&
        !sameBytes(message, this.#last)
      ) {
        into.push({ timeNs, bytes: message });
        this.#last = message;
      }
      at += (length + 3) & ~3;
    }
  }
}
