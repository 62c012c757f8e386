import type { RouteEvent } from '../event.js';
import type { Binary, RelationOperator } from './ast.js';
import { DError } from './d-error.js';
import { isUnsigned64, unsigned } from './ctype.js';
import { ctypeIn, describe, integerOf, textOf, truthOf } from './typed.js';
import type { Value } from './values.js';

type Test = (event: RouteEvent) => boolean;
type Read<T> = (event: RouteEvent) => T;

/** A comparison: integers as numbers, strings as strcmp(3) does, anything with NULL by presence. */
export function compileRelation(
  operator: RelationOperator,
  { left, right }: Binary,
  first: Value,
  second: Value,
): Test {
  if (first.type === 'null' || second.type === 'null') {
    const [value, node] = first.type === 'null' ? [second, right] : [first, left];
    if (operator !== '==' && operator !== '!=') {
      throw new DError(node.at, '== or != with NULL', `"${operator}"`);
    }
    const present = value.type === 'null' ? () => false : truthOf(value, node);
    return operator === '==' ? (event) => !present(event) : present;
  }
  for (const [value, node] of [
    [first, left],
    [second, right],
  ] as const) {
    if (value.type === 'array' || value.type === 'struct') {
      throw new DError(node.at, 'an integer or a string', describe(value, node));
    }
  }
  const asText = first.type === 'string' || (first.type === 'unknown' && second.type !== 'integer');
  return asText
    ? compare(operator, textOf(first, left), textOf(second, right), right.kind === 'string')
    : compareIntegers(operator, { left, right }, first, second);
}

/** As C compares them: without a sign when one of the two is an unsigned type of 64 bits. */
function compareIntegers(
  operator: RelationOperator,
  { left, right }: Pick<Binary, 'left' | 'right'>,
  first: Value,
  second: Value,
): Test {
  const [a, b] = [integerOf(first, left), integerOf(second, right)];
  const isEquality = operator === '==' || operator === '!=';
  if (isEquality || !(isUnsigned64(ctypeIn(first)) || isUnsigned64(ctypeIn(second)))) {
    return compare(operator, a, b, right.kind === 'integer');
  }
  return compare(
    operator,
    (event) => unsigned(a(event)),
    (event) => unsigned(b(event)),
    false,
  );
}

/** JavaScript compares number with bigint exactly, and each value has one form, so === holds too. */
function compare<T extends string | number | bigint>(
  operator: RelationOperator,
  left: Read<T>,
  right: Read<T>,
  isLiteral: boolean,
): Test {
  switch (operator) {
    case '==':
      return isLiteral ? equals(left, right) : (event) => left(event) === right(event);
    case '!=':
      return (event) => left(event) !== right(event);
    case '<':
      return (event) => left(event) < right(event);
    case '<=':
      return (event) => left(event) <= right(event);
    case '>':
      return (event) => left(event) > right(event);
    case '>=':
      return (event) => left(event) >= right(event);
  }
}

/** By far the commonest test: the literal is read once. */
function equals<T>(left: Read<T>, literal: Read<T>): Test {
  // A literal's reader looks at no event.
  const wanted = literal(undefined as unknown as RouteEvent);
  return (event) => left(event) === wanted;
}
