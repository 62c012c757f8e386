import type { Probe } from '../../core/event.js';
import { loadNative } from '../../sources/native.js';
import { probeRows, type ProbeRow } from '../doctor/findings.js';
import { lookAtTiers } from '../doctor/tiers.js';

/** Why the native reader can't be used; null when it can. */
function nativeError(): string | null {
  try {
    loadNative();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What sees the route probes on this machine, one row per probe and family. Loads the eBPF programs for real. */
export const lookAtMechanisms = (): readonly ProbeRow[] =>
  probeRows({ nativeError: nativeError() }, lookAtTiers());

/** What serves a probe, in a word: `rtnetlink`, `fentry`, `kprobe/none` for inet and inet6 where they differ. */
export function mechanismOf(rows: readonly ProbeRow[], probe: Probe): string {
  const words = rows
    .filter((row) => row.probe === probe)
    .map(({ mechanism }) => mechanism ?? 'none');
  return [...new Set(words)].join('/');
}
