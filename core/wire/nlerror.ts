/** NLMSG_ERROR and NLMSG_DONE (net/netlink/af_netlink.c, netlink_ack and netlink_dump_done). */

import { align4, Attributes, i32, u16, u32 } from './bytes.js';
import { NLM_F, NLMSG, NLMSGERR_ATTR } from './constants.js';

/** How a request or a dump ended. */
export interface NlError {
  /** Positive errno, 0 for success. */
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG: the kernel's own words. */
  readonly message: string | null;
  /** NLMSGERR_ATTR_OFFS: byte of the request that was refused. */
  readonly offset: number | null;
}

const NLMSGHDR_BYTES = 16;
const ERRNO_BYTES = 4;

/**
 * Reads the message whose payload stands at `start`, with its nlmsghdr right before it: type and flags
 * there say where the attributes are. Null: malformed.
 */
export function readNlError(bytes: Uint8Array, start: number, end: number): NlError | null {
  if (start < NLMSGHDR_BYTES || start > end) return null;
  const type = u16(bytes, start - 12);
  const flags = u16(bytes, start - 10);
  if (type === NLMSG.DONE && start === end) return { errno: 0, message: null, offset: null };
  if (start + ERRNO_BYTES > end) return null;
  // NLMSG_DONE of a dump that went well may carry a positive length.
  const errno = Math.max(0, -i32(bytes, start));
  if ((flags & NLM_F.ACK_TLVS) === 0) return { errno, message: null, offset: null };
  let at = start + ERRNO_BYTES;
  if (type === NLMSG.ERROR) {
    if (at + NLMSGHDR_BYTES > end) return null;
    // The refused request comes back, whole unless NLM_F_CAPPED.
    const capped = (flags & NLM_F.CAPPED) !== 0;
    const length = capped ? NLMSGHDR_BYTES : u32(bytes, at);
    if (length < NLMSGHDR_BYTES || length > end - at) return null;
    at += align4(length);
  }
  const a = Attributes.read(bytes, at, end, NLMSGERR_ATTR.OFFS);
  if (a === null) return null;
  const found: NlError = {
    errno,
    message: a.text(NLMSGERR_ATTR.MSG),
    offset: a.u32(NLMSGERR_ATTR.OFFS),
  };
  return a.malformed ? null : found;
}
