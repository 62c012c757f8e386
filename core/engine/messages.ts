const NLMSGHDR_BYTES = 16;

/** One netlink message inside a datagram. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  /** First byte after nlmsghdr. */
  readonly start: number;
  readonly end: number;
}

/** Walks the messages of a datagram; false when its last bytes are no whole message. */
export function readMessages(
  view: DataView,
  start: number,
  end: number,
  each: (message: Message) => void,
): boolean {
  let at = start;
  while (at + NLMSGHDR_BYTES <= end) {
    const length = view.getUint32(at, true);
    if (length < NLMSGHDR_BYTES || at + length > end) return false;
    each({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      seq: view.getUint32(at + 8, true),
      portid: view.getUint32(at + 12, true),
      start: at + NLMSGHDR_BYTES,
      end: at + length,
    });
    at += (length + 3) & ~3;
  }
  return at >= end;
}
