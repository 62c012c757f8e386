import type { Expression, Index, Name } from './ast.js';
import { CONSTANTS } from './constants.js';
import { DError, quoted } from './d-error.js';
import { FUNCTIONS, type DFunction } from './functions.js';
import { nearestName } from './nearest-name.js';
import { ARGUMENTS, qualifiedName, VARIABLES } from './variables.js';
import type { StructValue, Value } from './values.js';

/** What names mean where an expression stands. */
export interface Scope {
  readonly functions: ReadonlyMap<string, DFunction>;
  /** A name alone. Throws a DError when there is none. */
  name(node: Name): Value;
  /** args[n]. Throws a DError when there is none. */
  argument(node: Index): StructValue;
  /** What only this scope knows how to compile, or null: then the expression means what it means everywhere. */
  own(node: Expression): Value | null;
  /** A member of a struct that may be missing, as this scope reads it. */
  guarded(owner: StructValue, member: Value): Value;
}

/** `--where`: the members of one event; what is missing is 0 or the empty string. */
export const PREDICATE_SCOPE: Scope = {
  functions: FUNCTIONS,
  own: () => null,
  guarded: (_, member) => member,
  name({ name, at }) {
    const known = plainName(name);
    if (known !== null) return known;
    if (name === 'args') throw new DError(at, 'args[1] or args[4]', '"args" alone');
    if (FUNCTIONS.has(name)) throw new DError(at, `a call ${name}(…)`, `"${name}" alone`);
    const names = [...plainNames(), ...FUNCTIONS.keys(), 'args', 'NULL'];
    throw new DError(
      at,
      'a variable or a member of the record',
      quoted(name),
      qualifiedName(name) ?? nearestName(name, names),
    );
  },
  argument({ index }) {
    const argument = index.kind === 'integer' ? ARGUMENTS.get(Number(index.value)) : undefined;
    if (argument !== undefined) return argument;
    throw new DError(index.at, 'args[1] (csinfo_t *) or args[4] (routeinfo_t *)', indexGot(index));
  },
};

/** A variable, a member of the record or a constant; null when the name is none of them. */
export function plainName(name: string): Value | null {
  if (name === 'NULL') return { type: 'null' };
  const variable = VARIABLES.get(name);
  if (variable !== undefined) return variable;
  const number = CONSTANTS.get(name);
  return number === undefined ? null : { type: 'integer', read: () => number };
}

export const plainNames = (): readonly string[] => [...VARIABLES.keys(), ...CONSTANTS.keys()];

/** The index of args in the words of an error. */
export const indexGot = (index: Expression): string =>
  index.kind === 'integer' ? `args[${String(index.value)}], which is void` : 'no number';
