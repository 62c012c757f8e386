/** What a tree comes to: the route that was given, or why there is none. */

import { errnoName } from '../bpf/errno.js';
import { dstWords as prefixWords, KERNEL_NAMES, type TextNames } from '../format/text-route.js';
import type { Rule } from '../wire/rule.js';
import { Call } from './call.js';
import { functionRow } from './functions.js';
import { pointAnswerOf } from './point-answer.js';
import { errnoOf, returnedOf } from './returned.js';
import { isRefusing, ruleText, tableWords, type TreeNames } from './section-words.js';
import type { StepDst, StepFlow, StepRoute } from './sections.js';
import { callsOf, namesOf } from './tree-calls.js';
import type { CallNode, LookupTree } from './tree.js';

export interface TraceAnswer {
  /** `unknown`: no lookup was seen to end; `kept`: none was needed. */
  readonly outcome: 'found' | 'delivered' | 'forwarded' | 'none' | 'dropped' | 'kept' | 'unknown';
  /** As ENETUNREACH; null for none. */
  readonly errno: string | null;
  readonly dst: string | null;
  readonly src: string | null;
  readonly gateway: string | null;
  readonly dev: string | null;
  readonly oif: number;
  /** RTN_* name; null for not known. */
  readonly type: string | null;
  /** Number; 0 for not seen. */
  readonly table: number;
  /** Prefix of the route; null for not seen. */
  readonly route: string | null;
  readonly rule: Rule | null;
  /** A route was made for it (struct rtable, rt6_info), rather than a cached one taken. */
  readonly isNew: boolean;
  /** Of no way: which rule, route or check; null for not seen. */
  readonly why: string | null;
}

const VALIDATIONS: ReadonlySet<string> = new Set(['fib_validate_source', '__fib_validate_source']);
const TABLE_LOOKUPS = /^(?:fib6?:)?fib6?_table_lookup$/;
const RULE_ACTIONS: ReadonlySet<string> = new Set(['fib4_rule_action', 'fib6_rule_action']);
const MAKERS: ReadonlySet<string> = new Set([
  'rt_dst_alloc',
  'ip6_dst_alloc',
  'ip6_rt_cache_alloc',
]);
const CHECKS: ReadonlySet<string> = new Set(['ipv4_dst_check', 'ip6_dst_check']);
const REFUSING: ReadonlySet<string> = new Set(['blackhole', 'unreachable', 'prohibit']);
const HERE: ReadonlySet<string> = new Set(['local', 'broadcast', 'multicast', 'anycast']);
const EAGAIN = 11;

const roleOf = (node: CallNode) => functionRow(node.function.name)?.role ?? null;
const wayOf = (node: CallNode) => functionRow(node.function.name)?.way ?? 'both';
const hasEnded = (node: CallNode): boolean => new Call(node, NO_NAMES).end !== null;

const NO_NAMES: TreeNames = { tables: KERNEL_NAMES, devices: new Map() };

/** The flow a tree is about: the first with a destination, as the first to tell its protocol has it. */
export function flowOfTree(tree: LookupTree): StepFlow | null {
  let found: StepFlow | null = null;
  for (const node of callsOf(tree.calls)) {
    const call = new Call(node, NO_NAMES);
    for (const flow of [call.flow, call.flowAfter]) {
      if (flow?.dst == null) continue;
      if (found === null) found = flow;
      else if (flow.dst !== found.dst) continue;
      if (flow.protocol !== 0) return flow;
    }
  }
  return found;
}

/** Outermost lookups that ended. What a packet causes once its own way is known is another matter. */
function lookupsOf(tree: LookupTree): readonly CallNode[] {
  const ended: CallNode[] = [];
  const isSkipped = (node: CallNode): boolean =>
    VALIDATIONS.has(node.function.name) ||
    (roleOf(node) === 'lookup' && hasEnded(node)) ||
    (roleOf(node) === 'outcome' && ended.length > 0);
  for (const node of callsOf(tree.calls, isSkipped)) {
    if (roleOf(node) === 'lookup' && hasEnded(node)) ended.push(node);
  }
  return ended;
}

/** Calls of this lookup: not those of a check of the source, nor of lookups to somewhere else. */
function ownCalls(node: CallNode, to: string | null, names: TreeNames): Call[] {
  const isElsewhere = (other: CallNode): boolean => {
    const dst = new Call(other, names).to;
    return roleOf(other) === 'lookup' && dst !== null && to !== null && dst !== to;
  };
  const isSkipped = (other: CallNode) => VALIDATIONS.has(other.function.name) || isElsewhere(other);
  return [node, ...callsOf(node.calls, isSkipped)]
    .filter((other) => !isElsewhere(other))
    .map((other) => new Call(other, names));
}

const routeIn = (table: number, route: string, names: TreeNames): string =>
  `${route} in ${tableWords(table, names)}`;

/** Which rule, route or check left the packet without a way. */
function whyNot(
  calls: readonly Call[],
  to: string | null,
  isByTables: boolean,
  names: TreeNames,
): string | null {
  let why: string | null = null;
  for (const call of calls) {
    const { name } = call.function;
    const errno = errnoOf(call);
    const route = call.routeAfter;
    if (call.end === null) continue;
    if (TABLE_LOOKUPS.test(name)) {
      const table = call.table === 0 ? (route?.table ?? 0) : call.table;
      if (errno === EAGAIN || route?.isNull === true) {
        if (isByTables) why ??= `no table had ${to ?? 'it'}`;
      } else if (errno !== 0)
        why = routeIn(table, `${KINDS[errnoName(errno)] ?? 'a'} route`, names);
      else if (route !== null && REFUSING.has(route.type)) {
        const dst = route.dst === null ? 'route' : prefixWords(route.dst, route.family);
        why = routeIn(table, `${route.type} ${dst}`, names);
      }
    } else if (RULE_ACTIONS.has(name) && call.rule !== null && REFUSING.has(call.rule.action)) {
      why = ruleText(call.rule);
    } else if (VALIDATIONS.has(name) && errno !== 0) {
      why = `its source does not pass: ${errnoName(errno)}`;
    }
  }
  return why;
}

