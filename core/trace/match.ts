import type { Family } from '../event.js';
import { functionRow } from './functions.js';
import type { StepField, StepRecord } from './read-step.js';
import { familyOf } from './sections.js';
import { callsOf, recordsOf } from './tree-calls.js';
import type { LookupTree, TreeNode } from './tree.js';

/** A prefix: 4 or 16 bytes, `length` in bits. */
interface Wanted {
  readonly address: Uint8Array;
  readonly length: number;
}

export interface TreeFilters {
  readonly dst?: Wanted;
  readonly src?: Wanted;
  /** Name of an interface. */
  readonly dev?: string;
}

function lies(step: StepRecord, field: StepField, family: Family, { address, length }: Wanted) {
  const bytes = step.addressBytes(field, family);
  if (bytes?.length !== address.length) return false;
  return bytes.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - 8 * at));
    const mask = (0xff00 >> bits) & 0xff;
    return ((byte ^ (address[at] ?? 0)) & mask) === 0;
  });
}

function hasFlow(tree: LookupTree, { dst, src }: TreeFilters): boolean {
  for (const { call, step } of recordsOf(tree)) {
    if (!step.has('has_flow') && !step.has('has_packet')) continue;
    const family = familyOf(step, call.function);
    const isTo = dst === undefined || lies(step, 'flow_dst', family, dst);
    if (isTo && (src === undefined || lies(step, 'flow_src', family, src))) return true;
  }
  return false;
}

const DEVICES: readonly StepField[] = ['dev', 'route_dev', 'dst_dev'];

function hasDevice(tree: LookupTree, dev: string): boolean {
  for (const { step } of recordsOf(tree)) {
    if (DEVICES.some((field) => step.name(field) === dev)) return true;
  }
  return false;
}

/** True when one flow of the tree lies in both prefixes, and an interface in it has the name. */
export function matchesTree(tree: LookupTree, filters: TreeFilters): boolean {
  const { dst, src, dev } = filters;
  if ((dst !== undefined || src !== undefined) && !hasFlow(tree, filters)) return false;
  return dev === undefined || hasDevice(tree, dev);
}

const TABLE_WALKS: ReadonlySet<string> = new Set([
  'fib_table_lookup',
  'fib6_table_lookup',
  'fib:fib_table_lookup',
  'fib6:fib6_table_lookup',
]);

/** True when a route was looked up, false when one that was kept did. */
export function hasLookup(tree: LookupTree): boolean {
  for (const { function: traced } of callsOf(tree.calls)) {
    if (TABLE_WALKS.has(traced.name) || functionRow(traced.name)?.role === 'lookup') return true;
  }
  return false;
}

const lostIn = (nodes: readonly TreeNode[]): number =>
  nodes.reduce((sum, node) => sum + (node.kind === 'hole' ? node.lost : lostIn(node.calls)), 0);

/** The calls of a function as trees of their own; one within another stays in it. */
export function followTree(tree: LookupTree, functionName: string): LookupTree[] {
  const trees: LookupTree[] = [];
  const isIt = ({ function: traced }: { readonly function: { readonly name: string } }) =>
    traced.name === functionName || traced.name.split(':')[1] === functionName;
  for (const call of callsOf(tree.calls, isIt)) {
    if (!isIt(call)) continue;
    trees.push({
      ...tree,
      timeNs: (call.enter ?? call.leave)?.timeNs ?? tree.timeNs,
      calls: [call],
      lost: lostIn(call.calls),
      // A tracepoint has no end to wait for.
      isComplete:
        call.leave !== null || call.words !== null || call.function.mechanism === 'tracepoint',
    });
  }
  return trees;
}
