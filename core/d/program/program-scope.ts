import { compileExpression } from '../compile.js';
import type { Call, Expression, Index, Member, Name } from '../ast.js';
import { compileCast } from '../cast.js';
import { CONSTANTS } from '../constants.js';
import { DError, quoted } from '../d-error.js';
import type { DFunction } from '../functions.js';
import { nearestName } from '../nearest-name.js';
import { indexGot, plainName, plainNames, type Scope } from '../scope.js';
import { CSINFO, ROUTEINFO, type StructShape } from '../shapes.js';
import { LINUXINFO } from '../linuxinfo.js';
import { ARGUMENTS, BUILT_IN_NAMES, qualifiedName } from '../variables.js';
import { routeValue, type StructValue, type Value } from '../values.js';
import { AGGREGATING } from './aggregating.js';
import { Assignments } from './assignments.js';
import { ACTION_NAMES } from './action-names.js';
import { DFault, FAULTS } from './faults.js';
import { Macros, type MacroValues } from './macros.js';
import type { ProbeRow } from './probes.js';
import { programFunctions } from './program-functions.js';
import { REFUSED_CALLS, REFUSED_NAMES } from './refused.js';
import { runtimeVariables } from './runtime-variables.js';
import type { ProgramState } from './state.js';
import { Variables } from './variable-table.js';

/** Structs that every route event has. */
const ALWAYS_THERE: ReadonlySet<StructShape> = new Set([CSINFO, ROUTEINFO, LINUXINFO]);

export interface ProgramNames {
  /** Names the program declares or assigns anywhere. */
  readonly assigned: ReadonlySet<string>;
  readonly macros: MacroValues;
}

/** What names mean in a program: its variables first, then D's, then the members of the record as in `--where`. */
export class ProgramScope implements Scope {
  readonly functions: ReadonlyMap<string, DFunction>;
  readonly variables: Variables;
  readonly macros: Macros;
  readonly #assignments: Assignments;
  readonly #runtime: ReadonlyMap<string, Value>;
  #rows: readonly ProbeRow[] = [];

  constructor(
    readonly state: ProgramState,
    names: ProgramNames,
  ) {
    this.functions = programFunctions(state);
    this.#runtime = runtimeVariables(state);
    this.variables = new Variables(names.assigned, state, this);
    this.macros = new Macros(names.macros, state.settings.defaultArgs);
    this.#assignments = new Assignments(this.variables, this, state);
  }

  /** The probes of the clause that is compiled next: args[] and the record stand only in route events. */
  enterClause(rows: readonly ProbeRow[]): void {
    this.#rows = rows;
  }

  own(node: Expression): Value | null {
    switch (node.kind) {
      case 'macro':
        return this.macros.value(node, this);
      case 'assign':
        return this.#assignments.assign(node);
      case 'step':
        return this.#assignments.step(node);
      case 'comma': {
        const [left, right] = [
          compileExpression(node.left, this),
          compileExpression(node.right, this),
        ];
        return sequence(left, right);
      }
      case 'aggregation':
        throw new DError(
          node.at,
          'a value',
          `the aggregation @${node.name}, which only actions take`,
        );
      case 'member':
        return this.#member(node);
      case 'index':
        return node.object.kind === 'name' ? this.variables.element(node, node.object) : null;
      case 'call':
        return this.#call(node);
      default:
        return null;
    }
  }

  guarded(owner: StructValue, member: Value): Value {
    const isThere = owner === routeValue || ALWAYS_THERE.has(owner.shape);
    if (isThere && owner.held === undefined) return member;
    const { read: pointer } = owner;
    return checked(member, (event) => {
      if ((pointer(event) ?? null) === null) throw new DFault(FAULTS.invalidAddress);
    });
  }

