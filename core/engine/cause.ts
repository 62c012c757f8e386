import type { Cause } from '../event.js';
import type { RouteParts } from '../route-body.js';
import type { LoggedTrigger } from './trigger-log.js';

/** Why the kernel itself announced an event, with port id and sequence 0. */
export function causeOf(
  probe: 'add' | 'delete' | 'change',
  found: LoggedTrigger | null,
  parts: RouteParts,
  routerAdvertisement: boolean,
): Cause {
  if (found !== null) return { kind: found.kind, trigger: found.trigger };
  if (routerAdvertisement) return RA;
  // Zero left at the message: fib6_run_gc took it.
  if (probe === 'delete' && parts.expires === 0) return EXPIRED;
  // The old ioctl(SIOCADDRT) writes RTPROT_BOOT and leaves no netlink requester behind.
  if (parts.body.protocol === 'boot') return REQUEST;
  return UNKNOWN;
}

const RA: Cause = { kind: 'router-advertisement', trigger: null };
const EXPIRED: Cause = { kind: 'expired', trigger: null };
const REQUEST: Cause = { kind: 'request', trigger: null };
const UNKNOWN: Cause = { kind: 'unknown', trigger: null };
