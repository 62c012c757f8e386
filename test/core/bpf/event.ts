import { RT_EVENT, RT_EVENT_BYTES, RT_KIND } from '../../../core/bpf/layout.gen.js';
import { parseAddress } from '../../../core/wire/address.js';
import { joined } from '../wire/build.js';

type Field = keyof typeof RT_EVENT;

const ADDRESSES: ReadonlySet<string> = new Set(['src', 'dst', 'gateway', 'old_gateway', 'author']);
const WIDTHS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['family', 'mechanism', 'protocol', 'direction', 'verdict', 'reason', 'prefix_len', 'tos'].map(
      (field) => [field, 1],
    ),
  ),
  ...Object.fromEntries(
    ['kind', 'sport', 'dport', 'nlmsg_type', 'nlmsg_flags', 'message_len'].map((field) => [
      field,
      2,
    ]),
  ),
  ...Object.fromEntries(
    ['time_ns', 'net_cookie', 'addr', 'task_cgroup_id'].map((field) => [field, 8]),
  ),
};

/** Members of struct rt_event: numbers, addresses as text, bytes as they are. What is left out is zero. */
export type EventSpec = Partial<
  Omit<Record<Field, number | bigint | string | Uint8Array>, 'kind'>
> & { readonly kind: keyof typeof RT_KIND | number };

/** One record of the ring. */
export function bpfRecord(spec: EventSpec): Uint8Array {
  const bytes = new Uint8Array(RT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  const number = (field: Field, value: number | bigint): void => {
    const width = WIDTHS[field] ?? 4;
    const at = RT_EVENT[field];
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, Number(value) >>> 0, true);
    else if (width === 2) view.setUint16(at, Number(value), true);
    else view.setUint8(at, Number(value));
  };
  const { kind, ...rest } = spec;
  number('kind', typeof kind === 'number' ? kind : RT_KIND[kind]);
  for (const [name, value] of Object.entries(rest)) {
    const field = name as Field;
    if (typeof value === 'number' || typeof value === 'bigint') number(field, value);
    else if (typeof value !== 'string') bytes.set(value, RT_EVENT[field]);
    else if (ADDRESSES.has(field)) bytes.set(parseAddress(value) ?? [], RT_EVENT[field]);
    else bytes.set(Buffer.from(value), RT_EVENT[field]);
  }
  return bytes;
}

/** Payload of a BPF frame. */
export function bpfPayload(offsetNs: bigint, ...records: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigInt64(0, offsetNs, true);
  return joined(head, ...records);
}
