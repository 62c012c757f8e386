/** What tracepoints do not show of a lookup, from the rules and the mirror. */

import { lookupFlow, type Explanation } from '../lookup/lookup.js';
import type { LookupQuestion } from '../lookup/question.js';
import type { Outcome } from '../lookup/result.js';
import type { Flow } from '../lookup/state.js';
import { implied } from './implied-node.js';
import { afterRules, answerWords, neighbourNode, wayGiven, type Told } from './implied-outcome.js';
import { rulesAndTables } from './implied-rules.js';
import { groupsOf, lookupFlowOf, pointsOf, rootOf, type PointGroup } from './point-groups.js';
import { flowText } from './implied-words.js';
import type { LookupTree, TreeNode } from './tree.js';

/** The question of the tree's first lookup; null: it has none. */
export function askedOf(tree: LookupTree): LookupQuestion | null {
  const [group] = groupsOf(pointsOf(tree)).groups;
  if (group === undefined) return null;
  const { dst, src, iif, oif, mark, uid, ipproto, sport, dport, tos } = lookupFlowOf(group);
  return {
    dst,
    ...(src === null ? {} : { src }),
    ...(iif === 0 ? {} : { iif }),
    ...(oif === 0 ? {} : { oif }),
    ...(mark === 0 ? {} : { mark }),
    ...(iif === 0 ? { uid } : {}),
    ...(ipproto === 0 ? {} : { ipproto }),
    ...(sport === 0 ? {} : { sport }),
    ...(dport === 0 ? {} : { dport }),
    ...(tos === 0 ? {} : { tos }),
  };
}

const LOOKUPS = {
  inet: ['ip_route_output_key_hash_rcu', 'ip_route_input_slow'],
  inet6: ['ip6_route_output_flags', 'ip6_route_input'],
} as const;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

const isAsAsked = (a: Flow, b: Flow): boolean =>
  a.iif === b.iif &&
  a.oif === b.oif &&
  a.mark === b.mark &&
  a.sport === b.sport &&
  a.dport === b.dport &&
  (a.src === null ? b.src === null : b.src !== null && sameBytes(a.src, b.src));

/** FLOWI_FLAG_ANYSRC (include/net/flow.h): for a packet of somebody else, to find the way back to its sender. */
const asksForAnySource = ({ step }: PointGroup): boolean => (step.u8('flow_flags') & 1) !== 0;

/** The mirror's word on a group; null: it holds nothing of that destination. */
function toldOf(group: PointGroup, explanation: Explanation): Told | null {
  const flow = lookupFlowOf(group);
  const { state } = explanation;
  if (flow.family !== explanation.flow.family || !sameBytes(flow.dst, explanation.flow.dst)) {
    return null;
  }
  // An ECMP hash and the like: the kernel was asked the first question alone.
  const isKernels = isAsAsked(flow, explanation.flow);
  const outcome: Outcome = isKernels ? explanation.outcome : lookupFlow(flow, state);
  if (outcome.steps.length === 0 && asksForAnySource(group)) return null;
  const kernelsWay = isKernels ? explanation.check.way : null;
  return { flow, state, outcome, kernelsWay };
}

function validated(group: PointGroup): readonly TreeNode[] {
  const rest = group.nodes.filter((node) => !group.tables.some((table) => table === node));
  const call = flowText(group.flow.dst, null);
  return [...[implied('__fib_validate_source', call, null, group.tables)], ...rest];
}

/** A lookup with all that must have happened in it. */
function completed(group: PointGroup, explanation: Explanation): readonly TreeNode[] {
  if (group.isValidation) return validated(group);
  const told = toldOf(group, explanation);
  if (told === null) return group.nodes;
  const { flow } = told;
  const last = group.nodes.findLastIndex((node) => group.tables.some((table) => table === node));
  const within = group.nodes.slice(0, last + 1);
  const after = group.nodes.slice(last + 1);
  const [output, input] = LOOKUPS[flow.family];
  const node = implied(
    flow.iif === 0 ? output : input,
    flowText(group.flow.dst, group.flow.src),
    answerWords(told, group, after),
    [...rulesAndTables(told, group, within), ...afterRules(told, group, after)],
  );
  const gives = wayGiven(told, group, after);
  const lookup = gives === null ? node : { ...node, gives };
  return [lookup, ...neighbourNode(told, after, explanation), ...after];
}

/**
 * The tree with the rules that were asked, the nexthop chosen and the like: `implied` nodes around and beside those
 * seen. Where the mirror says something else than what was seen, a node tells both.
 */
export function completeTree(tree: LookupTree, explanation: Explanation): LookupTree {
  const root = rootOf(tree);
  const { before, groups } = groupsOf(pointsOf(tree));
  const calls = [...before, ...groups.flatMap((group) => completed(group, explanation))];
  return { ...tree, calls: root === null ? calls : [{ ...root, calls }] };
}
