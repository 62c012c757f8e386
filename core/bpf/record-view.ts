import type { Family } from '../event.js';
import { AF } from '../wire/constants.js';

/**
 * A record of eBPF programs where it stands in a batch; nothing is read before it is asked for. `Field`: names of its
 * offsets (layout.gen.ts).
 */
export abstract class RecordView<Field extends string> {
  /** When it happened, ns since the epoch. */
  readonly timeNs: bigint;
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  protected readonly at: number;
  protected readonly offsetNs: bigint;
  readonly #offsets: Readonly<Record<Field | 'time_ns' | 'family', number>>;

  /** `offsetNs` makes CLOCK_BOOTTIME wall clock. The whole record must stand at `at`. */
  constructor(
    offsets: Readonly<Record<Field | 'time_ns' | 'family', number>>,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    offsetNs: bigint,
  ) {
    this.#offsets = offsets;
    this.bytes = bytes;
    this.view = view;
    this.at = at;
    this.offsetNs = offsetNs;
    this.timeNs = view.getBigUint64(at + offsets.time_ns, true) + offsetNs;
  }

  /** Bytes of its own, of a record `length` long, for what outlives the batch. */
  protected ownBytes(length: number): Uint8Array {
    // slice() of a Buffer would share its bytes.
    return new Uint8Array(this.bytes.subarray(this.at, this.at + length));
  }

  u8(field: Field): number {
    return this.view.getUint8(this.at + this.#offsets[field]);
  }

  u16(field: Field): number {
    return this.view.getUint16(this.at + this.#offsets[field], true);
  }

  i16(field: Field): number {
    return this.view.getInt16(this.at + this.#offsets[field], true);
  }

  u32(field: Field): number {
    return this.view.getUint32(this.at + this.#offsets[field], true);
  }

  i32(field: Field): number {
    return this.view.getInt32(this.at + this.#offsets[field], true);
  }

  u64(field: Field): bigint {
    return this.view.getBigUint64(this.at + this.#offsets[field], true);
  }

  /** AF_INET or AF_INET6; null for anything else. */
  get family(): Family | null {
    const family = this.view.getUint8(this.at + this.#offsets.family);
    return family === AF.INET ? 'inet' : family === AF.INET6 ? 'inet6' : null;
  }
}
