import { RoutetapError, usageError } from '../../errors.js';
import { DError, quoted } from '../d-error.js';
import { parseProgram } from '../parse.js';
import { checkTree } from './check-tree.js';
import { compileClause, enablingsOf, type Enabling } from './clauses.js';
import { checkOption, OptionError, settingsOf } from './options.js';
import { ProbeSpace, type Match } from './probes.js';
import type { Clause, ProgramTree } from './program-ast.js';
import { ProgramAggregations } from './program-aggregations.js';
import { ProgramScope } from './program-scope.js';
import { DProgram, type DProgramOptions } from './d-program.js';
import { ProgramState } from './state.js';

/**
 * A D program (docs/d.md) as closures, ready to run.
 *
 * @throws {RoutetapError} usage: one line with the place, what was expected and what was got; `cause` is the DError.
 */
export function compileProgram(text: string, options: DProgramOptions = {}): DProgram {
  try {
    return compile(text, options);
  } catch (error) {
    if (error instanceof DError) {
      throw new RoutetapError('usage', error.line(text), { cause: error });
    }
    if (error instanceof RangeError) throw usageError(`expected less nesting, got ${quoted(text)}`);
    throw error;
  }
}

function compile(text: string, options: DProgramOptions): DProgram {
  const tree = parseProgram(text);
  const assigned = checkTree(tree);
  const state = new ProgramState(settingsOf(optionsOf(tree, options)));
  const scope = new ProgramScope(state, { assigned, macros: macrosOf(options) });
  const aggregations = new ProgramAggregations(scope, state);
  const space = new ProbeSpace();
  const context = { text, scope, aggregations };
  const enablings: Enabling[] = [];
  let epid = 0;
  const nextEpid = (): number => (epid += 1);
  let matched = 0;
  const matchesOf = ({ descriptions }: Clause): Match[] =>
    descriptions.flatMap(({ text: described, at }) =>
      space.match(scope.macros.replaced(described, at), at, state.settings.mayMatchNone),
    );
  for (const item of tree.items) {
    switch (item.kind) {
      case 'pragma':
        break;
      case 'declaration':
        scope.variables.declare(item);
        break;
      case 'inline':
        scope.enterClause([]);
        scope.variables.define(item);
        break;
      case 'clause': {
        const matches = matchesOf(item);
        matched += matches.length;
        const clause = compileClause(
          item,
          matches.map(({ row }) => row),
          context,
        );
        enablings.push(...enablingsOf(matches, clause, nextEpid));
      }
    }
  }
  if (!tree.items.some(({ kind }) => kind === 'clause'))
    throw new DError(text.length, 'a probe description', 'the end');
  return new DProgram({ state, enablings, aggregations: [...aggregations.all()], matched });
}

/** Options of the program, then those of the command line, which stand before them. */
function optionsOf(tree: ProgramTree, { options = {} }: DProgramOptions): Map<string, string> {
  const set = new Map<string, string>();
  for (const item of tree.items) {
    if (item.kind !== 'pragma' || item.name === null) continue;
    checked(
      item.name,
      item.value ?? '',
      ({ expected, got, suggestion }) => new DError(item.at, expected, got, suggestion),
    );
    set.set(item.name, item.value ?? '');
  }
  for (const [name, value] of Object.entries(options)) {
    checked(name, value, ({ message, suggestion }) =>
      usageError(
        `-x ${name}: ${message}${suggestion === null ? '' : `; did you mean "${suggestion}"?`}`,
      ),
    );
    set.set(name, value);
  }
  return set;
}

function checked(name: string, value: string, wrong: (error: OptionError) => Error): void {
  try {
    checkOption(name, value);
  } catch (error) {
    throw error instanceof OptionError ? wrong(error) : error;
  }
}

function macrosOf({ args = [], target, macros = {} }: DProgramOptions): Map<string, string> {
  const values = new Map(Object.entries(macros));
  args.forEach((text, index) => values.set(String(index + 1), text));
  if (target !== undefined) values.set('target', String(target));
  return values;
}
