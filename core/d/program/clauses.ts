import type { RouteEvent } from '../../event.js';
import type { Expression } from '../ast.js';
import { compileExpression } from '../compile.js';
import { DError } from '../d-error.js';
import { truthOf } from '../typed.js';
import { ACTIONS, type Action, type ActionContext } from './actions.js';
import type { Clause, Statement } from './program-ast.js';
import type { Match, ProbeRow } from './probes.js';

/** A clause as it is run for one of its probes: DTrace's enabling control block. */
export interface Enabling {
  readonly epid: number;
  readonly row: ProbeRow;
  /** What must have seen the event; null: anything. */
  readonly functions: ReadonlySet<string> | null;
  readonly clause: CompiledClause;
  /** The same clause under another description of the same event, tried when `functions` does not fit. */
  readonly otherwise: Enabling | null;
}

export interface CompiledClause {
  readonly predicate: ((event: RouteEvent) => boolean) | null;
  readonly actions: readonly ((event: RouteEvent) => void)[];
  /** Whether it prints a line: it says something, or has nothing else to do. */
  readonly records: boolean;
}

/** Compiles predicate and body; `rows` are the probes it is for. Throws a DError. */
export function compileClause(
  { predicate, statements }: Clause,
  rows: readonly ProbeRow[],
  context: ActionContext,
): CompiledClause {
  const { scope } = context;
  scope.enterClause(rows);
  const test = predicate === null ? null : truthOf(compileExpression(predicate, scope), predicate);
  const actions = (statements ?? []).map((statement) => compileStatement(statement, context));
  return {
    predicate: test,
    actions: actions.map(({ run }) => run),
    records: actions.length === 0 || actions.some(({ records }) => records),
  };
}

function compileStatement(statement: Statement, context: ActionContext): Action {
  if (statement.kind === 'aggregate') {
    return { run: context.aggregations.aggregate(statement), records: false };
  }
  const { expression } = statement;
  const action = expression.kind === 'call' ? ACTIONS.get(expression.name) : undefined;
  if (action !== undefined && expression.kind === 'call') return action(expression, context);
  return { run: effect(expression, context), records: false };
}

/** An expression for what it changes. */
function effect(node: Expression, { scope }: ActionContext): (event: RouteEvent) => void {
  if (node.kind === 'aggregation') {
    throw new DError(
      node.at,
      `@${node.name} = and an aggregating function such as count()`,
      'none',
    );
  }
  const value = compileExpression(node, scope);
  if (value.type === 'null') return () => undefined;
  const { read } = value;
  return (event) => {
    read(event);
  };
}

/**
 * One enabling per event and clause: where both spellings of a probe match, or two descriptions do, the event fires the
 * clause once, as the first that fits.
 */
export function enablingsOf(
  matches: readonly Match[],
  clause: CompiledClause,
  nextEpid: () => number,
): readonly Enabling[] {
  const byEvent = new Map<unknown, Match[]>();
  for (const match of matches) {
    const event = match.row.probe ?? match.row;
    const others = byEvent.get(event);
    if (others === undefined) byEvent.set(event, [match]);
    else others.push(match);
  }
  return [...byEvent.values()].map((alternatives) => {
    const epids = alternatives.map(nextEpid);
    return alternatives.reduceRight<Enabling | null>(
      (otherwise, { row, functions }, index) => ({
        epid: epids[index] as number,
        row,
        functions,
        clause,
        otherwise: functions === null ? null : otherwise,
      }),
      null,
    ) as Enabling;
  });
}
