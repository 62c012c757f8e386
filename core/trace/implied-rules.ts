/** The rules in the order they are asked, each with the table lookup it leads to. */

import { errnoName } from '../bpf/errno.js';
import { escapeText } from '../format/escape.js';
import type { RuleStep, TableAnswer } from '../lookup/steps.js';
import type { LookupState } from '../lookup/state.js';
import { TABLE } from '../lookup/table-inet.js';
import { ruleLine, shortRoute } from '../lookup/words.js';
import type { Rule } from '../wire/rule.js';
import { contradiction, implied } from './implied-node.js';
import { errnoText, tableText, viaText } from './implied-words.js';
import type { Told } from './implied-outcome.js';
import { isTable, type PointGroup } from './point-groups.js';
import { routeOf } from './sections.js';
import type { CallNode, TreeNode } from './tree.js';

const EAGAIN = 11;

/** What a table's record says. */
export interface SeenTable {
  readonly table: number;
  readonly outcome: 'found' | 'refused' | 'none';
  readonly errno: number;
  readonly gateway: string | null;
  readonly oif: number;
  /** IPv6: `fd00::/64`; IPv4 does not tell. */
  readonly prefix: string | null;
}

const REFUSING: Readonly<Record<string, number>> = {
  blackhole: 22,
  unreachable: 113,
  prohibit: 13,
};

export function seenTable(node: CallNode, { family }: Pick<PointGroup, 'family'>): SeenTable {
  const step = node.enter;
  const route = step === null ? null : routeOf(step, family);
  const table = step?.u32('table') ?? 0;
  const way = { gateway: route?.gateway ?? null, oif: route?.oif ?? 0 };
  if (family === 'inet') {
    const errno = -Number(step?.ret ?? 0n);
    const outcome = errno === 0 ? 'found' : errno === EAGAIN ? 'none' : 'refused';
    return { table, outcome, errno, ...way, prefix: null };
  }
  const isNone = route === null || route.isNull || route.type === 'throw';
  const errno = REFUSING[route?.type ?? ''] ?? 0;
  const outcome = isNone ? 'none' : errno === 0 ? 'found' : 'refused';
  return { table, outcome, errno: isNone ? 0 : errno, ...way, prefix: route?.dst ?? null };
}

const seenWords = (seen: SeenTable, state: LookupState): string =>
  seen.outcome === 'found'
    ? `found ${seen.prefix === null ? '' : `${seen.prefix} `}${viaText(seen.gateway, seen.oif, state)}`
    : seen.outcome === 'refused'
      ? `refused with ${errnoText(seen.errno)}`
      : 'found no route';

const mirrorWords = ({ outcome, route, errno }: TableAnswer): string =>
  outcome === 'none' || route === null
    ? 'no route'
    : outcome === 'refused'
      ? `${shortRoute(route)} (${errnoText(errno)})`
      : shortRoute(route);

/** Does the mirror say what was seen? A throw route is as good as none. */
function agrees(seen: SeenTable, answer: TableAnswer): boolean {
  const expected = answer.outcome === 'throw' ? 'none' : answer.outcome;
  if (seen.outcome !== expected) return false;
  const { route } = answer;
  if (expected === 'none' || route === null) return true;
  if (expected === 'refused') return seen.errno === answer.errno;
  const { nexthops } = route.parts.body;
  if (nexthops.length === 0 || seen.oif === 0) return true;
  return nexthops.some((hop) => hop.ifindex === seen.oif && hop.gateway === seen.gateway);
}

/** The nodes of a group between which a table's record is looked for. */
class SeenNodes {
  readonly #nodes: readonly TreeNode[];
  #next = 0;

  constructor(nodes: readonly TreeNode[]) {
    this.#nodes = nodes;
  }

  /** Everything up to the record of this table, if there is one still; holes come with it. */
  until(isIt: (node: CallNode) => boolean): readonly TreeNode[] {
    for (let at = this.#next; at < this.#nodes.length; at++) {
      const node = this.#nodes[at] as TreeNode;
      if (!isTable(node)) continue;
      if (!isIt(node)) return [];
      const found = this.#nodes.slice(this.#next, at + 1);
      this.#next = at + 1;
      return found;
    }
    return [];
  }

  rest(): readonly TreeNode[] {
    return this.#nodes.slice(this.#next);
  }
}

const ruleFunction = (family: string, what: string): string =>
  `${family === 'inet' ? 'fib4' : 'fib6'}_rule_${what}`;

