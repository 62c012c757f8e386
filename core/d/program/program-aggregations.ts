import type { RouteEvent } from '../../event.js';
import type { AggregationReference, Call, Expression } from '../ast.js';
import { compileExpression } from '../compile.js';
import { DError, quoted } from '../d-error.js';
import type { Integer } from '../integer.js';
import { nearestName } from '../nearest-name.js';
import type { Scope } from '../scope.js';
import { describe, integerOf } from '../typed.js';
import { AGGREGATING, parameterFault, type AggregatingFunction } from './aggregating.js';
import { Aggregation } from './aggregations.js';
import { constantInteger } from './constant.js';
import type { AggregateStatement } from './program-ast.js';
import type { FormatParameter } from './printf.js';
import type { ProgramState } from './state.js';
import { compiledKeys, type CompiledKey } from './variable-table.js';

/** One @name of a program, with what its first use fixed. */
export interface ProgramAggregation {
  readonly aggregation: Aggregation;
  readonly constants: readonly Integer[];
  /** Of each key; a format of printa() must fit them. */
  readonly keys: readonly FormatParameter[];
  readonly keyKinds: readonly ('integer' | 'string')[];
  readonly keyWidths: readonly number[];
  /** printa() showed it: the end need not. */
  wasPrinted: boolean;
}

const described = (name: string): string => `@${name}`;

/** The aggregations of a program, in the order they are first used. */
export class ProgramAggregations {
  readonly #byName = new Map<string, ProgramAggregation>();
  readonly #scope: Scope;
  readonly #state: ProgramState;

  constructor(scope: Scope, state: ProgramState) {
    this.#scope = scope;
    this.#state = state;
  }

  all(): Iterable<ProgramAggregation> {
    return this.#byName.values();
  }

  /** The aggregation an action names. Throws a DError when nothing was aggregated in it before. */
  named(node: Expression | undefined, call: Call): ProgramAggregation {
    if (node?.kind !== 'aggregation') {
      const at = node?.at ?? call.at;
      throw new DError(at, `an aggregation such as @name for ${call.name}()`, gotText(node));
    }
    const found = this.#byName.get(node.name);
    if (found === undefined) {
      const nearest = nearestName(node.name, this.#byName.keys());
      const hint = nearest === null || node.name === '' ? null : described(nearest);
      throw new DError(
        node.at,
        'an aggregation that was assigned before',
        quoted(described(node.name)),
        hint,
      );
    }
    if (node.keys !== null) {
      throw new DError(node.at, `the whole aggregation @${node.name}`, 'an element of it');
    }
    return found;
  }

  /** `@name[keys] = fn(…)` as what it does. */
  aggregate({ target, call }: AggregateStatement): (event: RouteEvent) => void {
    const form = AGGREGATING.get(call.name);
    if (form === undefined) {
      const nearest = nearestName(call.name, AGGREGATING.keys());
      throw new DError(call.at, 'an aggregating function', quoted(call.name), nearest);
    }
    const { parameters } = call;
    const first = form.value ? 1 : 0;
    const most = first + form.constants.length + (form.increment ? 1 : 0);
    const least = first + form.least;
    if (parameters.length < least || parameters.length > most) {
      const wanted = least === most ? String(most) : `${least} to ${most}`;
      const plural = most === 1 ? '' : 's';
      throw new DError(
        call.at,
        `${call.name}() with ${wanted} parameter${plural}`,
        String(parameters.length),
      );
    }
    const constantNodes = parameters.slice(first, first + form.constants.length);
    const constants = constantNodes.map((node) => constantInteger(node, this.#scope));
    const fn = call.name as AggregatingFunction;
    const fault = parameterFault(fn, constants);
    if (fault !== null) {
      throw new DError(constantNodes[fault.index]?.at ?? call.at, fault.expected, fault.got);
    }
    const keys = this.#keys(target);
    const { aggregation } = this.#aggregation(target, call, fn, constants, keys);
    const value = this.#value(parameters[0], form.value);
    const increment = parameters[first + form.constants.length];
    const by = increment === undefined ? undefined : this.#value(increment, true);
    return adding(
      aggregation,
      keys.map(({ read }) => read),
      value,
      by,
    );
  }

  #value(node: Expression | undefined, isTaken: boolean): (event: RouteEvent) => Integer {
    if (node === undefined || !isTaken) return () => 1;
    return integerOf(compileExpression(node, this.#scope), node);
  }

  #keys(target: AggregationReference): CompiledKey[] {
    const nodes = target.keys ?? [];
    const known = this.#byName.get(target.name);
    if (known !== undefined && known.keys.length !== nodes.length) {
      const { length } = known.keys;
      const wanted = `${length} key${length === 1 ? '' : 's'}, as before`;
      throw new DError(target.at, wanted, String(nodes.length));
    }
    return compiledKeys(nodes, this.#scope, known?.keyKinds).map(({ kind, bytes, read }) => {
      if (kind === 'integer') return { kind, bytes, read };
      return { kind, bytes, read: (event) => this.#state.cut(read(event) as string) };
    });
  }

  #aggregation(
    { name, at }: AggregationReference,
    call: Call,
    fn: AggregatingFunction,
    constants: readonly Integer[],
    keys: readonly CompiledKey[],
  ): ProgramAggregation {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      if (known.aggregation.fn !== fn) {
        throw new DError(call.at, `${known.aggregation.fn}(), as before`, `${fn}()`);
      }
      if (known.constants.join() !== constants.join()) {
        throw new DError(call.at, `${fn}() with the same constants as before`, 'others');
      }
      return known;
    }
    const made: ProgramAggregation = {
      aggregation: new Aggregation(name, fn, constants.map(Number), {
        maxKeys: this.#state.settings.maxAggregationKeys,
      }),
      constants,
      keys: keys.map(({ kind, bytes }) => ({ type: kind, size: bytes, at })),
      keyKinds: keys.map(({ kind }) => kind),
      keyWidths: keys.map(({ bytes }) => bytes),
      wasPrinted: false,
    };
    this.#byName.set(name, made);
    return made;
  }
}

const gotText = (node: Expression | undefined): string =>
  node === undefined
    ? 'nothing'
    : describe({ type: 'null' }, node).replace('NULL', 'an expression');

type ReadKey = CompiledKey['read'];

/** The list of keys is filled anew each time: the aggregation copies it. */
function adding(
  aggregation: Aggregation,
  keys: readonly ReadKey[],
  value: (event: RouteEvent) => Integer,
  by: ((event: RouteEvent) => Integer) | undefined,
): (event: RouteEvent) => void {
  const filled: (Integer | string)[] = keys.map(() => 0);
  return (event) => {
    for (let index = 0; index < keys.length; index += 1) {
      filled[index] = (keys[index] as ReadKey)(event);
    }
    if (by === undefined) aggregation.add(filled, value(event));
    else aggregation.add(filled, value(event), by(event));
  };
}
