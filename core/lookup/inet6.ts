/** The whole IPv6 lookup (net/ipv6/route.c: ip6_route_output_flags, ip6_route_input_lookup, ip6_pol_route). */

import { addressText } from '../wire/address.js';
import { inet6 as kind } from './address-kind.js';
import { exceptionOf } from './inet-ways.js';
import { isZero } from './prefix.js';
import { refusal, type Outcome, type Way } from './result.js';
import { LOOPBACK_IFINDEX, ruleFlow, vrfOf, type RuleFlow } from './rules.js';
import { selectInet6Source } from './source-inet6.js';
import type { FibRoute, Flow, LookupState } from './state.js';
import { ERRNO, type RulesAnswer, type TableAnswer } from './steps.js';
import { lookupInet6, type Inet6Key } from './table-inet6.js';
import { walkRules } from './walk.js';

const MULTICAST_NOTE = 'taken or forwarded by multicast routing, which routetap does not look at';
const ANY = new Uint8Array(16);

/** Interface a local route is delivered by (ip6_rt_get_dev_rcu). */
function localInterface(state: LookupState, route: FibRoute, ifindex: number): number {
  const device = state.devices.get(ifindex);
  if (device === undefined) return LOOPBACK_IFINDEX;
  if (device.vrf !== 0 && !kind.needsStrict(route.dst)) return device.vrf;
  return device.vrfTable === null ? LOOPBACK_IFINDEX : ifindex;
}

function wayOf(flow: Flow, state: LookupState, route: FibRoute, hop: number): Way {
  const { body } = route.parts;
  const nexthop = body.nexthops[hop];
  const ifindex = nexthop?.ifindex ?? 0;
  const isLocal = body.type === 'local' || body.type === 'anycast';
  const exception = exceptionOf(state, route.table, ifindex);
  // A nexthop object's routes choose by its first interface, whichever nexthop is taken.
  const first = body.nhid === null ? undefined : state.groups.get(body.nhid)?.[0]?.split(' ')[0];
  const byDevice = first === undefined ? ifindex : Number(first);
  const chosen = body.prefsrc ?? selectInet6Source(state, flow.dst, byDevice);
  const given = flow.src === null || isZero(flow.src) ? null : addressText(flow.src, 0, 16);
  return {
    ifindex: isLocal ? localInterface(state, route, ifindex) : ifindex,
    gateway: exception?.gateway ?? nexthop?.gateway ?? null,
    source: flow.iif === 0 ? (given ?? chosen) : null,
    route,
    exception,
  };
}

/** Link-scope destinations over a VRF's interface ask its table alone (l3mdev_link_scope_lookup). */
function vrfLinkScope(flow: Flow, state: LookupState, key: RuleFlow): RulesAnswer | 'none' | null {
  const isLinkScope = kind.isMulticast(flow.dst) || kind.isLinkLocal(flow.dst);
  const device = state.devices.get(flow.oif);
  if (flow.iif !== 0 || !isLinkScope || device === undefined || vrfOf(device) === 0) return null;
  if (device.vrfTable !== null) return 'none';
  const table = state.devices.get(key.vrf)?.vrfTable ?? 0;
  const src = flow.src ?? ANY;
  const answer = lookupInet6(state, table, { dst: flow.dst, src, oif: flow.oif, isStrict: true });
  const isFound = answer.outcome === 'found';
  return { steps: [], errno: isFound ? 0 : answer.errno || ERRNO.ENETUNREACH, answer };
}

/** Looks a flow up as IPv6 does. */
export function lookupInet6Flow(flow: Flow, state: LookupState): Outcome {
  const key = ruleFlow(flow, state);
  const isOutput = flow.iif === 0;
  const { dst } = flow;
  if (!isOutput && !state.devices.has(flow.iif)) {
    return refusal(ERRNO.ENODEV, 'there is no such interface');
  }
  const ofVrf = vrfLinkScope(flow, state, key);
  if (ofVrf === 'none') {
    return refusal(ERRNO.ENETUNREACH, 'a VRF itself has no link to send this over');
  }
  const isStrict = kind.needsStrict(dst) || (isOutput && flow.oif !== 0 && !key.hasSource);
  const tableKey: Inet6Key = {
    dst,
    src: flow.src ?? ANY,
    oif: isOutput ? key.oif : flow.iif,
    isStrict,
  };
  const found = ofVrf ?? walkRules(key, state, (table) => lookupInet6(state, table, tableKey));
  const { steps, answer } = found;
  if (found.errno !== 0) return refusal(found.errno, null, { steps, answer });
  const { route, hops } = answer as TableAnswer;
  if (route === null) return refusal(ERRNO.ENETUNREACH, null, { steps, answer });
  if (!isOutput && kind.isMulticast(route.dst)) {
    return refusal(0, MULTICAST_NOTE, { steps, answer, type: 'multicast', isOpen: true });
  }
  return {
    steps,
    answer,
    errno: 0,
    type: route.parts.body.type,
    table: route.table,
    ways: (hops.length === 0 ? [0] : hops).map((hop) => wayOf(flow, state, route, hop)),
    notes: ofVrf === null ? [] : ['the table of the VRF is asked, no rule'],
    isOpen: false,
  };
}
