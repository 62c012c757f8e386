/** What the kernel says to RTM_GETROUTE: one route message, or an errno. */

import type { RouteParts } from '../route-body.js';
import { readRouteBody, type RouteContext } from '../wire/route.js';
import { RouteScan, scanRoute } from '../wire/scan.js';
import { partsOfScan } from './scanned.js';

export interface KernelAnswer {
  /** Positive, 0 for an answer. */
  readonly errno: number;
  /** The kernel's words with an errno, null without. */
  readonly message: string | null;
  readonly route: RouteParts | null;
}

const scan = new RouteScan();

/** Reads an RTM_NEWROUTE whose struct rtmsg stands at `start`. Null: malformed. */
export function readKernelAnswer(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: RouteContext,
): KernelAnswer | null {
  if (!scanRoute(bytes, start, end, scan)) return null;
  const body = readRouteBody(scan.body.subarray(0, scan.bodyBytes), context);
  return { errno: 0, message: null, route: partsOfScan(scan, body) };
}
