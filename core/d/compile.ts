import { usageError } from '../errors.js';
import type { RouteEvent } from '../event.js';
import type { Binary, Call, Conditional, Expression, Index, Member, Unary } from './ast.js';
import { compileCast, compileSizeof } from './cast.js';
import { INT, INT64, isUnsigned64, promoted, UINT64, type CType } from './ctype.js';
import { DError, quoted } from './d-error.js';
import type { Integer } from './integer.js';
import { ARITHMETIC, DivisionByZero, UNSIGNED_ARITHMETIC, wrap } from './integer.js';
import { nearestName } from './nearest-name.js';
import { parsePredicate } from './parse.js';
import { compileRelation } from './relation.js';
import { PREDICATE_SCOPE, type Scope } from './scope.js';
import { arrayOf, ctypeIn, describe, integerOf, textOf, truthOf } from './typed.js';
import { valueOf, type Value } from './values.js';

/** Tells whether an event is wanted. */
export type Predicate = (event: RouteEvent) => boolean;

/**
 * A D predicate (docs/where.md) as a function, made of closures. `option` names where the text came from.
 * Throws a RoutetapError of kind `usage`: one line with the place, what was expected and what was got.
 */
export function compilePredicate(text: string, option = '--where'): Predicate {
  try {
    const tree = parsePredicate(text);
    const test = truthOf(compileExpression(tree, PREDICATE_SCOPE), tree);
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
export function compileExpression(node: Expression, scope: Scope): Value {
  const own = scope.own(node);
  if (own !== null) return own;
  switch (node.kind) {
    case 'integer':
      return literal(node.value, node.suffix);
    case 'string': {
      const { value } = node;
      return { type: 'string', read: () => value };
    }
    case 'name':
      return scope.name(node);
    case 'member':
      return compileMember(node, scope);
    case 'index':
      return compileIndex(node, scope);
    case 'call':
      return compileCall(node, scope);
    case 'unary':
      return compileUnary(node, scope);
    case 'binary':
      return compileBinary(node, scope);
    case 'conditional':
      return compileConditional(node, scope);
    case 'cast':
      return compileCast(node, compileExpression(node.operand, scope));
    case 'sizeof':
      return compileSizeof(node, (operand) => compileExpression(operand, scope));
    default:
      throw new DError(node.at, 'an expression', quoted(node.kind));
  }
}

const INT_MAX = 0x7fff_ffffn;
const INT64_MAX = 0x7fff_ffff_ffff_ffffn;

/** C's type of a literal: the smallest from int on that holds it. */
function literalType(value: bigint, suffix: string): CType {
  if (value > INT64_MAX || suffix.startsWith('u')) return UINT64;
  return value > INT_MAX || suffix !== '' ? INT64 : INT;
}

function literal(value: bigint, suffix: string): Value {
  const wrapped = wrap(value);
  return { type: 'integer', read: () => wrapped, ctype: literalType(value, suffix) };
}

const truth = (test: (event: RouteEvent) => boolean): Value => ({
  type: 'integer',
  ctype: INT,
  test,
  read: (event) => (test(event) ? 1 : 0),
});

function compileMember({ object, name, at }: Member, scope: Scope): Value {
  const owner = compileExpression(object, scope);
  if (owner.type === 'unknown') {
    throw new DError(at, 'an operator', `a member of ${describe(owner, object)}`);
  }
  if (owner.type !== 'struct') {
    const hint = owner.type === 'array' ? ' (take one by [0])' : '';
    throw new DError(object.at, 'a struct', `${describe(owner, object)}${hint}`);
  }
  const member = owner.member(name);
  if (member !== null) return scope.guarded(owner, member);
  throw new DError(
    at,
    `a member of ${owner.shape.name}`,
    quoted(name),
    nearestName(name, owner.shape.members.keys()),
  );
}

function compileIndex(node: Index, scope: Scope): Value {
  const { object, index, rest, at } = node;
  if (object.kind === 'name' && object.name === 'args') return scope.argument(node);
  const list = compileExpression(object, scope);
  if (list.type !== 'array') throw new DError(object.at, 'a list', describe(list, object));
  if (rest[0] !== undefined) throw new DError(rest[0].at, 'one index of a list', 'another');
  const place = integerOf(compileExpression(index, scope), index, at);
  return valueOf(list.element, (event) => list.read(event)[Number(place(event))]);
}

function compileCall({ name, at, parameters }: Call, scope: Scope): Value {
  const found = scope.functions.get(name);
  if (found === undefined) {
    throw new DError(at, 'a function', quoted(name), nearestName(name, scope.functions.keys()));
  }
  const most = found.parameters.length;
  const least = found.parameters.filter((kind) => !kind.endsWith('?')).length;
  if (parameters.length < least || parameters.length > most) {
    const wanted = least === most ? String(most) : `${String(least)} or ${String(most)}`;
    const plural = most === 1 ? '' : 's';
    throw new DError(at, `${name}() with ${wanted} parameter${plural}`, String(parameters.length));
  }
  const values = parameters.map((parameter) => compileExpression(parameter, scope));
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
    values,
    text: (index) => parameter(index, () => '', textOf),
    integer: (index) => parameter<(event: RouteEvent) => Integer>(index, () => 0, integerOf),
    array: (index) =>
      parameter(index, { type: 'array', element: { type: 'unknown' }, read: () => [] }, arrayOf),
  });
}

