import { RoutetapError } from '../../core/errors.js';
import { ByteQueue } from './byte-queue.js';
import type { ForeignDatagram, ForeignReader } from './foreign.js';
import { LINKTYPE_NETLINK, PacketFilter } from './netlink-packet.js';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const PACKET_LIMIT_BYTES = 64 << 20;

/** Magic numbers of pcap-savefile(5), read little-endian: byte order of the file and nanoseconds per fraction. */
const MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly unitNs: bigint }> = new Map([
  [0xa1b2c3d4, { little: true, unitNs: 1000n }],
  [0xd4c3b2a1, { little: false, unitNs: 1000n }],
  [0xa1b23c4d, { little: true, unitNs: 1n }],
  [0x4d3cb2a1, { little: false, unitNs: 1n }],
]);

export function isPcap(head: DataView): boolean {
  return head.byteLength >= 4 && MAGICS.has(head.getUint32(0, true));
}

/** A classic pcap capture of an nlmon device, either byte order, micro- or nanoseconds. */
export class PcapReader implements ForeignReader {
  readonly #queue = new ByteQueue();
  readonly #filter = new PacketFilter();
  #little = true;
  #unitNs = 0n;

  push(chunk: Uint8Array): ForeignDatagram[] {
    const queue = this.#queue;
    queue.push(chunk);
    const datagrams: ForeignDatagram[] = [];
    if (this.#unitNs === 0n) {
      if (queue.length < FILE_HEADER_BYTES) return datagrams;
      this.#takeFileHeader();
    }
    while (queue.length >= RECORD_HEADER_BYTES) {
      const head = queue.peek(RECORD_HEADER_BYTES);
      const length = head.getUint32(8, this.#little);
      if (length > PACKET_LIMIT_BYTES) {
        throw new RoutetapError(
          'runtime',
          `capture broken at byte ${queue.offset}: expected a packet, got length ${length}`,
        );
      }
      if (queue.length < RECORD_HEADER_BYTES + length) break;
      const timeNs =
        BigInt(head.getUint32(0, this.#little)) * 1_000_000_000n +
        BigInt(head.getUint32(4, this.#little)) * this.#unitNs;
      queue.take(RECORD_HEADER_BYTES);
      const offset = queue.offset;
      this.#filter.take(queue.take(length), timeNs, offset, datagrams);
    }
    return datagrams;
  }

  end(): { tornBytes: number; offset: number } {
    return { tornBytes: this.#queue.length, offset: this.#queue.offset };
  }

  #takeFileHeader(): void {
    const head = this.#queue.peek(FILE_HEADER_BYTES);
    const magic = MAGICS.get(head.getUint32(0, true));
    if (magic === undefined) throw new RoutetapError('runtime', 'not a pcap file');
    const linktype = head.getUint32(20, magic.little) & 0x0fffffff;
    if (linktype !== LINKTYPE_NETLINK) {
      throw new RoutetapError(
        'runtime',
        `capture: expected link type ${LINKTYPE_NETLINK} (netlink, from an nlmon device), got ${linktype}`,
      );
    }
    this.#little = magic.little;
    this.#unitNs = magic.unitNs;
    this.#queue.take(FILE_HEADER_BYTES);
  }
}
