import type { RouteEvent } from '../event.js';
import type { Expression } from './ast.js';
import type { CType } from './ctype.js';
import { DError, quoted } from './d-error.js';
import { toInteger, type Integer } from './integer.js';
import { toText, type ArrayValue, type Value } from './values.js';

const WORDS: Readonly<Record<Value['type'], string>> = {
  integer: 'an integer',
  string: 'a string',
  unknown: 'a member without a known type',
  null: 'NULL',
  array: 'a list',
  struct: 'a struct',
};

/** An operand in the words of an error. */
export function describe(value: Value, node: Expression): string {
  if (node.kind === 'string') return `the string ${quoted(node.value)}`;
  if (node.kind === 'integer') return `the integer ${String(node.value)}`;
  if (value.type === 'struct') return `a whole ${value.shape.name}`;
  return WORDS[value.type];
}

const wrongType = (expected: string, value: Value, node: Expression, at: number): DError =>
  new DError(at, expected, describe(value, node));

/** C's type of an integer, undefined for what has none of its own. */
export const ctypeIn = (value: Value): CType | undefined =>
  value.type === 'integer' ? value.ctype : undefined;

/** The value as an integer; a DError when it is none. */
export function integerOf(
  value: Value,
  node: Expression,
  at = node.at,
): (event: RouteEvent) => Integer {
  if (value.type === 'integer') return value.read;
  if (value.type === 'null') return () => 0;
  if (value.type !== 'unknown') throw wrongType('an integer', value, node, at);
  return (event) => toInteger(value.read(event));
}

/** The value as a string; a DError when it is none. */
export function textOf(value: Value, node: Expression): (event: RouteEvent) => string {
  if (value.type === 'string') return value.read;
  if (value.type === 'null') return () => '';
  if (value.type !== 'unknown') throw wrongType('a string', value, node, node.at);
  return (event) => toText(value.read(event));
}

/** The value as a list; a DError when it is none. */
export function arrayOf(value: Value, node: Expression): ArrayValue {
  if (value.type !== 'array') throw wrongType('a list such as route.flags', value, node, node.at);
  return value;
}

/** Whether the value counts as true: not 0, not "", not empty, not missing. */
export function truthOf(value: Value, node: Expression): (event: RouteEvent) => boolean {
  switch (value.type) {
    case 'integer':
      return value.test ?? ((event) => value.read(event) !== 0);
    case 'string':
      return (event) => value.read(event) !== '';
    case 'array':
      return (event) => value.read(event).length > 0;
    case 'struct':
      return (event) => (value.read(event) ?? null) !== null;
    case 'unknown':
      return (event) => Boolean(value.read(event));
    case 'null':
      throw wrongType('a condition', value, node, node.at);
  }
}
