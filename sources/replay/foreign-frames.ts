import { buildFrame, FRAME_KIND, type ZoneIdentity } from '../../core/frame.js';
import type { ForeignDatagram } from './foreign.js';

/** Tag of the one zone a foreign file speaks of. */
const ZONE = 0;

/** A foreign file does not say which namespace it was taken in. */
const IDENTITY: ZoneIdentity = { id: 0, name: null, cookie: '0', initial: true };

/** The frame that makes the zone known. */
export const zoneFrame = (timeNs: bigint): Uint8Array =>
  buildFrame({
    kind: FRAME_KIND.ZONE,
    zone: ZONE,
    timeNs,
    payload: new TextEncoder().encode(JSON.stringify(IDENTITY)),
  });

/** Notifications as the frames of one batch. */
export function datagramFrames(datagrams: readonly ForeignDatagram[]): Uint8Array {
  return joined(
    datagrams.map(({ timeNs, bytes }) =>
      buildFrame({ kind: FRAME_KIND.DATAGRAM, zone: ZONE, timeNs, payload: bytes }),
    ),
  );
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const NLMSG_DONE = 3;
const NLM_F_MULTI = 2;
const NLMSG_SEQ_OFFSET = 8;

/** NLMSG_DONE with error 0: a dump that found nothing. */
export function emptyDump(token: number, request: Uint8Array, timeNs: bigint): Uint8Array {
  const payload = new Uint8Array(20);
  const view = new DataView(payload.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint16(4, NLMSG_DONE, true);
  view.setUint16(6, NLM_F_MULTI, true);
  payload.set(request.subarray(NLMSG_SEQ_OFFSET, NLMSG_SEQ_OFFSET + 4), NLMSG_SEQ_OFFSET);
  return buildFrame({ kind: FRAME_KIND.REPLY, zone: ZONE, value: token, timeNs, payload });
}

const EOPNOTSUPP = 95;

/** There is no kernel to ask. */
export const queryFailed = (token: number, timeNs: bigint): Uint8Array =>
  buildFrame({
    kind: FRAME_KIND.QUERY_FAILED,
    zone: ZONE,
    value: token,
    extra: EOPNOTSUPP,
    timeNs,
  });

export const barrierFrame = (token: number, timeNs: bigint): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.BARRIER, zone: ZONE, value: token, timeNs });

export const timerFrame = (token: number, timeNs: bigint): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.TIMER, zone: ZONE, value: token, timeNs });

export const stopFrame = (timeNs: bigint): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.STOP, zone: ZONE, timeNs });
