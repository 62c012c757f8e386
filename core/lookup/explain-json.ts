/** An explanation as one JSON object; every member is always there. */

import { errnoName } from '../bpf/errno.js';
import { saidOf } from '../engine/rule-words.js';
import { jsonValue } from '../format/json-value.js';
import { wholeRoute, type RouteParts } from '../route-body.js';
import { addressText } from '../wire/address.js';
import type { Explanation } from './lookup.js';
import type { Way } from './result.js';
import type { FibRoute, Flow, LookupState } from './state.js';
import type { RuleStep } from './steps.js';
import { nudName } from './words.js';

const address = (bytes: Uint8Array): string => addressText(bytes, 0, bytes.length);
const routeOf = (parts: RouteParts | undefined) => (parts === undefined ? null : wholeRoute(parts));
const of = (route: FibRoute | null) => routeOf(route?.parts);
const errnoOf = (errno: number): string | null => (errno === 0 ? null : errnoName(errno));
const nameOf = (state: LookupState, ifindex: number): string | null =>
  state.devices.get(ifindex)?.name ?? null;

function flowObject(flow: Flow, state: LookupState) {
  const { family, mark, uid, ipproto, sport, dport, tos } = flow;
  return {
    family,
    dst: address(flow.dst),
    src: flow.src === null ? null : address(flow.src),
    iif: flow.iif === 0 ? null : nameOf(state, flow.iif),
    oif: flow.oif === 0 ? null : nameOf(state, flow.oif),
    mark,
    uid,
    ipproto,
    sport,
    dport,
    tos,
  };
}

const stepObject = ({ rule, outcome, why, table, answer }: RuleStep) => ({
  priority: rule.priority,
  rule: saidOf(rule),
  outcome,
  why,
  table,
  route: of(answer?.route ?? null),
  passed: (answer?.passed ?? []).map(({ route, why: reason }) => ({
    why: reason,
    route: of(route),
  })),
  alsoMatched: (answer?.beaten ?? []).map(of),
});

const wayObject = (way: Way, state: LookupState) => ({
  ifindex: way.ifindex,
  dev: nameOf(state, way.ifindex),
  gateway: way.gateway,
  src: way.source,
  route: of(way.route),
  learned: way.exception,
});

/** One line without its end. */
export function explanationJson(explanation: Explanation, zone: string): string {
  const { check, flow, kernel, neighbour, outcome, state } = explanation;
  const object = {
    v: 1,
    zone,
    flow: flowObject(flow, state),
    steps: outcome.steps.map(stepObject),
    notes: outcome.notes,
    answer: {
      errno: errnoOf(outcome.errno),
      type: outcome.type === '' ? null : outcome.type,
      table: outcome.table,
      way: check.way === null ? null : wayObject(check.way, state),
      ways: outcome.ways.map((way) => wayObject(way, state)),
      kernelsChoice: check.isKernelsChoice,
    },
    neighbour:
      neighbour === null
        ? null
        : {
            address: neighbour.address,
            needed: neighbour.isResolved,
            state: neighbour.entry === null ? null : nudName(neighbour.entry.state),
            lladdr: neighbour.entry?.lladdr ?? null,
          },
    kernel:
      kernel === null
        ? null
        : {
            errno: errnoOf(kernel.errno),
            message: kernel.message,
            route: routeOf(kernel.route ?? undefined),
          },
    verdict: check.verdict,
    differences: check.differences,
  };
  return jsonValue(object, true);
}
