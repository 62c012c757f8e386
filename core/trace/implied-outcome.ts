/** What follows the tables: the nexthop chosen, the source, what was learned for the destination, the neighbour. */

import { errnoName } from '../bpf/errno.js';
import { escapeText } from '../format/escape.js';
import type { Explanation } from '../lookup/lookup.js';
import type { Outcome, Way } from '../lookup/result.js';
import type { Exception, FibRoute, Flow, LookupState } from '../lookup/state.js';
import { nudName, shortRoute } from '../lookup/words.js';
import { addressText } from '../wire/address.js';
import { IFF } from '../wire/constants.js';
import { contradiction, implied } from './implied-node.js';
import { viaText } from './implied-words.js';
import type { PointGroup } from './point-groups.js';
import { routeOf } from './sections.js';
import type { CallNode, ImpliedWay, TreeNode } from './tree.js';

/** The mirror's word on a lookup. */
export interface Told {
  readonly flow: Flow;
  readonly state: LookupState;
  readonly outcome: Outcome;
  /** What the kernel answers to the same question; null: not asked, or it has none. */
  readonly kernelsWay: Way | null;
}

const isPoint = (node: TreeNode, name: string): node is CallNode =>
  node.kind === 'call' && node.origin === 'seen' && node.function.name === name;

const dstText = ({ dst }: Flow): string => addressText(dst, 0, dst.length);

/** Packets of the lookup that went into an interface's queue: the interfaces by number. */
function sentBy({ flow }: PointGroup, after: readonly TreeNode[]): readonly number[] {
  return after.flatMap((node) => {
    if (!isPoint(node, 'net:net_dev_queue') || node.enter === null) return [];
    const family = node.enter.family;
    const isOwn =
      node.enter.has('has_packet') &&
      family !== null &&
      node.enter.addressOrNull('flow_dst', family) === flow.dst;
    return isOwn ? [node.enter.u32('ifindex')] : [];
  });
}

/** Neighbours that were asked for: `ifindex address`. */
function asked(after: readonly TreeNode[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of after) {
    if (node.kind === 'hole' || node.enter?.has('has_neighbour') !== true) continue;
    const family = node.enter.u8('route_gateway_family') === 2 ? 'inet' : 'inet6';
    found.add(`${node.enter.u32('ifindex')} ${node.enter.address('route_gateway', family)}`);
  }
  return found;
}

/** The way taken: the only one, the one the neighbour or the interface tells, or the one the kernel names. */
function takenWay(
  told: Told,
  group: PointGroup,
  after: readonly TreeNode[],
): { readonly way: Way | null; readonly by: 'seen' | 'kernel' | 'only' } {
  const { ways } = told.outcome;
  const [only] = ways;
  if (ways.length === 1) return { way: only ?? null, by: 'only' };
  const neighbours = asked(after);
  const to = dstText(told.flow);
  const met = ways.filter((way) => neighbours.has(`${way.ifindex} ${way.gateway ?? to}`));
  if (met.length === 1) return { way: met[0] ?? null, by: 'seen' };
  const devices = sentBy(group, after);
  const by = ways.filter(({ ifindex }) => devices.includes(ifindex));
  if (by.length === 1) return { way: by[0] ?? null, by: 'seen' };
  const kernels = ways.find(
    (way) => way.ifindex === told.kernelsWay?.ifindex && way.gateway === told.kernelsWay.gateway,
  );
  return { way: kernels ?? null, by: 'kernel' };
}

/** `leg 2 of 3 via 10.0.0.2 dev v0 weight 2 of 4`. */
function legText(route: FibRoute, way: Way, state: LookupState): string {
  const hops = route.parts.body.nexthops;
  const at = hops.findIndex((hop) => hop.ifindex === way.ifindex && hop.gateway === way.gateway);
  const via = viaText(way.gateway, way.ifindex, state);
  if (at < 0 || hops.length < 2) return via;
  const all = hops.reduce((sum, { weight }) => sum + weight, 0);
  return `leg ${at + 1} of ${hops.length} ${via} weight ${hops[at]?.weight ?? 1} of ${all}`;
}

const BY = {
  seen: '',
  kernel: ' (as the kernel answers to the same question)',
  only: '',
} as const;

function selected(told: Told, group: PointGroup, after: readonly TreeNode[]): readonly CallNode[] {
  const { outcome, state } = told;
  const route = outcome.answer?.route ?? null;
  if (route === null || outcome.type !== 'unicast') return [];
  const legs = route.parts.body.nexthops.length;
  if (group.family === 'inet6' && legs < 2) return [];
  const name = group.family === 'inet' ? 'fib_select_path' : 'fib6_select_path';
  const { way, by } = takenWay(told, group, after);
  const result =
    way === null
      ? `one of ${outcome.ways.length} ways`
      : `${legText(way.route ?? route, way, state)}${BY[by]}`;
  return [implied(name, shortRoute(route), result)];
}

function sourceNodes(told: Told, way: Way | null): readonly CallNode[] {
  const { flow } = told;
  const { source, route } = way ?? { source: null, route: null };
  if (flow.iif !== 0 || flow.src !== null || source === null) return [];
  // What IPv4 delivers here has its own address for source, and no function is asked.
  if (flow.family === 'inet' && told.outcome.type === 'local') return [];
  const isGiven = route?.parts.body.prefsrc != null;
  if (flow.family === 'inet') {
    const from = isGiven ? `${source} (of the route)` : source;
    return [implied('fib_result_prefsrc', route === null ? '' : shortRoute(route), from)];
  }
  const name = isGiven ? 'ip6_route_get_saddr' : 'ipv6_dev_get_saddr';
  return [implied(name, dstText(flow), source)];
}