function compileUnary({ operator, operand, at }: Unary, scope: Scope): Value {
  const value = compileExpression(operand, scope);
  switch (operator) {
    case '!': {
      const test = truthOf(value, operand);
      return truth((event) => !test(event));
    }
    case '*':
    case '&':
      // args[n] and the like are pointers and what they point to at once, as -> and . mean the same.
      if (value.type === 'struct') return value;
      if (operator === '&') return value;
      throw new DError(at, 'a pointer to a structure', describe(value, operand));
  }
  const read = integerOf(value, operand);
  const ctype = signedType(value);
  switch (operator) {
    case '+':
      return { type: 'integer', read, ctype };
    case '-':
      return { type: 'integer', read: (event) => ARITHMETIC['-'](0, read(event)), ctype };
    case '~':
      return { type: 'integer', read: (event) => ARITHMETIC['^'](read(event), -1), ctype };
  }
}

function compileBinary(node: Binary, scope: Scope): Value {
  const { operator, left, right } = node;
  const first = compileExpression(left, scope);
  const second = compileExpression(right, scope);
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
      const ctype = arithmeticType(operator, first, second);
      const combine = (isUnsigned64(ctype) ? UNSIGNED_ARITHMETIC : ARITHMETIC)[operator];
      return { type: 'integer', read: (event) => combine(a(event), b(event)), ctype };
    }
  }
}

/** Operators whose result may need more bits than its operands have. */
const GROWING = new Set(['+', '-', '*', '<<']);

/**
 * A shift has the type of what is shifted, everything else that of both. No result is cut before it is stored or cast:
 * what may grow has 64 bits.
 */
export function arithmeticType(operator: string, first: Value, second: Value): CType {
  const isShift = operator === '<<' || operator === '>>';
  const type = promoted(ctypeIn(first) ?? INT64, isShift ? INT : (ctypeIn(second) ?? INT64));
  return GROWING.has(operator) && !isUnsigned64(type) ? INT64 : type;
}

/** Type of -x and ~x, which may be negative whatever x is. */
function signedType(value: Value): CType {
  const type = promoted(ctypeIn(value) ?? INT64, INT);
  return type.isSigned || type.bytes === 8 ? type : INT64;
}

function compileConditional({ condition, yes, no }: Conditional, scope: Scope): Value {
  const test = truthOf(compileExpression(condition, scope), condition);
  const first = compileExpression(yes, scope);
  const second = compileExpression(no, scope);
  if (first.type === 'string') {
    const [a, b] = [first.read, textOf(second, no)];
    return { type: 'string', read: (event) => (test(event) ? a(event) : b(event)) };
  }
  const [a, b] = [integerOf(first, yes), integerOf(second, no)];
  const ctype = promoted(ctypeIn(first) ?? INT64, ctypeIn(second) ?? INT64);
  return { type: 'integer', read: (event) => (test(event) ? a(event) : b(event)), ctype };
}
