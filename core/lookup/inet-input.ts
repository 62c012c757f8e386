/** IPv4 packets received (net/ipv4/route.c, ip_route_input_rcu and ip_route_input_slow), but for the check of their source. */

import { inet as kind } from './address-kind.js';
import { deliveredBy, fibLookup, made, mergedNotes, onLink, waysOf } from './inet-ways.js';
import { covers } from './prefix.js';
import { refusal, type Outcome } from './result.js';
import { LOOPBACK_IFINDEX, ruleFlow } from './rules.js';
import type { Device, Flow, LookupState } from './state.js';
import { ERRNO } from './steps.js';

const LOOPBACK_NET = Uint8Array.of(127, 0, 0, 0);

function martian(flow: Flow, device: Device): string | null {
  const src = flow.src ?? new Uint8Array(4);
  if (kind.isMulticast(src) || kind.isLimitedBroadcast(src)) return 'such a source is martian';
  const isBroadcast =
    kind.isLimitedBroadcast(flow.dst) || [...src, ...flow.dst].every((b) => b === 0);
  if (isBroadcast) return null;
  if (kind.isZeronet(src)) return 'a source of 0.0.0.0 is martian';
  if (kind.isZeronet(flow.dst)) return 'a destination of 0.0.0.0 is martian';
  const isLoopback = covers(LOOPBACK_NET, 8, flow.dst) || covers(LOOPBACK_NET, 8, src);
  return isLoopback && !device.routeLocalnet ? '127.0.0.0/8 does not come from outside' : null;
}

/** Looks up the way of a packet that is received. */
export function lookupInetInput(flow: Flow, state: LookupState): Outcome {
  const { dst } = flow;
  const device = state.devices.get(flow.iif);
  if (device === undefined) return refusal(ERRNO.ENODEV, 'there is no such interface');
  if (!device.hasInet) return refusal(ERRNO.EINVAL, `IPv4 is off on ${device.name}`);
  if (kind.isMulticast(dst)) {
    const note =
      'taken or not by group membership and multicast forwarding, which routetap does not look at';
    return refusal(0, note, { type: 'multicast', isOpen: true });
  }
  const fault = martian(flow, device);
  if (fault !== null) return refusal(ERRNO.EINVAL, fault);
  if (kind.isLimitedBroadcast(dst) || kind.isZeronet(dst)) {
    const notes = ['a limited broadcast; no rule is asked'];
    return made(
      { dst, type: 'broadcast', found: null, notes },
      [onLink(LOOPBACK_IFINDEX, null)],
      state,
      false,
    );
  }
  const key = ruleFlow(flow, state);
  const found = fibLookup(state, flow, key);
  const { steps, answer } = found;
  const isClosed = !device.isForwarding;
  const closed = `${device.name} does not forward`;
  if (found.errno !== 0) {
    return isClosed
      ? refusal(ERRNO.EHOSTUNREACH, closed, { steps, answer })
      : refusal(found.errno, null, { steps, answer });
  }
  const notes = mergedNotes(state, flow, found);
  const type = answer?.route?.parts.body.type ?? '';
  const isDelivered = type === 'local' || (type === 'broadcast' && !device.bcForwarding);
  if (isDelivered) {
    const route = answer?.route ?? null;
    const hop = route?.parts.body.nexthops[answer?.hops[0] ?? 0];
    const way = { ...onLink(deliveredBy(state, hop?.ifindex ?? 0), null), route };
    return made({ dst, type, found, notes }, [way], state, false);
  }
  if (type !== 'broadcast') {
    if (isClosed) return refusal(ERRNO.EHOSTUNREACH, closed, { steps, answer });
    if (type !== 'unicast') {
      return refusal(ERRNO.EINVAL, `nothing is forwarded to a ${type} route`, { steps, answer });
    }
  }
  const ways = answer === null ? [] : waysOf(flow, key, state, answer);
  return made({ dst, type, found, notes }, ways, state, false);
}