const KINDS: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'unreachable',
  EINVAL: 'blackhole',
  EACCES: 'prohibit',
};

function lastRoute(calls: readonly Call[]): { route: StepRoute | null; table: number } {
  let route: StepRoute | null = null;
  let table = 0;
  for (const call of calls) {
    const found = call.routeAfter;
    if (!TABLE_LOOKUPS.test(call.function.name) || errnoOf(call) !== 0) continue;
    if (found === null || found.isNull) continue;
    route = found;
    table = call.table === 0 ? found.table : call.table;
  }
  return { route, table };
}

function lastRule(calls: readonly Call[]): Rule | null {
  let rule: Rule | null = null;
  for (const call of calls) {
    if (call.end === null || errnoOf(call) !== 0) continue;
    if (call.function.name === 'fib_rules_lookup') rule = call.ruleAfter ?? rule;
    else if (RULE_ACTIONS.has(call.function.name)) rule = call.rule ?? rule;
  }
  return rule;
}

const NOTHING: TraceAnswer = {
  outcome: 'unknown',
  errno: null,
  dst: null,
  src: null,
  gateway: null,
  dev: null,
  oif: 0,
  type: null,
  table: 0,
  route: null,
  rule: null,
  isNew: false,
  why: null,
};

/** Null for what gave neither a route nor an errno nor a reason to drop. */
function given(call: Call): { dst: StepDst | null; errno: number; reason: number } | null {
  const returned = returnedOf(call);
  const errno = errnoOf(call);
  const dst = call.dstAfter;
  const reason = returned?.kind === 'reason' ? returned.value : 0;
  return dst === null && errno === 0 && reason === 0 ? null : { dst, errno, reason };
}

function outcomeOf(isInput: boolean, isRefused: boolean, type: string | null) {
  if (isRefused) return isInput ? 'dropped' : 'none';
  if (!isInput) return 'found';
  return type !== null && HERE.has(type) ? 'delivered' : 'forwarded';
}

/** What the last of the outermost lookups gave, of those to the tree's own destination if there are any. */
export function answerOf(tree: LookupTree, tables: TextNames = KERNEL_NAMES): TraceAnswer {
  const names = namesOf(tree, tables);
  const to = flowOfTree(tree)?.dst ?? null;
  const lookups = lookupsOf(tree);
  const node = lookups.findLast((call) => new Call(call, names).to === to) ?? lookups.at(-1);
  if (node === undefined) return pointAnswerOf(tree, tables) ?? withoutLookup(tree, to, names);
  const outer = new Call(node, names);
  const calls = ownCalls(node, outer.to ?? to, names);
  const result = calls.map(given).find((one) => one !== null) ?? null;
  const { route, table } = lastRoute(calls);
  const dst = result?.dst ?? null;
  const type = dst?.type ?? route?.type ?? null;
  const refused = dst !== null && isRefusing(dst) ? refusal(dst, type) : 0;
  const errno = result === null || result.errno === 0 ? refused : result.errno;
  const reason = result?.reason ?? 0;
  const isRefused = errno !== 0 || reason !== 0 || (type !== null && REFUSING.has(type));
  const checks = [...callsOf([node], ({ function: { name } }) => VALIDATIONS.has(name))].map(
    (call) => new Call(call, names),
  );
  const flow = outer.flowAfter ?? outer.flow;
  const way = dst ?? route;
  const hasWay = !isRefused && way !== null;
  const isInput = wayOf(node) === 'input';
  return {
    outcome: way === null && !isRefused ? 'unknown' : outcomeOf(isInput, isRefused, type),
    errno: errno === 0 ? null : errnoName(errno),
    dst: outer.to ?? to,
    src: flow?.src ?? route?.prefsrc ?? null,
    gateway: hasWay ? way.gateway : null,
    dev: hasWay ? way.dev : null,
    oif: hasWay ? way.oif : 0,
    type,
    table,
    route: route?.dst ?? null,
    rule: lastRule(calls),
    isNew: calls.some((call) => MAKERS.has(call.function.name) && call.end?.ret !== 0n),
    why: isRefused
      ? (whyNot(checks, outer.to, tree.lost === 0 && !BY_RULE.has(errno), names) ??
        reasonText(reason))
      : null,
  };
}

/** EINVAL and EACCES: of a rule or route that refuses, never of tables that have nothing. */
const BY_RULE: ReadonlySet<number> = new Set([22, 13]);
const ENETUNREACH = 101;
const EHOSTUNREACH = 113;

/** errno of a route that refuses; what a received packet's sender is told where the kernel keeps none. */
function refusal(dst: StepDst, type: string | null): number {
  if (dst.error < 0) return -dst.error;
  return type === 'unreachable' ? EHOSTUNREACH : ENETUNREACH;
}

const reasonText = (reason: number): string | null =>
  reason === 0 ? null : `drop reason ${reason}`;

function withoutLookup(tree: LookupTree, to: string | null, names: TreeNames): TraceAnswer {
  for (const node of callsOf(tree.calls)) {
    const call = new Call(node, names);
    if (!CHECKS.has(node.function.name) || call.end === null || call.end.ret === 0n) continue;
    const { gateway = null, dev = null, oif = 0, type = null } = call.dst ?? {};
    return { ...NOTHING, outcome: 'kept', dst: to, gateway, dev, oif, type };
  }
  return { ...NOTHING, dst: to };
}
