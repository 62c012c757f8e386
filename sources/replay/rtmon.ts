import { RoutetapError } from '../../core/errors.js';
import { ByteQueue } from './byte-queue.js';
import {
  NLM_F_MULTI,
  NLMSG_MIN_TYPE,
  RTM_NEWLINK,
  type ForeignDatagram,
  type ForeignReader,
} from './foreign.js';

/** NLMSG_TSTAMP (iproute2's libnetlink.h): u32 seconds, u32 microseconds. */
const NLMSG_TSTAMP = 15;
const STAMP_BYTES = 24;
const HEADER_BYTES = 16;
const MESSAGE_LIMIT_BYTES = 1 << 20;

/** `rtmon file F` begins with a time stamp message: length 24, type 15, no flags. */
export function isRtmon(head: DataView): boolean {
  return (
    head.byteLength >= 8 &&
    head.getUint32(0, true) === STAMP_BYTES &&
    head.getUint16(4, true) === NLMSG_TSTAMP &&
    head.getUint16(6, true) === 0
  );
}

/**
 * A file of iproute2's rtmon: messages as they came, each padded to 4 bytes, a stamp before each
 * except those of the link dump at the start (ip/rtmon.c).
 */
export class RtmonReader implements ForeignReader {
  readonly #queue = new ByteQueue();
  #timeNs = 0n;

  push(chunk: Uint8Array): ForeignDatagram[] {
    const queue = this.#queue;
    queue.push(chunk);
    const datagrams: ForeignDatagram[] = [];
    while (queue.length >= HEADER_BYTES) {
      const head = queue.peek(STAMP_BYTES);
      const length = head.getUint32(0, true);
      const type = head.getUint16(4, true);
      if (length < HEADER_BYTES || length > MESSAGE_LIMIT_BYTES) {
        throw new RoutetapError(
          'runtime',
          `rtmon file broken at byte ${queue.offset}: expected a netlink message, got length ${length}`,
        );
      }
      const padded = (length + 3) & ~3;
      if (queue.length < padded) break;
      if (type === NLMSG_TSTAMP && length >= STAMP_BYTES) {
        const seconds = BigInt(head.getUint32(16, true));
        const microseconds = BigInt(head.getUint32(20, true));
        this.#timeNs = seconds * 1_000_000_000n + microseconds * 1000n;
      }
      const multi = (head.getUint16(6, true) & NLM_F_MULTI) !== 0;
      const bytes = queue.take(padded);
      // Only links are dumped by rtmon; anything else with NLM_F_MULTI answers somebody's dump.
      if (type >= NLMSG_MIN_TYPE && (!multi || type === RTM_NEWLINK)) {
        datagrams.push({ timeNs: this.#timeNs, bytes });
      }
    }
    return datagrams;
  }

  end(): { tornBytes: number; offset: number } {
    return { tornBytes: this.#queue.length, offset: this.#queue.offset };
  }
}
