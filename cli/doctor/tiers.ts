import type { TierRow } from '../../core/frame.js';
import { openLiveBpf } from '../../sources/bpf/live-bpf.js';
import { loadNative, type NativeReader } from '../../sources/native.js';

/** For which families sockets of our own namespace see ICMP redirects. */
export interface IcmpFound {
  readonly inet: boolean;
  readonly inet6: boolean;
}

const NO_ICMP: IcmpFound = { inet: false, inet6: false };

function lookForIcmp(): IcmpFound {
  let reader: NativeReader | null = null;
  try {
    const { Reader } = loadNative();
    reader = new Reader(
      {
        groups: new Int32Array(),
        receiveBufferBytes: 128 << 10,
        slabBytes: 128 << 10,
        slabs: 2,
        coalesceUs: 1000,
        seeProcesses: false,
      },
      () => undefined,
    );
    return reader.addZone(0, null, null, true).icmp;
  } catch {
    return NO_ICMP;
  } finally {
    reader?.close();
  }
}

/** Loads and attaches every program for real, to know, and lets them go again. */
export function lookAtTiers(): readonly TierRow[] {
  const bpf = openLiveBpf({ choice: 'auto', now: () => 0n, onFrame: () => undefined });
  try {
    return bpf.tierRows(bpf.needsIcmp ? { ...lookForIcmp(), code: null } : null);
  } finally {
    bpf.close();
  }
}
