/** Walks over a tree's calls. */

import type { TextNames } from '../format/text-route.js';
import type { StepField, StepRecord } from './read-step.js';
import type { TreeNames } from './section-words.js';
import type { CallNode, LookupTree, TreeNode } from './tree.js';

/** All calls, top down; below one that `isSkipped` nothing. */
export function* callsOf(
  nodes: readonly TreeNode[],
  isSkipped: (call: CallNode) => boolean = () => false,
): Generator<CallNode> {
  for (const node of nodes) {
    if (node.kind === 'hole') continue;
    yield node;
    if (!isSkipped(node)) yield* callsOf(node.calls, isSkipped);
  }
}

/** All records, beginnings before ends. */
export function* recordsOf(tree: LookupTree): Generator<{ call: CallNode; step: StepRecord }> {
  for (const call of callsOf(tree.calls)) {
    for (const step of [call.enter, call.leave]) if (step !== null) yield { call, step };
  }
}

/** Where a record has an interface's number and its name. */
const DEVICES: readonly (readonly [StepField, StepField])[] = [
  ['ifindex', 'dev'],
  ['route_oif', 'route_dev'],
  ['dst_oif', 'dst_dev'],
  ['flow_oif', 'flow_oif_name'],
  ['flow_l3mdev', 'flow_l3mdev_name'],
];

export function namesOf(tree: LookupTree, tables: TextNames): TreeNames {
  const devices = new Map<number, string>();
  for (const { step } of recordsOf(tree)) {
    for (const [number, name] of DEVICES) {
      const text = step.name(name);
      if (text !== '' && step.u32(number) !== 0) devices.set(step.u32(number), text);
    }
  }
  return { tables, devices };
}
