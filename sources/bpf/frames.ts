import { buildFrame, FRAME_KIND, type TierRow } from '../../core/frame.js';

const OFFSET_BYTES = 8;

/** A BPF frame: whole records of struct rt_event, and what to add to their times to get ns since the epoch. */
export function bpfFrame(
  records: Uint8Array,
  lost: number,
  wallOffsetNs: bigint,
  timeNs: bigint,
): Uint8Array {
  const payload = new Uint8Array(OFFSET_BYTES + records.length);
  new DataView(payload.buffer).setBigInt64(0, wallOffsetNs, true);
  payload.set(records, OFFSET_BYTES);
  return buildFrame({ kind: FRAME_KIND.BPF, zone: 0, value: lost, timeNs, payload });
}

export const tiersFrame = (rows: readonly TierRow[], timeNs: bigint): Uint8Array =>
  buildFrame({
    kind: FRAME_KIND.TIERS,
    zone: 0,
    timeNs,
    payload: new TextEncoder().encode(JSON.stringify(rows)),
  });
