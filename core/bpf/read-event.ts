import type { Provenance } from '../event.js';
import { addressText } from '../wire/address.js';
import { AF } from '../wire/constants.js';
import { textAt } from '../wire/bytes.js';
import { RecordView } from './record-view.js';
import { RT_EVENT, RT_EVENT_BYTES, RT_MECHANISM } from './layout.gen.js';

type Field = keyof typeof RT_EVENT;

const COMM_BYTES = 16;
const EXTACK_BYTES = RT_EVENT.message - RT_EVENT.extack;
const MESSAGE_BYTES = RT_EVENT_BYTES - RT_EVENT.message;

const PROVENANCE: Readonly<Record<number, Provenance>> = {
  [RT_MECHANISM.tracepoint]: 'tracepoint',
  [RT_MECHANISM.fentry]: 'fentry',
  [RT_MECHANISM.kprobe]: 'kprobe',
};

/** One struct rt_event (bpf/event.h) where it stands in a batch; nothing is read before it is asked for. */
export class BpfEvent extends RecordView<Field> {
  constructor(bytes: Uint8Array, view: DataView, at: number, offsetNs: bigint) {
    super(RT_EVENT, bytes, view, at, offsetNs);
  }

  /** The same record on bytes of its own, for what outlives the batch. */
  copy(): BpfEvent {
    const bytes = this.ownBytes(RT_EVENT_BYTES);
    return new BpfEvent(bytes, new DataView(bytes.buffer), 0, this.offsetNs);
  }

  /** Null: a mechanism this version does not know. */
  get provenance(): Provenance | null {
    return PROVENANCE[this.u8('mechanism')] ?? null;
  }

  /** Address of the kernel's struct, as cs_addr has it. */
  get kernelAddress(): string {
    return `0x${this.u64('addr').toString(16)}`;
  }

  /** The address as 4 or 16 bytes of its own; null for all zeros. */
  addressBytes(field: Field): Uint8Array | null {
    const at = this.at + RT_EVENT[field];
    const length = this.u8('family') === AF.INET6 ? 16 : 4;
    const bytes = this.bytes.slice(at, at + length);
    return bytes.every((byte) => byte === 0) ? null : bytes;
  }

  /** The address as text; all zeros as `0.0.0.0` or `::`. */
  address(field: Field): string {
    const length = this.u8('family') === AF.INET6 ? 16 : 4;
    return addressText(this.bytes, this.at + RT_EVENT[field], length);
  }

  /** The address as text; null for all zeros. */
  addressOrNull(field: Field): string | null {
    return this.addressBytes(field) === null ? null : this.address(field);
  }

  /** The thread's name: any bytes its owner likes. */
  get comm(): string {
    const at = this.at + RT_EVENT.task_comm;
    return textAt(this.bytes, at, at + COMM_BYTES);
  }

  /** The kernel's own words, null without. */
  get extack(): string | null {
    const at = this.at + RT_EVENT.extack;
    const text = textAt(this.bytes, at, at + EXTACK_BYTES);
    return text === '' ? null : text;
  }

  /** What was copied of the refused message, nlmsghdr and on. */
  get message(): Uint8Array {
    const at = this.at + RT_EVENT.message;
    return this.bytes.slice(at, at + Math.min(this.u16('message_len'), MESSAGE_BYTES));
  }
}

/** Calls `each` for every whole record from `start` to `end`; how many bytes were left over. */
export function eachEvent(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  offsetNs: bigint,
  each: (event: BpfEvent) => void,
): number {
  let at = start;
  for (; at + RT_EVENT_BYTES <= end; at += RT_EVENT_BYTES) {
    each(new BpfEvent(bytes, view, at, offsetNs));
  }
  return end - at;
}
