/** What a tree of the tracepoint tier comes to. */

import { errnoName } from '../bpf/errno.js';
import { KERNEL_NAMES, type TextNames } from '../format/text-route.js';
import { escapeText } from '../format/escape.js';
import { LOOPBACK_IFINDEX } from '../lookup/rules.js';
import { ERRNO } from '../lookup/steps.js';
import { TABLE } from '../lookup/table-inet.js';
import { seenTable, type SeenTable } from './implied-rules.js';
import { groupsOf, seenPoints, rootOf, type PointGroup } from './point-groups.js';
import { DROP_REASONS } from './point-table.js';
import { dropText } from './point-words.js';
import type { StepRecord } from './read-step.js';
import { routeOf } from './sections.js';
import type { TraceAnswer } from './summary.js';
import { callsOf } from './tree-calls.js';
import type { CallNode, ImpliedWay, LookupTree } from './tree.js';

/** Reasons to drop a packet that was delivered: nobody waits for it. */
const AFTER_DELIVERY: ReadonlySet<string | null> = new Set([null, 'NO_SOCKET', 'NETFILTER_DROP']);

/** The lookup a tree is about: the last one to its first destination. */
function groupOf(groups: readonly PointGroup[]): PointGroup | null {
  const [first] = groups;
  const isIt = ({ flow, isValidation }: PointGroup): boolean =>
    !isValidation && flow.dst === first?.flow.dst && flow.iif === first.flow.iif;
  return groups.findLast(isIt) ?? null;
}

/** Records of a tracepoint about packets to the lookup's destination. */
function packets(tree: LookupTree, name: string, { flow, family }: PointGroup): StepRecord[] {
  return seenPoints(tree).flatMap((node) => {
    if (node.kind === 'hole' || node.function.name !== name || node.enter === null) return [];
    const { enter } = node;
    const isOne = enter.has('has_packet') && enter.addressOrNull('flow_dst', family) === flow.dst;
    return isOne ? [enter] : [];
  });
}

/** Gateways that were resolved on an interface. */
function gatewayOn(tree: LookupTree, ifindex: number, dst: string | null): string | null {
  for (const node of seenPoints(tree)) {
    if (node.kind === 'hole' || node.enter?.has('has_neighbour') !== true) continue;
    if (node.enter.u32('ifindex') !== ifindex) continue;
    const family = node.enter.u8('route_gateway_family') === 2 ? 'inet' : 'inet6';
    const address = node.enter.address('route_gateway', family);
    if (address !== dst) return address;
  }
  return null;
}

const tableText = (table: number, names: TextNames): string =>
  `table ${escapeText(names.table(table))}`;

/** The rule that refused, as the completed tree has it. */
function refusingRule(tree: LookupTree): string | null {
  for (const { function: traced, words } of callsOf(tree.calls)) {
    if (!/^fib[46]_rule_action$/.test(traced.name)) continue;
    return /\((.*)\)$/.exec(words?.call ?? '')?.[1] ?? null;
  }
  return null;
}

interface Refusal {
  readonly errno: string | null;
  readonly why: string | null;
}

/** Why there is no way; `last`: the table asked last. */
function refusalOf(
  tree: LookupTree,
  last: SeenTable,
  { flow, tables, family }: PointGroup,
  names: TextNames,
): Refusal {
  const ret = Number(rootOf(tree)?.leave?.ret ?? 0n);
  const told = ret < 0 ? -ret : 0;
  if (last.outcome === 'refused') {
    const step = tables.at(-1)?.enter;
    const route = step == null ? null : routeOf(step, family);
    const what =
      family === 'inet6' && route !== null ? `${route.type} ${route.dst ?? ''}` : 'a route';
    return {
      errno: errnoName(last.errno),
      why: `${what} in ${tableText(last.table, names)} refuses`,
    };
  }
  const rule = refusingRule(tree);
  if (rule !== null) return { errno: told === 0 ? null : errnoName(told), why: rule };
  return { errno: errnoName(told || ERRNO.ENETUNREACH), why: `no table had ${flow.dst ?? 'it'}` };
}

const typeOf = (node: CallNode | undefined, group: PointGroup, last: SeenTable): string | null => {
  const step = node?.enter;
  if (group.family === 'inet6') return step == null ? null : (routeOf(step, 'inet6')?.type ?? null);
  return last.table === TABLE.LOCAL ? 'local' : null;
};

/** The way the completed tree has for the lookup; null where it was not completed. */
function givenWay(tree: LookupTree, dst: string | null): ImpliedWay | null {
  let found: ImpliedWay | null = null;
  for (const { gives } of callsOf(tree.calls)) if (gives?.dst === dst) found = gives;
  return found;
}

/** Null: the tree shows no table lookup. */
export function pointAnswerOf(
  tree: LookupTree,
  names: TextNames = KERNEL_NAMES,
): TraceAnswer | null {
  const group = groupOf(groupsOf(seenPoints(tree)).groups);
  const node = group?.tables.at(-1);
  if (group === null || node === undefined) return null;
  const { flow } = group;
  const last = seenTable(node, group);
  const isInput = flow.iif > LOOPBACK_IFINDEX;
  const sent = packets(tree, 'net:net_dev_queue', group).at(-1) ?? null;
  const drop = packets(tree, 'skb:kfree_skb', group).find(
    (step) => !AFTER_DELIVERY.has(DROP_REASONS[step.arg32(1)] ?? null),
  );
  const isFound = last.outcome === 'found';
  const isRefused = !isFound || (drop !== undefined && sent === null);
  const refusal = isFound ? { errno: null, why: null } : refusalOf(tree, last, group, names);
  const why = drop === undefined || !isInput ? refusal.why : dropText(drop);
  const way = sent === null || sent.u32('ifindex') === last.oif ? 'table' : 'packet';
  const oif = isRefused ? 0 : way === 'table' ? last.oif : (sent?.u32('ifindex') ?? 0);
  const gateway = way === 'table' ? last.gateway : gatewayOn(tree, oif, flow.dst);
  const dev = way === 'table' ? (node.enter?.name('route_dev') ?? '') : (sent?.name('dev') ?? '');
  const told = isInput || isRefused ? null : givenWay(tree, flow.dst);
  const devName = told === null || told.dev === '' ? dev : told.dev;
  const given = isInput ? (sent === null ? 'delivered' : 'forwarded') : 'found';
  return {
    outcome: isRefused ? (isInput ? 'dropped' : 'none') : given,
    errno: isRefused ? refusal.errno : null,
    dst: flow.dst,
    src: sent?.addressOrNull('flow_src', group.family) ?? flow.src ?? told?.src ?? null,
    gateway: isRefused ? null : told === null ? gateway : told.gateway,
    dev: isRefused || devName === '' ? null : devName,
    oif: told?.oif ?? oif,
    type: typeOf(node, group, last),
    table: isFound ? last.table : 0,
    route: isFound ? last.prefix : null,
    rule: null,
    isNew: false,
    why: isRefused ? why : null,
  };
}
