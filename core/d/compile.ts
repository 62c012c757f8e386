import { usageError } from '../errors.js';
import type { RouteEvent } from '../event.js';
import type { Binary, Call, Conditional, Expression, Index, Member, Name, Unary } from './ast.js';
import { CONSTANTS } from './constants.js';
import { DError, quoted } from './d-error.js';
import { FUNCTIONS } from './functions.js';
import { ARITHMETIC, DivisionByZero, wrap, type Integer } from './integer.js';
import { nearestName } from './nearest-name.js';
import { parsePredicate } from './parse.js';
import { compileRelation } from './relation.js';
import { arrayOf, describe, integerOf, textOf, truthOf } from './typed.js';
import { ARGUMENTS, qualifiedName, VARIABLES } from './variables.js';
import { valueOf, type StructValue, type Value } from './values.js';

/** Tells whether an event is wanted. */
export type Predicate = (event: RouteEvent) => boolean;

/**
 * A D predicate (docs/where.md) as a function, made of closures. `option` names where the text came from.
 * Throws a RoutetapError of kind `usage`: one line with the place, what was expected and what was got.
 */
export function compilePredicate(text: string, option = '--where'): Predicate {
  try {
    const tree = parsePredicate(text);
    const test = truthOf(compileExpression(tree), tree);
    return (event) => {
      try {
        return test(event);
      } catch (error) {
        if (error instanceof DivisionByZero) return false;
        throw error;
      }
    };
  } catch (error) {
    if (error instanceof DError) throw usageError(`${option}: ${error.line(text)}`);
    if (error instanceof RangeError)
      throw usageError(`${option}: expected less nesting, got ${quoted(text)}`);
    throw error;
  }
}

/** An expression as a typed value. Throws a DError where names or types don't fit. */
function compileExpression(node: Expression): Value {
  switch (node.kind) {
    case 'integer':
      return constant(wrap(node.value));
    case 'string': {
      const { value } = node;
      return { type: 'string', read: () => value };
    }
    case 'name':
      return compileName(node);
    case 'member':
      return compileMember(node);
    case 'index':
      return compileIndex(node);
    case 'call':
      return compileCall(node);
    case 'unary':
      return compileUnary(node);
    case 'binary':
      return compileBinary(node);
    case 'conditional':
      return compileConditional(node);
  }
}

const constant = (value: Integer): Value => ({ type: 'integer', read: () => value });

const truth = (test: (event: RouteEvent) => boolean): Value => ({
  type: 'integer',
  test,
  read: (event) => (test(event) ? 1 : 0),
});

function compileName({ name, at }: Name): Value {
  if (name === 'NULL') return { type: 'null' };
  const variable = VARIABLES.get(name);
  if (variable !== undefined) return variable;
  const number = CONSTANTS.get(name);
  if (number !== undefined) return constant(number);
  if (name === 'args') throw new DError(at, 'args[1] or args[4]', '"args" alone');
  if (FUNCTIONS.has(name)) throw new DError(at, `a call ${name}(…)`, `"${name}" alone`);
  const names = [...VARIABLES.keys(), ...CONSTANTS.keys(), ...FUNCTIONS.keys(), 'args', 'NULL'];
  throw new DError(
    at,
    'a variable or a member of the record',
    quoted(name),
    qualifiedName(name) ?? nearestName(name, names),
  );
}

function compileMember({ object, name, at }: Member): Value {
  const owner = compileExpression(object);
  if (owner.type === 'unknown') {
    throw new DError(at, 'an operator', `a member of ${describe(owner, object)}`);
  }
  if (owner.type !== 'struct') {
    const hint = owner.type === 'array' ? ' (take one by [0])' : '';
    throw new DError(object.at, 'a struct', `${describe(owner, object)}${hint}`);
  }
  const member = owner.member(name);
  if (member !== null) return member;
  throw new DError(
    at,
    `a member of ${owner.shape.name}`,
    quoted(name),
    nearestName(name, owner.shape.members.keys()),
  );
}

