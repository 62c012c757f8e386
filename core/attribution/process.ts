import type { Process } from '../event.js';
import { cgroupPath, containerOf, unitOf } from './cgroup.js';

/** Where a PROCESS frame's knowledge comes from (`u32 source`). */
export const PROCESS_SOURCE = {
  /** /proc/net/netlink and /proc/PID/fd: the process held the socket when it was looked at. */
  OWNER_CHECK: 1,
  /** A record the kernel gave when the process ended. */
  EXIT_RECORD: 2,
} as const;

/** What a PROCESS frame holds; null stands for what could not be read. */
interface ProcessFields {
  readonly pid: number;
  readonly uid: number;
  readonly source: number;
  readonly comm: string;
  readonly exe: string | null;
  /** The path, or the whole text of /proc/PID/cgroup. */
  readonly cgroup: string | null;
}

const HEAD_BYTES = 12;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Payload of a PROCESS frame (core/frame.ts). A NUL inside a text ends that text. */
export function buildProcess(fields: ProcessFields): Uint8Array {
  const texts = [fields.comm, fields.exe ?? '', fields.cgroup ?? ''];
  const tail = encoder.encode(texts.map((text) => `${text.split('\0', 1)[0] ?? ''}\0`).join(''));
  const payload = new Uint8Array(HEAD_BYTES + tail.length);
  const view = new DataView(payload.buffer);
  view.setUint32(0, fields.pid, true);
  view.setUint32(4, fields.uid, true);
  view.setUint32(8, fields.source, true);
  payload.set(tail, HEAD_BYTES);
  return payload;
}

/**
 * Reads the payload of a PROCESS frame. Null when it is too short to hold a process or names pid 0;
 * texts that are missing or cut short read as far as they go. Bytes that are not UTF-8 become U+FFFD.
 */
export function readProcess(payload: Uint8Array): Process | null {
  if (payload.length < HEAD_BYTES) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const pid = view.getUint32(0, true);
  if (pid === 0) return null;
  let start = HEAD_BYTES;
  const text = (): string => {
    const nul = payload.indexOf(0, start);
    const end = nul === -1 ? payload.length : nul;
    const value = decoder.decode(payload.subarray(start, end));
    start = Math.min(end + 1, payload.length);
    return value;
  };
  const comm = text();
  const exe = text();
  const cgroup = cgroupPath(text());
  return {
    pid,
    tid: pid,
    comm,
    uid: view.getUint32(4, true),
    exe: exe === '' ? null : exe,
    cgroup,
    unit: cgroup === null ? null : unitOf(cgroup),
    container: cgroup === null ? null : containerOf(cgroup),
    confidence: 'portid',
  };
}