/** A rule's table: what was seen of it, and whether the mirror agrees. */
function tableNodes(step: RuleStep, told: Told, group: PointGroup, seen: SeenNodes): TreeNode[] {
  const { table, answer, rule } = step;
  const { state } = told;
  if (table === null || answer === null) return [];
  const isIt = (node: CallNode): boolean => node.enter?.u32('table') === table;
  const nodes = [...seen.until(isIt)];
  const point = nodes.findLast(isTable);
  const name = group.family === 'inet' ? 'fib_table_lookup' : 'fib6_table_lookup';
  if (point === undefined) {
    const given = tableText(table, rule.tableName);
    if (answer.outcome === 'none') {
      const getter = group.family === 'inet' ? 'fib_get_table' : 'fib6_get_table';
      return [implied(getter, given, 'no such table')];
    }
    return [contradiction(name, `${given} has ${mirrorWords(answer)}`, 'not ask it')];
  }
  const what = seenTable(point, group);
  if (!agrees(what, answer)) {
    nodes.push(contradiction(name, mirrorWords(answer), `otherwise: it ${seenWords(what, state)}`));
  }
  return nodes;
}

function ruleNodes(step: RuleStep, told: Told, group: PointGroup, seen: SeenNodes): TreeNode[] {
  const { outcome, why, rule } = step;
  const { family } = group;
  const match = ruleFunction(family, 'match');
  const line = ruleLine(rule);
  if (outcome === 'mismatch') {
    return [implied(match, line, `does not match: ${escapeText(why ?? '')}`)];
  }
  if (outcome === 'goto' || outcome === 'nop') {
    const words = outcome === 'nop' ? 'does nothing' : `goes on at rule ${rule.goto ?? 0}`;
    return [implied(match, line, why === null ? `matches, ${words}` : escapeText(why))];
  }
  if (outcome === 'refused') {
    const action = ruleFunction(family, 'action');
    return [
      implied(match, line, 'matches', [
        implied(action, line, `refuses: ${errnoName(told.outcome.errno)}`),
      ]),
    ];
  }
  const nodes = tableNodes(step, told, group, seen);
  if (outcome === 'suppressed') {
    const suppress = ruleFunction(family, 'suppress');
    nodes.push(implied(suppress, line, `does not count, ${escapeText(why ?? '')}`));
  }
  return [implied(match, line, 'matches', nodes)];
}

const isPlain = (rule: Rule): boolean =>
  rule.action === 'lookup' &&
  !rule.not &&
  [rule.src, rule.dst, rule.iif, rule.oif, rule.fwmark, rule.uidrange, rule.ipproto].every(
    (selector) => selector === null,
  );

const IPV6_TABLES: readonly number[] = [TABLE.LOCAL, TABLE.MAIN];

/**
 * Without rules of one's own the kernel asks its tables and no rule (fib_lookup in include/net/ip_fib.h;
 * fib6_rule_lookup). Once there was one it asks the rules for ever, which cannot be told for IPv6.
 */
function asksNoRules({ state }: Told): boolean {
  if (state.family === 'inet') return state.isMerged;
  return (
    state.rules.length === IPV6_TABLES.length &&
    state.rules.every((rule, at) => isPlain(rule) && rule.table === IPV6_TABLES[at])
  );
}

/** The tables asked one after the other; IPv4 has `local` and `main` in one. */
function plainNodes(told: Told, group: PointGroup, seen: SeenNodes): TreeNode[] {
  const { steps } = told.outcome;
  const isMerged = group.family === 'inet';
  const last = steps.at(-1);
  return steps.flatMap((step) => {
    if (isMerged && step.table === TABLE.LOCAL) {
      // One lookup in the one trie; told as of `main` by the kernel.
      if (step !== last) return [];
      return tableNodes({ ...step, table: TABLE.MAIN }, told, group, seen);
    }
    return tableNodes(step, told, group, seen);
  });
}

/** Rules and tables of a lookup; `within`: what was seen of them. */
export function rulesAndTables(
  told: Told,
  group: PointGroup,
  within: readonly TreeNode[],
): readonly TreeNode[] {
  const seen = new SeenNodes(within);
  const nodes = asksNoRules(told)
    ? plainNodes(told, group, seen)
    : told.outcome.steps.flatMap((step) => ruleNodes(step, told, group, seen));
  const name = group.family === 'inet' ? 'fib_table_lookup' : 'fib6_table_lookup';
  const rest = seen.rest().flatMap((node): readonly TreeNode[] => {
    if (!isTable(node)) return [node];
    const what = seenTable(node, group);
    const table = tableText(what.table);
    const did = `: it ${seenWords(what, told.state)}`;
    return [node, contradiction(name, `${table} is not asked here`, `ask it${did}`)];
  });
  return [...nodes, ...rest];
}