function compileIndex({ object, index, at }: Index): Value {
  if (object.kind === 'name' && object.name === 'args') return compileArgument(index);
  const list = compileExpression(object);
  if (list.type !== 'array') throw new DError(object.at, 'a list', describe(list, object));
  const place = integerOf(compileExpression(index), index, at);
  return valueOf(list.element, (event) => list.read(event)[Number(place(event))]);
}

function compileArgument(index: Expression): StructValue {
  const argument = index.kind === 'integer' ? ARGUMENTS.get(Number(index.value)) : undefined;
  if (argument !== undefined) return argument;
  const got =
    index.kind === 'integer' ? `args[${String(index.value)}], which is void` : 'no number';
  throw new DError(index.at, 'args[1] (csinfo_t *) or args[4] (routeinfo_t *)', got);
}

function compileCall({ name, at, parameters }: Call): Value {
  const found = FUNCTIONS.get(name);
  if (found === undefined) {
    throw new DError(at, 'a function', quoted(name), nearestName(name, FUNCTIONS.keys()));
  }
  const most = found.parameters.length;
  const least = found.parameters.filter((kind) => !kind.endsWith('?')).length;
  if (parameters.length < least || parameters.length > most) {
    const wanted = least === most ? String(most) : `${String(least)} or ${String(most)}`;
    const plural = most === 1 ? '' : 's';
    throw new DError(at, `${name}() with ${wanted} parameter${plural}`, String(parameters.length));
  }
  const values = parameters.map(compileExpression);
  const parameter = <T>(
    index: number,
    missing: T,
    take: (value: Value, node: Expression) => T,
  ): T => {
    const [value, node] = [values[index], parameters[index]];
    return value === undefined || node === undefined ? missing : take(value, node);
  };
  return found.compile({
    nodes: parameters,
    text: (index) => parameter(index, () => '', textOf),
    integer: (index) => parameter<(event: RouteEvent) => Integer>(index, () => 0, integerOf),
    array: (index) =>
      parameter(index, { type: 'array', element: { type: 'unknown' }, read: () => [] }, arrayOf),
  });
}

function compileUnary({ operator, operand }: Unary): Value {
  const value = compileExpression(operand);
  if (operator === '!') {
    const test = truthOf(value, operand);
    return truth((event) => !test(event));
  }
  const read = integerOf(value, operand);
  switch (operator) {
    case '+':
      return { type: 'integer', read };
    case '-':
      return { type: 'integer', read: (event) => ARITHMETIC['-'](0, read(event)) };
    case '~':
      return { type: 'integer', read: (event) => ARITHMETIC['^'](read(event), -1) };
  }
}

function compileBinary(node: Binary): Value {
  const { operator, left, right } = node;
  const first = compileExpression(left);
  const second = compileExpression(right);
  switch (operator) {
    case '&&':
    case '||':
    case '^^': {
      const [a, b] = [truthOf(first, left), truthOf(second, right)];
      if (operator === '&&') return truth((event) => a(event) && b(event));
      if (operator === '||') return truth((event) => a(event) || b(event));
      return truth((event) => a(event) !== b(event));
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return truth(compileRelation(operator, node, first, second));
    default: {
      const [a, b] = [integerOf(first, left), integerOf(second, right)];
      const combine = ARITHMETIC[operator];
      return { type: 'integer', read: (event) => combine(a(event), b(event)) };
    }
  }
}

function compileConditional({ condition, yes, no }: Conditional): Value {
  const test = truthOf(compileExpression(condition), condition);
  const first = compileExpression(yes);
  const second = compileExpression(no);
  if (first.type === 'string') {
    const [a, b] = [first.read, textOf(second, no)];
    return { type: 'string', read: (event) => (test(event) ? a(event) : b(event)) };
  }
  const [a, b] = [integerOf(first, yes), integerOf(second, no)];
  return { type: 'integer', read: (event) => (test(event) ? a(event) : b(event)) };
}