  name({ name, at }: Name): Value {
    const variable = this.variables.read(name, at) ?? this.#runtimeVariable(name, at);
    if (variable !== null) return variable;
    if (name === 'this') throw new DError(at, 'this->name', '"this" alone');
    const reason = REFUSED_NAMES.get(name);
    if (reason !== undefined) throw DError.refused(at, `${name}: ${reason}`);
    const known = plainName(name);
    if (known !== null) {
      if (name !== 'NULL' && !BUILT_IN_NAMES.includes(name) && !CONSTANTS.has(name)) {
        this.#checkEvent(name, at);
      }
      return known;
    }
    if (name === 'args') throw new DError(at, 'args[1], args[4] or args[5]', '"args" alone');
    if (this.functions.has(name) || ACTION_NAMES.has(name)) {
      throw new DError(at, `a call ${name}(…)`, `"${name}" alone`);
    }
    throw new DError(
      at,
      'a variable',
      quoted(name),
      qualifiedName(name) ?? nearestName(name, this.#allNames()),
    );
  }

  argument(node: Index): StructValue {
    const { index } = node;
    const number = index.kind === 'integer' ? Number(index.value) : Number.NaN;
    const argument = ARGUMENTS.get(number);
    if (argument === undefined) {
      const wanted = 'args[1] (csinfo_t *), args[4] (routeinfo_t *) or args[5] (linuxinfo_t *)';
      throw new DError(index.at, wanted, indexGot(index));
    }
    this.#checkEvent(`args[${number}]`, node.object.at);
    return argument;
  }

  #allNames(): string[] {
    return [
      ...this.variables.names(),
      ...this.#runtime.keys(),
      ...plainNames(),
      ...this.functions.keys(),
      'args',
      'NULL',
    ];
  }

  #runtimeVariable(name: string, at: number): Value | null {
    const number = /^arg(\d)$/.exec(name)?.[1];
    const value = this.#runtime.get(name) ?? null;
    if (number === undefined) return value;
    if (this.#rows.some((row) => row.probe !== null)) {
      throw DError.refused(
        at,
        `${name}: it would be an address in the kernel; the arguments are args[1]->…, args[4]->… and args[5]->…`,
      );
    }
    return value;
  }

  #member(node: Member): Value | null {
    const { object, name, at } = node;
    if (object.kind !== 'name' || object.name !== 'this') return null;
    return this.variables.readLocal(name, at);
  }

  #call({ name, at, parameters }: Call): Value | null {
    const reason = REFUSED_CALLS.get(name);
    if (reason !== undefined) throw DError.refused(at, `${name}(): ${reason}`);
    if (name === 'stringof') {
      const [operand, ...more] = parameters;
      if (operand === undefined || more.length > 0) {
        throw new DError(at, 'stringof() with 1 parameter', String(parameters.length));
      }
      const type = { kind: 'type', at, name: 'string', pointers: 0 } as const;
      return compileCast({ kind: 'cast', at, type, operand }, compileExpression(operand, this));
    }
    if (ACTION_NAMES.has(name)) {
      throw new DError(at, `${name}() as a statement of its own`, 'it in an expression');
    }
    if (AGGREGATING.has(name)) {
      throw new DError(at, `${name}() behind @name =`, 'it in an expression');
    }
    if (this.functions.has(name)) return null;
    const names = [...this.functions.keys(), ...ACTION_NAMES, ...AGGREGATING.keys()];
    throw new DError(at, 'a function', quoted(name), nearestName(name, names));
  }

  /** What stands only in a route event must not be named where none happened. */
  #checkEvent(what: string, at: number): void {
    const row = this.#rows.find(({ probe }) => probe === null);
    if (row === undefined) return;
    throw DError.refused(at, `${what} may not be referenced in ${row.provider}:::${row.name}`);
  }
}

/** Both, the second as the result. */
function sequence(left: Value, right: Value): Value {
  const first = left.type === 'null' ? null : left.read;
  return first === null ? right : checked(right, first);
}

/** The value, read after `before` was run. */
function checked(
  value: Value,
  before: (event: Parameters<StructValue['read']>[0]) => unknown,
): Value {
  switch (value.type) {
    case 'null':
      return value;
    case 'integer': {
      const { read, ctype } = value;
      const after: Value = { type: 'integer', read: (event) => (before(event), read(event)) };
      return ctype === undefined ? after : { ...after, ctype };
    }
    case 'string':
      return { type: 'string', read: (event) => (before(event), value.read(event)) };
    case 'unknown':
      return { type: 'unknown', read: (event) => (before(event), value.read(event)) };
    case 'array':
      return { ...value, read: (event) => (before(event), value.read(event)) };
    case 'struct':
      return { ...value, read: (event) => (before(event), value.read(event)) };
  }
}
