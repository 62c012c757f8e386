/** A tree as one JSON object. */

import { errnoName } from '../bpf/errno.js';
import { saidOf } from '../engine/rule-words.js';
import { jsonValue } from '../format/json-value.js';
import type { TextNames } from '../format/text-route.js';
import { isoTime } from '../format/time.js';
import type { Rule } from '../wire/rule.js';
import { answerLine } from './answer-line.js';
import { Call } from './call.js';
import { be32Text } from './call-words.js';
import { functionRow } from './functions.js';
import type { TraceInfo, TraceZone } from './model.js';
import { returnedOf, type Returned } from './returned.js';
import { ruleText, type TreeNames } from './section-words.js';
import type { StepDst, StepException, StepFlow, StepRoute } from './sections.js';
import { answerOf, flowOfTree, type TraceAnswer } from './summary.js';
import { nodeLine, partialText } from './text.js';
import { callsOf, namesOf } from './tree-calls.js';
import type { LookupTree, TreeNode } from './tree.js';

const SCHEMA = 1;

export interface TreeJsonOptions {
  readonly zone: TraceZone;
  readonly names: TextNames;
  readonly info: TraceInfo;
}

/** Without the members that are null: a call has few of them. */
const known = (members: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));

const nameOf = (ifindex: number, names: TreeNames): string | null =>
  names.devices.get(ifindex) ?? null;

const interfaceObject = (ifindex: number, names: TreeNames) =>
  ifindex === 0 ? null : { ifindex, name: nameOf(ifindex, names) };

const flowObject = (flow: StepFlow | null, names: TreeNames) =>
  flow === null
    ? null
    : {
        family: flow.family,
        dst: flow.dst,
        src: flow.src,
        iif: interfaceObject(flow.iif, names),
        oif: interfaceObject(flow.oif, names),
        l3mdev: interfaceObject(flow.l3mdev, names),
        mark: flow.mark,
        uid: flow.uid,
        ipproto: flow.protocol,
        sport: flow.sport,
        dport: flow.dport,
        tos: flow.tos,
        hash: flow.hash,
      };

const tableObject = (id: number, { tables }: TreeNames) =>
  id === 0 ? null : { id, name: tables.table(id) };

const ruleObject = (rule: Rule | null, names: TreeNames) =>
  rule === null
    ? null
    : {
        pref: rule.priority,
        action: rule.action,
        table: tableObject(rule.table, names),
        text: ruleText(rule),
        said: saidOf(rule),
      };

const routeObject = (route: StepRoute | null) =>
  route === null
    ? null
    : {
        dst: route.dst,
        gateway: route.gateway,
        dev: route.dev,
        oif: route.oif,
        src: route.prefsrc,
        type: route.type,
        scope: route.scope,
        protocol: route.protocol,
        priority: route.priority,
        nhid: route.nhid,
        leg: route.leg,
        legs: route.legs,
        weight: route.weight,
        weights: route.weights,
        upperBound: route.upperBound,
        isNull: route.isNull,
      };

const dstObject = (dst: StepDst | null) =>
  dst === null ? null : { ...dst, error: dst.error < 0 ? errnoName(dst.error) : null };

const exceptionObject = (exception: StepException | null) =>
  exception === null ? null : { ...exception };

/** Pointers as `0x…`, null pointers as null, addresses as text. */
function valueOf(returned: Returned | null): string | number | boolean | null {
  switch (returned?.kind) {
    case 'pointer':
      return returned.value === 0n || returned.errno !== 0
        ? null
        : `0x${returned.value.toString(16)}`;
    case 'address':
      return be32Text(returned.value);
    case 'bool':
    case 'number':
    case 'reason':
      return returned.value;
    default:
      return null;
  }
}

function argumentsObject(call: Call) {
  const { names } = call;
  const ifindex = call.before?.u32('ifindex') ?? 0;
  const { dev } = call;
  return known({
    flow: flowObject(call.flow, names),
    table: tableObject(call.table, names),
    rule: ruleObject(call.rule, names),
    route: routeObject(call.node.enter === null ? null : call.route),
    dst: dstObject(call.node.enter === null ? null : call.dst),
    dev:
      dev === '' && ifindex === 0
        ? null
        : { ifindex, name: dev === '' ? nameOf(ifindex, names) : dev },
    values: Object.fromEntries(
      call.function.parameters
        .slice(0, 6)
        .map(({ name }, index) => [name, `0x${(call.before?.arg(index) ?? 0n).toString(16)}`]),
    ),
  });
}

function resultObject(call: Call) {
  if (call.end === null) return null;
  const { names } = call;
  const returned = returnedOf(call);
  const errno = returned !== null && 'errno' in returned ? returned.errno : 0;
  const sections = known({
    flow: call.node.leave === null ? null : flowObject(call.flowAfter, names),
    table: tableObject(call.tableAfter, names),
    rule: ruleObject(call.ruleAfter, names),
    route: routeObject(call.routeAfter),
    dst: dstObject(call.dstAfter),
    exception: exceptionObject(call.exception),
  });
  return { errno: errno === 0 ? null : errnoName(errno), value: valueOf(returned), ...sections };
}

function nodeObject(node: TreeNode, depth: number, names: TreeNames, isComplete: boolean): object {
  if (node.kind === 'hole') return { lost: node.lost };
  const call = new Call(node, names);
  return {
    function: node.function.name,
    symbol: node.function.symbol,
    mechanism: node.function.mechanism,
    origin: node.origin,
    depth,
    durationNs: node.durationNs,
    arguments: argumentsObject(call),
    result: resultObject(call),
    text: nodeLine(node, names, isComplete),
    calls: node.calls.map((child) => nodeObject(child, depth + 1, names, isComplete)),
  };
}

const FORWARDING: ReadonlySet<string> = new Set(['ip_forward', 'ip6_forward']);

/** `forward` once a packet is seen to be; else by the ways of the functions. */
export function directionOf(tree: LookupTree): 'output' | 'input' | 'forward' {
  let direction: 'output' | 'input' | null = null;
  for (const { function: traced } of callsOf(tree.calls)) {
    if (direction !== 'output' && FORWARDING.has(traced.name)) return 'forward';
    const row = functionRow(traced.name);
    // A tracepoint tells no way: a received packet is answered on the spot.
    if (row === null || row.role === 'point' || row.way === 'both') continue;
    direction ??= row.way;
  }
  if (direction !== null) return direction;
  return (flowOfTree(tree)?.iif ?? 0) > 1 ? 'input' : 'output';
}

const answerObject = (answer: TraceAnswer, names: TreeNames) => ({
  ...answer,
  table: tableObject(answer.table, names),
  rule: ruleObject(answer.rule, names),
  text: answerLine(answer, names),
});

/** One line without its end. */
export function treeJson(tree: LookupTree, options: TreeJsonOptions): string {
  const { info, zone } = options;
  const names = namesOf(tree, options.names);
  const { pid, tid, uid, comm } = tree;
  const object = {
    schema: SCHEMA,
    type: 'trace',
    time: isoTime(tree.timeNs),
    zone: { id: zone.id, name: zone.name },
    process: tree.place === 'softirq' ? null : { pid, tid, uid, comm },
    context: tree.place,
    cpu: tree.cpu,
    tier: info.tier,
    partial: partialText(info) !== null,
    complete: tree.isComplete,
    lost: tree.lost,
    direction: directionOf(tree),
    flow: flowObject(flowOfTree(tree), names),
    calls: tree.calls.map((node) => nodeObject(node, 0, names, tree.isComplete)),
    answer: answerObject(answerOf(tree, options.names), names),
  };
  return jsonValue(object, true);
}
