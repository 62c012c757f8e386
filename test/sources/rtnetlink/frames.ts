import { setTimeout as sleep } from 'node:timers/promises';

import { FRAME_HEADER_BYTES, FRAME_KIND, frameBytes } from '../../../core/frame.js';
import {
  openLiveReader,
  type LiveReader,
  type LiveReaderOptions,
} from '../../../sources/rtnetlink/live.js';

/** Bound for everything waited for; a loaded machine needs far less. */
const PATIENCE_MS = 45_000;

export const RTM = { NEWLINK: 16, NEWADDR: 20, NEWROUTE: 24, DELROUTE: 25, GETROUTE: 26 } as const;

/** A frame, its payload copied. */
export interface Frame {
  readonly kind: number;
  readonly flags: number;
  readonly zone: number;
  readonly value: number;
  readonly timeNs: bigint;
  readonly portid: number;
  readonly extra: number;
  readonly payload: Buffer;
}

/** Splits a batch; throws when it is no whole number of frames. */
function splitFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const length = view.getUint32(at, true);
    if (at + frameBytes(length) > bytes.length) throw new Error(`frame at ${at} is cut`);
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length);
    frames.push({
      kind: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      zone: view.getUint32(at + 8, true),
      value: view.getUint32(at + 12, true),
      timeNs: view.getBigUint64(at + 16, true),
      portid: view.getUint32(at + 24, true),
      extra: view.getUint32(at + 28, true),
      payload: Buffer.from(payload),
    });
    at += frameBytes(length);
  }
  return frames;
}

/** A live reader whose frames are kept. */
export class Catch {
  readonly frames: Frame[] = [];
  readonly errors: Error[] = [];
  readonly reader: LiveReader;

  constructor(options: Partial<LiveReaderOptions> = {}) {
    this.reader = openLiveReader({
      onBatch: (bytes) => {
        this.frames.push(...splitFrames(bytes));
      },
      onError: (error) => {
        this.errors.push(error);
      },
      ...options,
    });
  }

  of(kind: number, zone?: number): Frame[] {
    return this.frames.filter((f) => f.kind === kind && (zone === undefined || f.zone === zone));
  }

  /** Event datagrams with this nlmsg_type. */
  messages(type: number, zone?: number): Frame[] {
    return this.of(FRAME_KIND.DATAGRAM, zone).filter((f) => f.payload.readUInt16LE(4) === type);
  }

  /** Sum of the LOSS frames. */
  lost(zone?: number): number {
    return this.of(FRAME_KIND.LOSS, zone).reduce((sum, frame) => sum + frame.value, 0);
  }

  /** Asks for a barrier and waits for its frame: everything that happened before is then in `frames`. */
  async settle(zone: number, token = 0x7fff): Promise<void> {
    const before = this.barriers(zone, token);
    this.reader.barrier(zone, token);
    await until(() => this.barriers(zone, token) > before);
  }

  barriers(zone: number, token: number): number {
    return this.of(FRAME_KIND.BARRIER, zone).filter((f) => f.value === token).length;
  }
}

/** Waits until the condition holds; throws when it doesn't. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${condition.toString()}`);
    await sleep(5);
  }
}

/** Keeps JavaScript from running anything else. */
export function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** An RTM_GETROUTE dump of IPv4. */
export function routeDump(seq: number): Uint8Array {
  const request = Buffer.alloc(28);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM.GETROUTE, 4);
  request.writeUInt16LE(0x301, 6);
  request.writeUInt32LE(seq, 8);
  request.writeUInt8(2, 16);
  return request;
}

/** nlmsg_type of every message in the payload. */
export function messageTypes(payload: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 16 <= payload.length; at += (payload.readUInt32LE(at) + 3) & ~3) {
    types.push(payload.readUInt16LE(at + 4));
  }
  return types;
}

export interface SeenProcess {
  readonly pid: number;
  readonly uid: number;
  readonly source: number;
  readonly comm: string;
  readonly exe: string;
  readonly cgroup: string;
}

/** Reads the payload of a PROCESS frame. */
export function readProcess(payload: Buffer): SeenProcess {
  const [comm = '', exe = '', cgroup = ''] = payload.toString('utf8', 12).split('\0');
  return {
    pid: payload.readUInt32LE(0),
    uid: payload.readUInt32LE(4),
    source: payload.readUInt32LE(8),
    comm,
    exe,
    cgroup,
  };
}
