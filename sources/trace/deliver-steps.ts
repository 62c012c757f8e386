import { RT_STEP_BYTES } from '../../core/bpf/layout.gen.js';
import type { BpfObject } from '../bpf/libbpf.js';
import { ringLosses } from '../bpf/ring-losses.js';

const WAITING_BYTES = 8 * 1024 * 1024;
const COALESCE_US = 1000;

/** How the ring `steps` is emptied. */
export interface StepDelivery {
  drain(): void;
  /** Detaches and closes; what has not been drained is not told any more. */
  close(): void;
}

/** Delivers batches of records until closed; `onBatch` may close. */
export function deliverSteps(
  object: BpfObject,
  onBatch: (bytes: Uint8Array, lost: number) => void,
): StepDelivery {
  let isClosed = false;
  const lostSince = ringLosses(object);
  const handOver = (): void => {
    while (!isClosed) {
      const bytes = object.take();
      if (bytes === null) return;
      onBatch(bytes, lostSince());
    }
  };
  object.consume(
    'steps',
    { recordBytes: RT_STEP_BYTES, waitingBytes: WAITING_BYTES, coalesceUs: COALESCE_US },
    handOver,
  );
  return {
    drain: () => {
      if (isClosed) return;
      object.drain();
      handOver();
      const lost = lostSince();
      if (lost > 0) onBatch(new Uint8Array(0), lost);
    },
    close: () => {
      if (isClosed) return;
      // Functions are let go one after the other: a call that begins meanwhile may have no end.
      isClosed = true;
      object.stop();
      object.close();
    },
  };
}
