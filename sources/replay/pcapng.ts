import { RoutetapError } from '../../core/errors.js';
import { ByteQueue } from './byte-queue.js';
import type { ForeignDatagram, ForeignReader } from './foreign.js';
import { LINKTYPE_NETLINK, PacketFilter } from './netlink-packet.js';

/** Block types (draft-ietf-opsawg-pcapng). */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_IF_TSRESOL = 9;
const BLOCK_LIMIT_BYTES = 64 << 20;

export function isPcapng(head: DataView): boolean {
  return head.byteLength >= 4 && head.getUint32(0, true) === SECTION_HEADER;
}

interface CaptureInterface {
  readonly netlink: boolean;
  /** Time stamps count in 1 / unitsPerSecond. */
  readonly unitsPerSecond: bigint;
}

/** if_tsresol: a power of ten, or of two with the top bit; microseconds without the option. */
function unitsPerSecond(options: DataView, little: boolean): bigint {
  let at = 0;
  while (at + 4 <= options.byteLength) {
    const code = options.getUint16(at, little);
    const length = options.getUint16(at + 2, little);
    if (code === 0) break;
    if (code === OPTION_IF_TSRESOL && length === 1 && at + 5 <= options.byteLength) {
      const value = options.getUint8(at + 4);
      return (value & 0x80) === 0 ? 10n ** BigInt(value) : 1n << BigInt(value & 0x7f);
    }
    at += 4 + ((length + 3) & ~3);
  }
  return 1_000_000n;
}

/** A pcapng capture of an nlmon device (what Wireshark and dumpcap write). */
export class PcapngReader implements ForeignReader {
  readonly #queue = new ByteQueue();
  readonly #filter = new PacketFilter();
  #little = true;
  #interfaces: CaptureInterface[] = [];
  #netlinkSeen = false;

  push(chunk: Uint8Array): ForeignDatagram[] {
    const queue = this.#queue;
    queue.push(chunk);
    const datagrams: ForeignDatagram[] = [];
    while (queue.length >= 12) {
      const head = queue.peek(12);
      if (head.getUint32(0, true) === SECTION_HEADER) {
        this.#little = head.getUint32(8, true) === BYTE_ORDER_MAGIC;
        this.#interfaces = [];
      }
      const type = head.getUint32(0, this.#little);
      const length = head.getUint32(4, this.#little);
      if (length < 12 || length % 4 !== 0 || length > BLOCK_LIMIT_BYTES) {
        throw new RoutetapError(
          'runtime',
          `capture broken at byte ${queue.offset}: expected a block, got length ${length}`,
        );
      }
      if (queue.length < length) break;
      const offset = queue.offset;
      this.#block(type, queue.take(length), offset, datagrams);
    }
    return datagrams;
  }

  end(): { tornBytes: number; offset: number } {
    if (!this.#netlinkSeen) {
      throw new RoutetapError(
        'runtime',
        `capture: expected an interface of link type ${LINKTYPE_NETLINK} (netlink, an nlmon device), got none`,
      );
    }
    return { tornBytes: this.#queue.length, offset: this.#queue.offset };
  }

  #block(type: number, block: Uint8Array, offset: number, into: ForeignDatagram[]): void {
    const little = this.#little;
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    if (type === INTERFACE_DESCRIPTION && block.length >= 20) {
      const options = new DataView(block.buffer, block.byteOffset + 16, block.length - 20);
      const netlink = view.getUint16(8, little) === LINKTYPE_NETLINK;
      this.#netlinkSeen ||= netlink;
      this.#interfaces.push({ netlink, unitsPerSecond: unitsPerSecond(options, little) });
    } else if (type === ENHANCED_PACKET && block.length >= 32) {
      const from = this.#interfaces[view.getUint32(8, little)];
      if (from?.netlink !== true) return;
      const units =
        (BigInt(view.getUint32(12, little)) << 32n) | BigInt(view.getUint32(16, little));
      const length = Math.min(view.getUint32(20, little), block.length - 32);
      const timeNs = (units * 1_000_000_000n) / from.unitsPerSecond;
      this.#filter.take(block.subarray(28, 28 + length), timeNs, offset + 28, into);
    }
  }
}
