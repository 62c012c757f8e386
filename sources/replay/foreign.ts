/** One datagram of NETLINK_ROUTE found in a file another tool wrote. */
export interface ForeignDatagram {
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint;
  /** nlmsghdr and on. */
  readonly bytes: Uint8Array;
}

/** Reads a file another tool wrote, whatever chunks it arrives in. Throws a RoutetapError (`runtime`) where it is broken. */
export interface ForeignReader {
  push(chunk: Uint8Array): ForeignDatagram[];
  /** Nothing follows: how many bytes of an unfinished record are left, and where in the file they begin. */
  end(): { readonly tornBytes: number; readonly offset: number };
}

/** Netlink message types and flags the readers look at (linux/netlink.h, linux/rtnetlink.h). */
export const NLM_F_REQUEST = 1;
export const NLM_F_MULTI = 2;
export const NLMSG_MIN_TYPE = 16;
export const RTM_NEWLINK = 16;