function exceptionText({ gateway, mtu, expiresS }: Exception): string {
  const words = [
    ...(gateway === null ? [] : [`via ${gateway}`]),
    ...(mtu === null ? [] : [`mtu ${mtu}`]),
    ...(expiresS > 0 ? [`${Math.ceil(expiresS)} s left`] : []),
  ];
  return words.join(', ');
}

function exceptionNodes(told: Told, way: Way | null): readonly CallNode[] {
  const { flow, outcome } = told;
  if (way === null || outcome.type !== 'unicast') return [];
  const name = flow.family === 'inet' ? 'find_exception' : 'rt6_find_cached_rt';
  const found = way.exception === null ? 'none' : exceptionText(way.exception);
  return [implied(name, dstText(flow), found)];
}

function wrongDevice(
  told: Told,
  group: PointGroup,
  after: readonly TreeNode[],
): readonly CallNode[] {
  const { outcome, state } = told;
  const devices = sentBy(group, after);
  if (devices.length === 0 || outcome.isOpen) return [];
  if (outcome.ways.some(({ ifindex }) => devices.includes(ifindex))) return [];
  // Delivered by lo, or by the VRF: another interface's packet is never this one's.
  const name = group.family === 'inet' ? 'fib_select_path' : 'fib6_select_path';
  const says =
    outcome.errno === 0
      ? outcome.ways.map((way) => viaText(way.gateway, way.ifindex, state)).join(' or ')
      : errnoName(outcome.errno);
  const did = devices.map((ifindex) => viaText(null, ifindex, state)).join(', ');
  return [contradiction(name, says, `send it by ${did}`)];
}

/** What the kernel does with the route found. */
export function afterRules(
  told: Told,
  group: PointGroup,
  after: readonly TreeNode[],
): readonly CallNode[] {
  const { outcome } = told;
  const notes = outcome.notes.map((note) => ({
    ...implied('fib_lookup', '', null),
    words: { call: escapeText(note), result: null },
  }));
  if (outcome.errno !== 0) return [...notes, ...wrongDevice(told, group, after)];
  const { way } = takenWay(told, group, after);
  return [
    ...notes,
    ...selected(told, group, after),
    ...wrongDevice(told, group, after),
    ...sourceNodes(told, way),
    ...exceptionNodes(told, way),
  ];
}

/** The lookup's result. */
export function answerWords(told: Told, group: PointGroup, after: readonly TreeNode[]): string {
  const { outcome, flow, state } = told;
  if (outcome.isOpen) return 'as group membership says';
  if (outcome.errno !== 0) return errnoName(outcome.errno);
  const { way } = takenWay(told, group, after);
  if (way === null) return `one of ${outcome.ways.length} ways`;
  const type = outcome.type === 'unicast' ? '' : `${outcome.type} `;
  const source = way.source === null ? '' : ` src ${way.source}`;
  return `${type}${dstText(flow)} ${viaText(way.gateway, way.ifindex, state)}${source}`;
}

/** Did the table seen last have one of the ways? Else the mirror is of another time. */
function isBorneOut(ways: readonly Way[], { tables, family }: PointGroup): boolean {
  const step = tables.at(-1)?.enter;
  const seen = step == null ? null : routeOf(step, family);
  return ways.some((way) => way.ifindex === seen?.oif && way.gateway === seen.gateway);
}

/** The one way the lookup comes to; null: none, not known which, or not what was seen. */
export function wayGiven(
  told: Told,
  group: PointGroup,
  after: readonly TreeNode[],
): ImpliedWay | null {
  const { outcome, flow, state } = told;
  if (outcome.isOpen || outcome.errno !== 0 || !isBorneOut(outcome.ways, group)) return null;
  const { way } = takenWay(told, group, after);
  if (way === null) return null;
  const { gateway, ifindex: oif, source: src } = way;
  return { dst: dstText(flow), gateway, oif, dev: state.devices.get(oif)?.name ?? '', src };
}

/** The neighbour a packet was handed to without a word: it was known. */
export function neighbourNode(
  told: Told,
  after: readonly TreeNode[],
  { state }: Explanation,
): readonly CallNode[] {
  const { outcome, flow } = told;
  const isSent = after.some((node) => isPoint(node, 'net:net_dev_queue'));
  const [way] = outcome.ways;
  if (!isSent || asked(after).size > 0 || outcome.type !== 'unicast') return [];
  if (way === undefined || outcome.ways.length > 1) return [];
  const flags = state.devices.get(way.ifindex)?.flags ?? 0;
  if ((flags & (IFF.NOARP | IFF.LOOPBACK)) !== 0) return [];
  const address = way.gateway ?? dstText(flow);
  const found = state.neighbours.find((n) => n.ifindex === way.ifindex && n.address === address);
  if (found === undefined) return [];
  const lladdr = found.lladdr === null ? '' : ` lladdr ${found.lladdr}`;
  const name = flow.family === 'inet' ? 'ip_finish_output2' : 'ip6_finish_output2';
  const to = viaText(null, way.ifindex, state);
  return [implied(name, `${address} ${to}`, `neighbour ${nudName(found.state)}${lladdr}`)];
}
