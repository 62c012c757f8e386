import { buildProcess, PROCESS_SOURCE } from '../../core/attribution/process.js';
import type { CgroupPaths } from './cgroups.js';
import { describeProcess } from './describe.js';

/**
 * PROCESS payload of a process that an eBPF program saw, `pid` as the initial pid namespace counts: /proc's word where
 * it counts the same (`isVisible`) and the process still lives, else its control group alone, found by its id. Null
 * when nothing is known.
 */
export function describeTask(
  pid: number,
  cgroupId: bigint,
  cgroups: CgroupPaths,
  isVisible: boolean,
): Uint8Array | null {
  const living = isVisible ? describeProcess(pid) : null;
  if (living !== null) return living;
  const cgroup = cgroups.find(cgroupId);
  if (cgroup === null) return null;
  const source = PROCESS_SOURCE.EXIT_RECORD;
  return buildProcess({ pid, uid: 0, source, comm: '', exe: null, cgroup });
}
