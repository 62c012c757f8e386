import type { Family } from '../event.js';
import { RT_STEP, RT_STEP_BYTES, RT_STEP_HAS, RT_STEP_PLACE } from '../bpf/layout.gen.js';
import { RecordView } from '../bpf/record-view.js';
import { addressText } from '../wire/address.js';
import { textAt } from '../wire/bytes.js';

export type StepField = keyof typeof RT_STEP;

const NAME_BYTES = 16;
const ARGUMENT_BYTES = 8;
const ARGUMENTS = 6;

/** One struct rt_step (bpf/step.h) where it stands in a batch; nothing is read before it is asked for. */
export class StepRecord extends RecordView<StepField> {
  constructor(bytes: Uint8Array, view: DataView, at: number, offsetNs: bigint) {
    super(RT_STEP, bytes, view, at, offsetNs);
  }

  /** The same record on bytes of its own, for what outlives the batch. */
  copy(): StepRecord {
    const bytes = this.ownBytes(RT_STEP_BYTES);
    return new StepRecord(bytes, new DataView(bytes.buffer), 0, this.offsetNs);
  }

  /** RT_STEP_KIND. */
  get kind(): number {
    return this.u8('kind');
  }

  get place(): 'task' | 'softirq' {
    return this.u8('place') === RT_STEP_PLACE.in_softirq ? 'softirq' : 'task';
  }

  /** 0: the root. */
  get depth(): number {
    return this.u8('depth');
  }

  /** Number of the function. */
  get function(): number {
    return this.u16('function');
  }

  /** Which tree it belongs to. */
  get lookup(): bigint {
    return this.u64('lookup');
  }

  /** Number in its tree; lost records have theirs too. */
  get seq(): number {
    return this.u32('seq');
  }

  /** The result as the register had it; int, bool and pointer are told apart by the function's type. */
  get ret(): bigint {
    return this.view.getBigInt64(this.at + RT_STEP.ret, true);
  }

  /** An argument, from 0; 0n for one that no record has. */
  arg(index: number): bigint {
    if (!(index >= 0 && index < ARGUMENTS)) return 0n;
    return this.view.getBigUint64(this.at + RT_STEP.args + index * ARGUMENT_BYTES, true);
  }

  /** The low 32 bits of an argument. */
  arg32(index: number): number {
    return Number(this.arg(index) & 0xffff_ffffn);
  }

  has(section: keyof typeof RT_STEP_HAS): boolean {
    return (this.u16('has') & RT_STEP_HAS[section]) !== 0;
  }

  /** The thread's name: any bytes its owner likes. */
  get comm(): string {
    return this.name('comm');
  }

  /** A name of 16 bytes, as it is: whoever named it chose the bytes. */
  name(field: StepField): string {
    const at = this.at + RT_STEP[field];
    return textAt(this.bytes, at, at + NAME_BYTES);
  }

  /** The address as 4 or 16 bytes of its own; null for all zeros. */
  addressBytes(field: StepField, family: Family): Uint8Array | null {
    const at = this.at + RT_STEP[field];
    const bytes = new Uint8Array(this.bytes.subarray(at, at + (family === 'inet6' ? 16 : 4)));
    return bytes.every((byte) => byte === 0) ? null : bytes;
  }

  /** The address as text; all zeros as `0.0.0.0` or `::`. */
  address(field: StepField, family: Family): string {
    return addressText(this.bytes, this.at + RT_STEP[field], family === 'inet6' ? 16 : 4);
  }

  /** The address as text; null for all zeros. */
  addressOrNull(field: StepField, family: Family): string | null {
    return this.addressBytes(field, family) === null ? null : this.address(field, family);
  }
}

/** Calls `each` for every whole record of `bytes`; how many bytes were left over. */
export function eachStep(
  bytes: Uint8Array,
  offsetNs: bigint,
  each: (step: StepRecord) => void,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (; at + RT_STEP_BYTES <= bytes.length; at += RT_STEP_BYTES) {
    each(new StepRecord(bytes, view, at, offsetNs));
  }
  return bytes.length - at;
}
