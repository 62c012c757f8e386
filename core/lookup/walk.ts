/** Rule by rule (net/core/fib_rules.c, fib_rules_lookup). */

import type { Rule } from '../wire/rule.js';
import { ruleMismatch, vrfTable, type RuleFlow } from './rules.js';
import type { LookupState } from './state.js';
import {
  ERRNO,
  RULE_REFUSALS,
  type RulesAnswer,
  type RuleOutcome,
  type RuleStep,
  type TableAnswer,
} from './steps.js';

/** Looks into one table. */
export type TableLookup = (table: number) => TableAnswer;

/** Why the rule does not take what its table gave, in words; null when it does. */
function suppression(rule: Rule, answer: TableAnswer, state: LookupState): string | null {
  const { route } = answer;
  if (route === null) return null;
  const limit = rule.suppressPrefixLength ?? -1;
  if (route.dstLength <= limit)
    return `suppress_prefixlength ${limit}: its length is ${route.dstLength}`;
  if (rule.suppressIfgroup === null) return null;
  const hop = state.family === 'inet' ? 0 : (answer.hops[0] ?? 0);
  const device = state.devices.get(route.parts.body.nexthops[hop]?.ifindex ?? 0);
  return device?.group === rule.suppressIfgroup
    ? `suppress_ifgroup ${rule.suppressIfgroup}: ${device.name} is in it`
    : null;
}

const OUTCOMES: Readonly<Record<TableAnswer['outcome'], RuleOutcome>> = {
  found: 'found',
  refused: 'refused-route',
  throw: 'throw',
  none: 'none',
};

function applied(rule: Rule, key: RuleFlow, state: LookupState, look: TableLookup): RuleStep {
  if (rule.action !== 'lookup') {
    return { rule, outcome: 'refused', why: null, table: null, answer: null };
  }
  const table = rule.l3mdev ? (vrfTable(key, state) ?? 0) : rule.table;
  const answer = look(table);
  const why = answer.outcome === 'found' ? suppression(rule, answer, state) : null;
  const outcome = why === null ? OUTCOMES[answer.outcome] : 'suppressed';
  return { rule, outcome, why, table, answer };
}

/** Asks the rules in order until one gives a route or refuses. */
export function walkRules(key: RuleFlow, state: LookupState, look: TableLookup): RulesAnswer {
  const steps: RuleStep[] = [];
  const { rules } = state;
  for (let at = 0; at < rules.length;) {
    const rule = rules[at] as Rule;
    const mismatch = ruleMismatch(rule, key, state);
    if (mismatch !== null) {
      steps.push({ rule, outcome: 'mismatch', why: mismatch, table: null, answer: null });
      at++;
    } else if (rule.action === 'goto') {
      const target = rules.findIndex(({ priority }, i) => i > at && priority === rule.goto);
      const why = target < 0 ? `there is no rule ${rule.goto ?? 0}` : null;
      steps.push({ rule, outcome: 'goto', why, table: null, answer: null });
      at = target < 0 ? at + 1 : target;
    } else if (rule.action === 'nop') {
      steps.push({ rule, outcome: 'nop', why: null, table: null, answer: null });
      at++;
    } else {
      const step = applied(rule, key, state, look);
      steps.push(step);
      if (step.outcome === 'refused') {
        return { steps, errno: RULE_REFUSALS[rule.action] ?? ERRNO.EINVAL, answer: null };
      }
      if (step.outcome === 'refused-route' || step.outcome === 'found') {
        return { steps, errno: step.answer?.errno ?? 0, answer: step.answer };
      }
      at++;
    }
  }
  return { steps, errno: ERRNO.ENETUNREACH, answer: null };
}
