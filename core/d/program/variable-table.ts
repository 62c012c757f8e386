import type { RouteEvent } from '../../event.js';
import type { Expression, Index, Member, Name, TypeName } from '../ast.js';
import { compileExpression } from '../compile.js';
import { compileCast, integerType, isTextType } from '../cast.js';
import { INT64 } from '../ctype.js';
import { DError, quoted } from '../d-error.js';
import type { Integer } from '../integer.js';
import { CONSTANTS } from '../constants.js';
import type { Scope } from '../scope.js';
import { ctypeIn, describe, integerOf, textOf } from '../typed.js';
import { ARGUMENTS, BUILT_IN_NAMES } from '../variables.js';
import { toText, type Value } from '../values.js';
import type { Declaration, Inline } from './program-ast.js';
import { REFUSED_NAMES } from './refused.js';
import type { ProgramState } from './state.js';
import {
  AssociativeArray,
  ClauseLocal,
  GlobalVariable,
  readTarget,
  type Target,
  type VariableType,
} from './variables.js';

type KeyKind = 'integer' | 'string';

/** A key of an array or an aggregation: what it reads and what kind it is. */
export interface CompiledKey {
  readonly kind: KeyKind;
  /** Bytes of an integer's type. */
  readonly bytes: number;
  readonly read: (event: RouteEvent) => Integer | string;
}

const TAKEN: ReadonlySet<string> = new Set([
  ...BUILT_IN_NAMES,
  ...CONSTANTS.keys(),
  ...REFUSED_NAMES.keys(),
  ...'this args NULL probemod probefunc id epid cpu arg0 arg1 arg2 arg3 arg4 arg5 arg6 arg7 arg8 arg9'.split(
    ' ',
  ),
]);

/** The variables of a program. As in D, text order counts: the first assignment or declaration gives the type. */
export class Variables {
  readonly #assigned: ReadonlySet<string>;
  readonly #state: ProgramState;
  readonly #scope: Scope;
  readonly #globals = new Map<string, GlobalVariable>();
  readonly #arrays = new Map<string, AssociativeArray>();
  readonly #locals = new Map<string, ClauseLocal>();
  readonly #inlines = new Map<string, Value>();

  constructor(assigned: ReadonlySet<string>, state: ProgramState, scope: Scope) {
    this.#assigned = assigned;
    this.#state = state;
    this.#scope = scope;
  }

