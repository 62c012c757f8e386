/** What IPv4 lookups of sent and received packets share: the rules, and the ways a route gives. */

import { addressText } from '../wire/address.js';
import { IFF } from '../wire/constants.js';
import { inet as kind } from './address-kind.js';
import { defaultChoices } from './default-route.js';
import { refusal, type Outcome, type Way } from './result.js';
import { LOOPBACK_IFINDEX, vrfOf, type RuleFlow } from './rules.js';
import { inetRouteSource, SCOPE, selectInetSource } from './source-inet.js';
import type { Device, Exception, FibRoute, Flow, LookupState } from './state.js';
import { ERRNO, type RulesAnswer, type RuleStep, type TableAnswer } from './steps.js';
import { lookupInet, TABLE } from './table-inet.js';
import { walkRules } from './walk.js';

export const text = (address: Uint8Array): string => addressText(address, 0, address.length);

const MERGED_NOTE =
  'no rule was ever changed here: the kernel searches local and main as one table, and a longer prefix of main wins';

/** Said where it makes a difference alone. */
export const mergedNotes = (
  state: LookupState,
  flow: Flow,
  found: RulesAnswer,
): readonly string[] =>
  state.isMerged &&
  found.answer?.route?.table === TABLE.MAIN &&
  lookupInet(state, [TABLE.LOCAL], flow.dst, flow).outcome !== 'none'
    ? [MERGED_NOTE]
    : [];

/** local and main as one trie, then default (include/net/ip_fib.h, fib_lookup). Told as the rules that say the same. */
function mergedLookup(state: LookupState, flow: Flow): RulesAnswer {
  const steps: RuleStep[] = [];
  let answer = lookupInet(state, [TABLE.LOCAL, TABLE.MAIN], flow.dst, flow);
  for (const rule of state.rules) {
    if (rule.table === TABLE.DEFAULT) answer = lookupInet(state, [TABLE.DEFAULT], flow.dst, flow);
    const isHere = answer.route !== null && answer.route.table === rule.table;
    const none: TableAnswer = { ...answer, outcome: 'none', route: null, passed: [], beaten: [] };
    const { passed } = answer;
    const mine = passed.filter(({ route }) => route.table === rule.table);
    const here = isHere ? answer : { ...none, passed: mine };
    const outcome = here.outcome === 'refused' ? 'refused-route' : here.outcome;
    steps.push({ rule, outcome, why: null, table: rule.table, answer: here });
    if (outcome === 'found' || outcome === 'refused-route') {
      return { steps, errno: here.errno, answer: here };
    }
  }
  return { steps, errno: ERRNO.ENETUNREACH, answer: null };
}

export function fibLookup(state: LookupState, flow: Flow, key: RuleFlow): RulesAnswer {
  if (state.isMerged) return mergedLookup(state, flow);
  return walkRules(key, state, (table) =>
    lookupInet(state, [table], flow.dst, { tos: flow.tos, oif: key.oif }),
  );
}

/** What was learned for the destination by this nexthop. */
export const exceptionOf = (state: LookupState, table: number, ifindex: number): Exception | null =>
  state.exceptions.find((e) => e.ifindex === ifindex && (e.table === table || e.table === 0)) ??
  null;

/** Checks of __mkroute_output; null when it makes a route. */
function outputFault(device: Device, dst: Uint8Array, source: string | null): string | null {
  if (!device.hasInet) return `IPv4 is off on ${device.name}`;
  const fromLoopback = source?.startsWith('127.') ?? false;
  const isLoopback = (device.flags & IFF.LOOPBACK) !== 0 || device.vrfTable !== null;
  if (fromLoopback && !isLoopback && !device.routeLocalnet) {
    return `a loopback source may not leave by ${device.name}`;
  }
  return kind.isZeronet(dst) ? 'nothing is sent to 0.0.0.0' : null;
}

const typeOf = (dst: Uint8Array, type: string): string =>
  kind.isLimitedBroadcast(dst) ? 'broadcast' : kind.isMulticast(dst) ? 'multicast' : type;

/** Has the route's nexthop a say, or is it the link alone? */
const usesRoute = (dst: Uint8Array, type: string, route: FibRoute | null): boolean =>
  route !== null &&
  typeOf(dst, type) !== 'broadcast' &&
  !(kind.isMulticast(dst) && route.dstLength < 4);

interface Draft {
  readonly dst: Uint8Array;
  readonly type: string;
  readonly found: RulesAnswer | null;
  readonly notes: readonly string[];
}

export function made(
  draft: Draft,
  ways: readonly Way[],
  state: LookupState,
  checked: boolean,
): Outcome {
  const { dst, type, found, notes } = draft;
  const steps = found?.steps ?? [];
  const answer = found?.answer ?? null;
  const faults = ways.map(({ ifindex, source }) => {
    const device = state.devices.get(ifindex);
    return device === undefined ? 'the interface is gone' : outputFault(device, dst, source);
  });
  const fault = faults[0] ?? null;
  if (checked && fault !== null) {
    return refusal(ERRNO.EINVAL, fault, { steps, answer, notes: [...notes, fault] });
  }
  const table = ways[0]?.route?.table ?? 0;
  return {
    steps,
    answer,
    errno: 0,
    type: typeOf(dst, type),
    table,
    ways,
    notes,
    isOpen: false,
  };
}

export const onLink = (ifindex: number, source: string | null): Way => ({
  ifindex,
  gateway: null,
  source,
  route: null,
  exception: null,
});

/** Ways of a route that was found, each by one of its nexthops. */
export function waysOf(
  flow: Flow,
  key: RuleFlow,
  state: LookupState,
  { route, hops }: TableAnswer,
): readonly Way[] {
  if (route === null) return [];
  const isOutput = flow.iif === 0;
  const { body } = route.parts;
  const isAlone = body.nexthops.length === 1 && route.dstLength === 0 && body.type === 'unicast';
  const routes =
    isOutput && key.oif === 0 && isAlone ? defaultChoices(route, state, flow.tos) : [route];
  return routes.flatMap((chosen) =>
    (chosen === route ? hops : [0]).map((hop): Way => {
      const nexthop = chosen.parts.body.nexthops[hop];
      const ifindex = nexthop?.ifindex ?? 0;
      const takesRoute = usesRoute(flow.dst, body.type, chosen);
      const exception = takesRoute ? exceptionOf(state, chosen.table, ifindex) : null;
      const gateway = takesRoute ? (exception?.gateway ?? nexthop?.gateway ?? null) : null;
      const device = state.devices.get(ifindex);
      const isInVrf = key.vrf === 0 || (device !== undefined && vrfOf(device) === key.vrf);
      const chooses = isInVrf
        ? inetRouteSource(state, chosen, hop)
        : selectInetSource(state, key.vrf, null, SCOPE.LINK);
      const source = !isOutput ? null : flow.src === null ? chooses : text(flow.src);
      return { ifindex, gateway, source, route: chosen, exception };
    }),
  );
}

/** Where what is local is delivered: the VRF of the route's interface, else lo. */
export function deliveredBy(state: LookupState, ifindex: number): number {
  const device = state.devices.get(ifindex);
  const vrf = device === undefined ? 0 : vrfOf(device);
  return vrf === 0 ? LOOPBACK_IFINDEX : vrf;
}
