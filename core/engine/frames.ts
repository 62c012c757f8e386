import { FRAME_HEADER_BYTES, frameBytes } from '../frame.js';

/** A frame where it stands in its batch. */
export interface FramePlace {
  readonly kind: number;
  readonly flags: number;
  readonly zone: number;
  readonly value: number;
  readonly timeNs: bigint;
  readonly portid: number;
  readonly extra: number;
  /** First byte of the payload, and one past the last. */
  readonly start: number;
  readonly end: number;
}

/** Walks the whole frames of a batch; what is cut off at its end is left out. */
export function eachFrame(view: DataView, each: (frame: FramePlace) => void): void {
  for (let at = 0; at + FRAME_HEADER_BYTES <= view.byteLength;) {
    const length = view.getUint32(at, true);
    const start = at + FRAME_HEADER_BYTES;
    const end = start + length;
    if (end > view.byteLength) return;
    each({
      kind: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      zone: view.getUint32(at + 8, true),
      value: view.getUint32(at + 12, true),
      timeNs: view.getBigUint64(at + 16, true),
      portid: view.getUint32(at + 24, true),
      extra: view.getUint32(at + 28, true),
      start,
      end,
    });
    at += frameBytes(length);
  }
}
