import type { BpfObject } from './libbpf.js';

/** The map `lost` (bpf/lost.h), summed over the cpus. */
function lostRecords(object: BpfObject): number {
  const perCpu = object.lookup('lost', new Uint8Array(4));
  if (perCpu === null) return 0;
  const view = new DataView(perCpu.buffer, perCpu.byteOffset, perCpu.byteLength);
  let sum = 0n;
  for (let offset = 0; offset < view.byteLength; offset += 8) {
    sum += view.getBigUint64(offset, true);
  }
  return Number(sum);
}

/** How many records were lost since the last call: those without room, and those of another length. */
export function ringLosses(object: BpfObject): () => number {
  let told = 0;
  return () => {
    const now = lostRecords(object) + object.malformed();
    const since = now - told;
    told = now;
    return since;
  };
}