  *names(): Iterable<string> {
    yield* this.#globals.keys();
    yield* this.#arrays.keys();
    yield* this.#inlines.keys();
    for (const name of this.#locals.keys()) yield `this->${name}`;
  }

  declare({ declarators, isClauseLocal, type }: Declaration): void {
    for (const { name, keys, at } of declarators) {
      this.#checkFree(name, at, isClauseLocal);
      const declared = declaredType(type);
      if (keys !== null) {
        if (isClauseLocal)
          throw DError.refused(at, `this->${name}: only a global variable can be an array`);
        const kinds = keys.map((key): KeyKind => (isTextType(key) ? 'string' : intKind(key)));
        this.#arrays.set(name, new AssociativeArray(declared, kinds, this.#state));
      } else if (isClauseLocal) this.#locals.set(name, new ClauseLocal(declared, this.#state));
      else this.#globals.set(name, new GlobalVariable(declared));
    }
  }

  define({ name, at, type, value }: Inline): void {
    this.#checkFree(name, at, false);
    const compiled = compileExpression(value, this.#scope);
    this.#inlines.set(name, compileCast({ kind: 'cast', at, type, operand: value }, compiled));
  }

  #checkFree(name: string, at: number, isClauseLocal: boolean): void {
    const isKnown = isClauseLocal
      ? this.#locals.has(name)
      : this.#globals.has(name) || this.#arrays.has(name) || this.#inlines.has(name);
    if (isKnown) throw new DError(at, 'a new name', `${quoted(name)}, which is declared already`);
    if (!isClauseLocal) checkOwn(name, at);
  }

  /** A global variable or constant of the program; null when the name is none of its own. */
  read(name: string, at: number): Value | null {
    const inline = this.#inlines.get(name);
    if (inline !== undefined) return inline;
    const global = this.#globals.get(name);
    if (global !== undefined) return readTarget(global);
    if (this.#arrays.has(name)) {
      throw new DError(at, `an element ${name}[…]`, `the whole array "${name}"`);
    }
    if (!this.#assigned.has(name) || TAKEN.has(name)) return null;
    throw new DError(at, 'a variable that was assigned or declared before', quoted(name));
  }

  readLocal(name: string, at: number): Value {
    const local = this.#locals.get(name);
    if (local !== undefined) return readTarget(local);
    throw new DError(at, 'a variable that was assigned or declared before', `"this->${name}"`);
  }

  /** An element where it is read; null when the name is no array of the program. */
  element(node: Index, { name, at }: Name): Value | null {
    const array = this.#arrays.get(name);
    if (array !== undefined) return readTarget(array.element(this.#keys(node, array)));
    if (this.#globals.has(name) || !this.#assigned.has(name) || TAKEN.has(name)) return null;
    throw new DError(at, 'an array that was assigned or declared before', quoted(name));
  }

  /** What an assignment stores into, made when it is the first one. */
  target(node: Expression, type: VariableType | null): Target {
    if (node.kind === 'name') return this.#global(node, type);
    if (node.kind === 'member' && node.object.kind === 'name') {
      if (node.object.name === 'this') return this.#local(node, type);
      const reason = node.object.name === 'self' ? REFUSED_NAMES.get('self') : undefined;
      if (reason !== undefined) throw DError.refused(node.object.at, `self->: ${reason}`);
    }
    if (node.kind === 'index' && node.object.kind === 'name')
      return this.#element(node, node.object, type);
    throw new DError(node.at, 'a variable of the program', 'what can only be read');
  }

  #global({ name, at }: Name, type: VariableType | null): Target {
    const known = this.#globals.get(name);
    if (known !== undefined) return known;
    if (this.#arrays.has(name)) {
      throw new DError(at, `an element ${name}[…]`, `the whole array "${name}"`);
    }
    if (this.#inlines.has(name)) throw new DError(at, 'a variable', `the constant "${name}"`);
    checkOwn(name, at);
    const made = new GlobalVariable(firstType(type, at));
    this.#globals.set(name, made);
    return made;
  }

  #local({ name, at }: Member, type: VariableType | null): Target {
    const known = this.#locals.get(name) ?? new ClauseLocal(firstType(type, at), this.#state);
    this.#locals.set(name, known);
    return known;
  }

  #element(node: Index, { name, at }: Name, type: VariableType | null): Target {
    checkOwn(name, at);
    if (this.#globals.has(name)) {
      throw new DError(at, 'an array', `the variable "${name}", which is none`);
    }
    const known = this.#arrays.get(name);
    if (known !== undefined) return known.element(this.#keys(node, known));
    const keys = compiledKeys([node.index, ...node.rest], this.#scope);
    const made = new AssociativeArray(
      firstType(type, at),
      keys.map(({ kind }) => kind),
      this.#state,
    );
    this.#arrays.set(name, made);
    return made.element(keys.map(({ read }) => this.#cutKey(read)));
  }

  #keys({ index, rest, at }: Index, { keyTypes }: AssociativeArray): CompiledKey['read'][] {
    const nodes = [index, ...rest];
    const keys = compiledKeys(nodes, this.#scope, keyTypes);
    if (keys.length !== keyTypes.length) {
      const wanted = `${keyTypes.length} key${keyTypes.length === 1 ? '' : 's'}, as before`;
      throw new DError(at, wanted, String(keys.length));
    }
    return keys.map(({ read }) => this.#cutKey(read));
  }

  #cutKey(read: CompiledKey['read']): CompiledKey['read'] {
    return (event) => {
      const key = read(event);
      return typeof key === 'string' ? this.#state.cut(key) : key;
    };
  }
}

function checkOwn(name: string, at: number): void {
  if (name === 'self') throw DError.refused(at, `self->: ${REFUSED_NAMES.get('self') ?? ''}`);
  if (TAKEN.has(name)) {
    throw new DError(
      at,
      'a variable of the program',
      `${quoted(name)}, which is D's own and only read`,
    );
  }
}

function intKind(type: TypeName): KeyKind {
  integerType(type);
  return 'integer';
}

function declaredType(type: TypeName): VariableType {
  if (type.pointers > 0) {
    for (const struct of ARGUMENTS.values()) {
      if (struct.shape.name === type.name) return { kind: 'pointer', struct };
    }
  }
  if (isTextType(type)) return { kind: 'string' };
  return { kind: 'integer', ctype: integerType(type) };
}

function firstType(type: VariableType | null, at: number): VariableType {
  if (type === null) throw new DError(at, 'a variable that has a type already', 'one without');
  return type;
}

/** Type of a variable that is first given this value: integers have all 64 bits. Null: NULL gives none. */
export function assignedType(value: Value, node: Expression): VariableType | null {
  switch (value.type) {
    case 'null':
      return null;
    case 'integer':
      return { kind: 'integer', ctype: INT64 };
    case 'string':
    case 'unknown':
      return { kind: 'string' };
    case 'struct':
      return { kind: 'pointer', struct: value.origin ?? value };
    default:
      throw new DError(node.at, 'an integer, a string or a pointer', describe(value, node));
  }
}

/** Keys of a tuple. `wanted` are the kinds they had before; they must fit. */
export function compiledKeys(
  nodes: readonly Expression[],
  scope: Scope,
  wanted?: readonly KeyKind[],
): CompiledKey[] {
  return nodes.map((node, index) => {
    const value = compileExpression(node, scope);
    const kind = wanted?.[index];
    if (kind === 'string' || (kind === undefined && value.type === 'string')) {
      return { kind: 'string', bytes: 8, read: textOf(value, node) };
    }
    if (kind === undefined && value.type === 'unknown') {
      return { kind: 'string', bytes: 8, read: (event) => toText(value.read(event)) };
    }
    if (kind === undefined && value.type !== 'integer') {
      throw new DError(node.at, 'an integer or a string as a key', describe(value, node));
    }
    const { bytes } = ctypeIn(value) ?? INT64;
    return { kind: 'integer', bytes, read: integerOf(value, node) };
  });
}
