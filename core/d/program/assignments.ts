import type { RouteEvent } from '../../event.js';
import type { ArithmeticOperator, Assign, Expression, Step } from '../ast.js';
import { arithmeticType, compileExpression } from '../compile.js';
import { INT64, isUnsigned64, truncated } from '../ctype.js';
import { DError } from '../d-error.js';
import { ARITHMETIC, UNSIGNED_ARITHMETIC, type Integer } from '../integer.js';
import type { Scope } from '../scope.js';
import { describe, integerOf, textOf } from '../typed.js';
import type { StructValue, Value } from '../values.js';
import type { ProgramState } from './state.js';
import { assignedType, type Variables } from './variable-table.js';
import { readTarget, type Stored, type Target, type VariableType } from './variables.js';

const WHOLE: VariableType = { kind: 'integer', ctype: INT64 };

/** Compiles what changes variables. The value of an assignment is what was stored. */
export class Assignments {
  readonly #variables: Variables;
  readonly #scope: Scope;
  readonly #state: ProgramState;

  constructor(variables: Variables, scope: Scope, state: ProgramState) {
    this.#variables = variables;
    this.#scope = scope;
    this.#state = state;
  }

  assign({ operator, target: node, value: given }: Assign): Value {
    // The value first: in x = x + 1 the variable must be there already.
    const value = compileExpression(given, this.#scope);
    if (operator !== '=') {
      return this.#change(node, value, given, operator.slice(0, -1) as ArithmeticOperator);
    }
    const target = this.#variables.target(node, assignedType(value, given));
    const { type } = target;
    switch (type.kind) {
      case 'integer': {
        const read = integerOf(value, given);
        return storing(target, (event) => truncated(read(event), type.ctype));
      }
      case 'string': {
        const read = isNothing(given) ? () => '' : textOf(value, given);
        return storing(target, (event) => this.#state.cut(read(event)));
      }
      case 'pointer':
        return storing(target, pointerTo(type.struct, value, given));
    }
  }

  /** `x += 1`: as x = x + 1, but what x names is found once. */
  #change(node: Expression, value: Value, given: Expression, operator: ArithmeticOperator): Value {
    const target = this.#variables.target(node, WHOLE);
    const { type } = target;
    if (type.kind !== 'integer') {
      throw new DError(node.at, 'an integer', type.kind === 'string' ? 'a string' : 'a pointer');
    }
    const read = integerOf(value, given);
    const { ctype } = type;
    const isUnsigned = isUnsigned64(
      arithmeticType(operator, { type: 'integer', ctype, read }, value),
    );
    const combine = (isUnsigned ? UNSIGNED_ARITHMETIC : ARITHMETIC)[operator];
    return {
      type: 'integer',
      ctype,
      read: (event) => {
        const place = target.place(event);
        const result = truncated(combine(target.get(place) as Integer, read(event)), ctype);
        target.put(place, result);
        return result;
      },
    };
  }

  /** `++x` gives the new value, `x++` the old one. */
  step({ operator, isPrefix, object }: Step): Value {
    const target = this.#variables.target(object, WHOLE);
    const { type } = target;
    if (type.kind !== 'integer') {
      throw new DError(object.at, 'an integer', type.kind === 'string' ? 'a string' : 'a pointer');
    }
    const { ctype } = type;
    const combine = ARITHMETIC[operator === '++' ? '+' : '-'];
    return {
      type: 'integer',
      ctype,
      read: (event) => {
        const place = target.place(event);
        const before = target.get(place) as Integer;
        const after = truncated(combine(before, 1), ctype);
        target.put(place, after);
        return isPrefix ? after : before;
      },
    };
  }
}

/** 0 and NULL: what frees a string variable. */
const isNothing = (node: Expression): boolean =>
  (node.kind === 'integer' && node.value === 0n) || (node.kind === 'name' && node.name === 'NULL');

/** The event a pointer keeps; null for 0 and NULL. */
function pointerTo(
  struct: StructValue,
  value: Value,
  node: Expression,
): (event: RouteEvent) => RouteEvent | null {
  if (isNothing(node)) return () => null;
  if (value.type !== 'struct' || value.shape !== struct.shape) {
    throw new DError(node.at, `a pointer to ${struct.shape.name}`, describe(value, node));
  }
  const { held } = value;
  if ((value.origin ?? value) !== (struct.origin ?? struct)) {
    throw new DError(node.at, `the same ${struct.shape.name} as before`, 'another one');
  }
  if (held !== undefined) return held;
  return (event) => ((value.read(event) ?? null) === null ? null : event);
}

/** The assignment as a value of the variable's type. */
function storing(target: Target, read: (event: RouteEvent) => Stored): Value {
  const store = (event: RouteEvent): Stored => {
    const place = target.place(event);
    const value = read(event);
    target.put(place, value);
    return value;
  };
  const { type } = target;
  switch (type.kind) {
    case 'integer':
      return { type: 'integer', ctype: type.ctype, read: (event) => store(event) as Integer };
    case 'string':
      return { type: 'string', read: (event) => store(event) as string };
    case 'pointer': {
      const stored = readTarget(target) as StructValue;
      return { ...stored, read: (event) => (store(event), stored.read(event)) };
    }
  }
}
