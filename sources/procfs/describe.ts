import { buildProcess, PROCESS_SOURCE } from '../../core/attribution/process.js';
import { cgroupPath } from '../../core/attribution/cgroup.js';
import { readLink, readText } from './proc.js';

/** Number after `Name:` in /proc/PID/status; of several (Uid: real, effective, saved, fs) the first. */
const statusNumber = (status: string, name: string): number | null => {
  const value = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1];
  return value === undefined ? null : Number(value);
};

/** PROCESS payload of a process, or of the process a thread belongs to. Null when it is gone. */
export function describeProcess(pid: number): Uint8Array | null {
  const status = readText(`/proc/${pid}/status`);
  if (status === null) return null;
  const tgid = statusNumber(status, 'Tgid');
  const uid = statusNumber(status, 'Uid');
  const comm = readText(`/proc/${tgid ?? pid}/comm`);
  if (tgid === null || uid === null || comm === null) return null;
  return buildProcess({
    pid: tgid,
    uid,
    source: PROCESS_SOURCE.OWNER_CHECK,
    comm: comm.endsWith('\n') ? comm.slice(0, -1) : comm,
    exe: readLink(`/proc/${tgid}/exe`),
    cgroup: cgroupPath(readText(`/proc/${tgid}/cgroup`) ?? ''),
  });
}
