/** IPv4 packets sent from here (net/ipv4/route.c, ip_route_output_key_hash_rcu and __mkroute_output). */

import { IFF } from '../wire/constants.js';
import { inet as kind } from './address-kind.js';
import { deliveredBy, fibLookup, made, mergedNotes, onLink, text, waysOf } from './inet-ways.js';
import { refusal, type Outcome, type Way } from './result.js';
import { LOOPBACK_IFINDEX, ruleFlow } from './rules.js';
import { SCOPE, selectInetSource } from './source-inet.js';
import type { Flow, LookupState } from './state.js';
import { ERRNO, type TableAnswer } from './steps.js';
import { lookupInet, TABLE } from './table-inet.js';

/** Is the address one of this machine's? (net/ipv4/devinet.c, __ip_dev_find.) Its interface, 0 for none. */
function ownInterface(state: LookupState, address: Uint8Array): number {
  const shown = text(address);
  const found = state.addresses.find(({ local }) => local === shown);
  if (found !== undefined) return found.ifindex;
  // Without custom rules the table local is the one trie.
  const tables = state.isMerged ? [TABLE.LOCAL, TABLE.MAIN] : [TABLE.LOCAL];
  const { route } = lookupInet(state, tables, address, { tos: 0, oif: 0 });
  return route?.parts.body.type === 'local' ? (route.parts.body.nexthops[0]?.ifindex ?? 0) : 0;
}

/** Looks up the way of a packet that is sent. */
export function lookupInetOutput(asked: Flow, state: LookupState): Outcome {
  let flow = asked;
  const { dst } = flow;
  if (flow.src !== null) {
    const { src } = flow;
    if (kind.isMulticast(src) || kind.isLimitedBroadcast(src) || kind.isZeronet(src)) {
      return refusal(ERRNO.EINVAL, 'nothing is sent from such a source');
    }
    const own = ownInterface(state, src);
    if (own === 0) {
      return refusal(ERRNO.ENETUNREACH, `the source ${text(src)} is no address of this machine`);
    }
    if (flow.oif === 0 && (kind.isMulticast(dst) || kind.isLimitedBroadcast(dst))) {
      const notes = ['the source address says the interface; no rule is asked'];
      return made(
        { dst, type: 'unicast', found: null, notes },
        [onLink(own, text(src))],
        state,
        true,
      );
    }
  }
  let source = flow.src === null ? null : text(flow.src);
  if (flow.oif !== 0) {
    const device = state.devices.get(flow.oif);
    if (device === undefined) return refusal(ERRNO.ENODEV, 'there is no such interface');
    if ((device.flags & IFF.UP) === 0 || !device.hasInet) {
      return refusal(ERRNO.ENETUNREACH, `${device.name} is down`);
    }
    if (kind.isLocalMulticast(dst) || kind.isLimitedBroadcast(dst)) {
      source ??= selectInetSource(state, flow.oif, null, SCOPE.LINK);
      const notes = ['bound to an interface, this destination needs no route'];
      return made(
        { dst, type: 'unicast', found: null, notes },
        [onLink(flow.oif, source)],
        state,
        true,
      );
    }
    if (source === null && kind.isMulticast(dst)) {
      source = selectInetSource(state, flow.oif, null, SCOPE.UNIVERSE);
    }
  }
  if (dst.every((byte) => byte === 0)) return toNowhere(flow, state, source);
  if (source !== null && flow.src === null) flow = { ...flow, src: bytesOf(source) };
  const key = ruleFlow(flow, state);
  const found = fibLookup(state, flow, key);
  if (found.errno !== 0) {
    if (key.oif === 0 || (key.vrf !== 0 && !kind.isMulticast(dst))) {
      return refusal(found.errno, null, { steps: found.steps, answer: found.answer });
    }
    source ??= selectInetSource(state, flow.oif, null, SCOPE.LINK);
    const notes = ['no route, but bound to an interface: the kernel takes it for on the link'];
    const draft = { dst, type: 'unicast', found: { ...found, answer: null }, notes };
    return made(draft, [onLink(flow.oif, source)], state, true);
  }
  const notes = mergedNotes(state, flow, found);
  const answer = found.answer as TableAnswer;
  const type = answer.route?.parts.body.type ?? '';
  if (type !== 'local') {
    const ways = waysOf(flow, key, state, answer);
    return made({ dst, type, found, notes }, ways, state, true);
  }
  const body = answer.route?.parts.body;
  const hop = body?.nexthops[answer.hops[0] ?? 0];
  const way: Way = {
    ...onLink(deliveredBy(state, hop?.ifindex ?? 0), source ?? body?.prefsrc ?? text(dst)),
    route: answer.route,
  };
  return made({ dst, type, found, notes }, [way], state, true);
}

const bytesOf = (address: string): Uint8Array =>
  Uint8Array.from(address.split('.').map((part) => Number(part)));

/** To 0.0.0.0: to itself. */
function toNowhere(flow: Flow, state: LookupState, given: string | null): Outcome {
  const bound = flow.oif === 0 ? null : selectInetSource(state, flow.oif, null, SCOPE.HOST);
  const source = given ?? bound ?? '127.0.0.1';
  const notes = ['0.0.0.0 means this machine; no rule is asked'];
  const draft = { dst: bytesOf(source), type: 'local', found: null, notes };
  return made(draft, [onLink(LOOPBACK_IFINDEX, source)], state, true);
}
