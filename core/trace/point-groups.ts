/** Which lookup the points of a tree belong to. */

import type { Family } from '../event.js';
import type { Flow } from '../lookup/state.js';
import { LOOPBACK_IFINDEX } from '../lookup/rules.js';
import { SYSCALL } from './point-table.js';
import type { StepRecord } from './read-step.js';
import { flowOf, type StepFlow } from './sections.js';
import type { CallNode, LookupTree, TreeNode } from './tree.js';

/** One lookup: the tables asked for it, and what became of its packet. */
export interface PointGroup {
  readonly family: Family;
  /** As the kernel had it, after l3mdev_update_flow. */
  readonly flow: StepFlow;
  /** Of the first table's record. */
  readonly step: StepRecord;
  readonly tables: readonly CallNode[];
  /** All of it in order, tables and holes too. */
  readonly nodes: readonly TreeNode[];
  /** Where the packet came from is looked up, to see whether its source may be believed. */
  readonly isValidation: boolean;
}

const TABLES: Readonly<Record<string, Family>> = {
  'fib:fib_table_lookup': 'inet',
  'fib6:fib6_table_lookup': 'inet6',
};

export const isTable = (node: TreeNode): node is CallNode =>
  node.kind === 'call' && node.origin === 'seen' && node.function.name in TABLES;

/** The system call around the points; null in a softirq or a thread of the kernel. */
export function rootOf(tree: LookupTree): CallNode | null {
  const [root] = tree.calls;
  return root?.kind === 'call' && root.function.name === SYSCALL.name ? root : null;
}

const KEYS = ['dst', 'src', 'iif', 'oif', 'l3mdev', 'mark', 'protocol', 'sport', 'dport'] as const;

const isSame = (a: StepFlow, b: StepFlow): boolean => KEYS.every((key) => a[key] === b[key]);

/** The same packet asked about the other way round. */
const isReverse = (a: StepFlow, b: StepFlow): boolean =>
  a.iif > LOOPBACK_IFINDEX &&
  b.dst === a.src &&
  b.src === a.dst &&
  b.protocol === a.protocol &&
  b.sport === a.sport &&
  b.dport === a.dport;

interface OpenGroup extends PointGroup {
  readonly tables: CallNode[];
  readonly nodes: TreeNode[];
}

const tableOf = (node: CallNode | undefined): number => node?.enter?.u32('table') ?? 0;

/** Is the table asked for what the group asks for? A lookup begins with the same table again. */
function goesOn(group: OpenGroup, flow: StepFlow, node: CallNode): boolean {
  const last = group.nodes.at(-1);
  if (last === undefined || (last.kind === 'call' && !isTable(last))) return false;
  return isSame(group.flow, flow) && tableOf(node) !== tableOf(group.tables[0]);
}

/** The lookups among the points of a tree, in order; `before`: what stands before the first one. */
export function groupsOf(nodes: readonly TreeNode[]): {
  readonly before: readonly TreeNode[];
  readonly groups: readonly PointGroup[];
} {
  const before: TreeNode[] = [];
  const groups: OpenGroup[] = [];
  for (const node of nodes) {
    const group = groups.at(-1);
    const step = isTable(node) ? node.enter : null;
    const family = node.kind === 'call' ? TABLES[node.function.name] : undefined;
    const flow = step === null || family === undefined ? null : flowOf(step, family);
    if (!isTable(node) || step === null || family === undefined || flow === null) {
      (group?.nodes ?? before).push(node);
    } else if (group !== undefined && goesOn(group, flow, node)) {
      group.tables.push(node);
      group.nodes.push(node);
    } else {
      const isValidation = groups.length === 1 && isReverse((group as OpenGroup).flow, flow);
      groups.push({ family, flow, step, tables: [node], nodes: [node], isValidation });
    }
  }
  return { before, groups };
}

/** The points themselves. */
export const pointsOf = (tree: LookupTree): readonly TreeNode[] =>
  rootOf(tree)?.calls ?? tree.calls;

function* seenIn(nodes: readonly TreeNode[]): Generator<TreeNode> {
  for (const node of nodes) {
    if (node.kind === 'hole' || node.origin === 'seen') yield node;
    if (node.kind === 'call') yield* seenIn(node.calls);
  }
}

/** What was seen, in order, wherever completing the tree has put it. */
export const seenPoints = (tree: LookupTree): readonly TreeNode[] => [...seenIn(pointsOf(tree))];

/** A group's flow as it is asked. */
export function lookupFlowOf({ family, flow, step }: PointGroup): Flow {
  const isOutput = flow.iif <= LOOPBACK_IFINDEX;
  return {
    family,
    dst: step.addressBytes('flow_dst', family) ?? new Uint8Array(family === 'inet' ? 4 : 16),
    src: step.addressBytes('flow_src', family),
    iif: isOutput ? 0 : flow.iif,
    // Bound to a VRF: the kernel has moved it from one to the other by then.
    oif: isOutput ? flow.oif || flow.l3mdev : 0,
    mark: flow.mark,
    uid: flow.uid,
    ipproto: flow.protocol,
    sport: flow.sport,
    dport: flow.dport,
    tos: flow.tos,
  };
}
