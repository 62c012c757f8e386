import type { RouteBody, RouteParts } from '../route-body.js';
import { addressText } from '../wire/address.js';
import { AF } from '../wire/constants.js';
import type { RouteScan } from '../wire/scan.js';

function wordBytes(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  return bytes;
}

/** Destination prefix of a scanned route, 4 or 16 bytes. */
export const scannedDst = (scan: RouteScan): Uint8Array =>
  wordBytes(scan.family === AF.INET ? [scan.w0] : [scan.w0, scan.w1, scan.w2, scan.w3]);

/** Its source prefix, zeros without one. */
export const scannedSrc = (scan: RouteScan): Uint8Array =>
  scan.srcLength === 0
    ? new Uint8Array(scan.family === AF.INET ? 4 : 16)
    : wordBytes([...scan.src].slice(0, scan.family === AF.INET ? 1 : 4));

/** A scanned route as key and body. */
export function partsOfScan(scan: RouteScan, body: RouteBody): RouteParts {
  const dst = scannedDst(scan);
  const src = scannedSrc(scan);
  return {
    dst: `${addressText(dst, 0, dst.length)}/${scan.dstLength}`,
    table: scan.table,
    tos: scan.tos,
    priority: scan.priority,
    src: scan.srcLength === 0 ? null : `${addressText(src, 0, src.length)}/${scan.srcLength}`,
    expires: scan.expiresTicks === 0 ? null : scan.expiresTicks / 100,
    body,
  };
}
