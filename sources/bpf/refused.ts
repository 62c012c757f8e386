import type { Libbpf } from './libbpf.js';
import { failureLine, isBpfFailure } from './failure.js';
import { mechanismOf, type Mechanism } from './tiers.js';

/** libbpf's word for a function that the kernel's BTF does not know: that says nothing about others. */
const UNKNOWN_FUNCTION = 'ESRCH';

function refusal(libbpf: Libbpf, bytes: Uint8Array, name: string): string | null {
  const object = new libbpf.BpfObject(bytes, { programs: [name] });
  try {
    object.load();
    object.attach(name);
    return null;
  } catch (error) {
    return isBpfFailure(error) && error.code === UNKNOWN_FUNCTION ? null : failureLine(error);
  } finally {
    object.close();
  }
}

/** Which of `mechanisms` the kernel refuses even to an empty program, and why; `bytes` is bpf/tiers.bpf.o. */
export function refusedMechanisms(
  libbpf: Libbpf,
  bytes: Uint8Array,
  mechanisms: readonly Mechanism[],
): ReadonlyMap<Mechanism, string> {
  const object = new libbpf.BpfObject(bytes);
  const rows = object.programs();
  object.close();
  const refused = new Map<Mechanism, string>();
  for (const { name, section } of rows) {
    const mechanism = mechanismOf(section);
    if (mechanism === null || !mechanisms.includes(mechanism)) continue;
    const why = refusal(libbpf, bytes, name);
    if (why !== null) refused.set(mechanism, why);
  }
  return refused;
}
