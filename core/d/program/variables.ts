import type { RouteEvent } from '../../event.js';
import { INT64, type CType } from '../ctype.js';
import type { Integer } from '../integer.js';
import type { ArrayValue, StructValue, Value } from '../values.js';
import { KeyTree, type Key } from './key-tree.js';
import type { ProgramState } from './state.js';

/** A variable's type, fixed by its declaration or its first assignment. */
export type VariableType =
  | { readonly kind: 'integer'; readonly ctype: CType }
  | { readonly kind: 'string' }
  | { readonly kind: 'pointer'; readonly struct: StructValue };

/** A pointer is held as the event it points into. */
export type Stored = Integer | string | RouteEvent | null;

/** Where an assignment stores. `place` is found once, so that `x[i++] += 1` counts i once. */
export interface Target {
  readonly type: VariableType;
  place(event: RouteEvent): Key;
  get(place: Key): Stored;
  put(place: Key, value: Stored): void;
}

const HERE: Key = [];

/** What a variable holds before it is assigned. */
function initial(type: VariableType): Stored {
  if (type.kind === 'pointer') return null;
  return type.kind === 'string' ? '' : 0;
}

export class GlobalVariable implements Target {
  readonly type: VariableType;
  #value: Stored;

  constructor(type: VariableType) {
    this.type = type;
    this.#value = initial(type);
  }

  place(): Key {
    return HERE;
  }

  get(): Stored {
    return this.#value;
  }

  put(_: Key, value: Stored): void {
    this.#value = value;
  }
}

/** this->x: lives as long as one event does, over all clauses that it fires. */
export class ClauseLocal implements Target {
  readonly type: VariableType;
  readonly #state: ProgramState;
  readonly #initial: Stored;
  #value: Stored;
  #firing = -1;

  constructor(type: VariableType, state: ProgramState) {
    this.type = type;
    this.#state = state;
    this.#initial = initial(type);
    this.#value = this.#initial;
  }

  place(): Key {
    return HERE;
  }

  get(): Stored {
    return this.#firing === this.#state.firing ? this.#value : this.#initial;
  }

  put(_: Key, value: Stored): void {
    this.#firing = this.#state.firing;
    this.#value = value;
  }
}

/** The elements of an associative array; one that is set to 0 is given back, as in DTrace. */
export class AssociativeArray {
  readonly type: VariableType;
  readonly keyTypes: readonly ('integer' | 'string')[];
  readonly #state: ProgramState;
  readonly #elements = new KeyTree<{ value: Stored }>();
  readonly #initial: Stored;

  constructor(
    type: VariableType,
    keyTypes: readonly ('integer' | 'string')[],
    state: ProgramState,
  ) {
    this.type = type;
    this.keyTypes = keyTypes;
    this.#state = state;
    this.#initial = initial(type);
  }

  get(key: Key): Stored {
    return this.#elements.get(key)?.value ?? this.#initial;
  }

  put(key: Key, value: Stored): void {
    const state = this.#state;
    const element = this.#elements.get(key);
    if (value === this.#initial) {
      if (element !== undefined && this.#elements.delete(key)) state.variables -= 1;
    } else if (element !== undefined) {
      element.value = value;
    } else if (state.variables >= state.settings.maxVariables) {
      state.variableDrops += 1;
    } else {
      this.#elements.set(key, { value });
      state.variables += 1;
    }
  }

  /** The element a list of keys names; the list is filled anew each time. */
  element(keys: readonly ((event: RouteEvent) => Integer | string)[]): Target {
    const filled: (Integer | string)[] = keys.map(() => 0);
    return {
      type: this.type,
      get: (key) => this.get(key),
      put: (key, value) => this.put(key, value),
      place: (event) => {
        for (let index = 0; index < keys.length; index += 1) {
          filled[index] = (keys[index] as (event: RouteEvent) => Integer | string)(event);
        }
        return filled;
      },
    };
  }
}

/** A variable where it is read. */
export function readTarget(target: Target): Value {
  const { type } = target;
  switch (type.kind) {
    case 'integer':
      return {
        type: 'integer',
        ctype: type.ctype,
        read: (event) => target.get(target.place(event)) as Integer,
      };
    case 'string':
      return { type: 'string', read: (event) => target.get(target.place(event)) as string };
    case 'pointer':
      return pointer(type.struct, (event) => target.get(target.place(event)) as RouteEvent | null);
  }
}

/** A struct of the event that `held` gives; reads as null while it gives none. */
function pointer(struct: StructValue, held: (event: RouteEvent) => RouteEvent | null): StructValue {
  return {
    type: 'struct',
    shape: struct.shape,
    origin: struct.origin ?? struct,
    held,
    read: (event) => {
      const at = held(event);
      return at === null ? null : struct.read(at);
    },
    member: (name) => {
      const member = struct.member(name);
      return member === null ? null : elsewhere(member, (event) => held(event) as RouteEvent);
    },
  };
}

/** The value as another event has it. */
function elsewhere(value: Value, at: (event: RouteEvent) => RouteEvent): Value {
  switch (value.type) {
    case 'null':
      return value;
    case 'integer': {
      const { read, ctype = INT64 } = value;
      return { type: 'integer', ctype, read: (event) => read(at(event)) };
    }
    case 'struct':
      return pointer(value, at);
    case 'array': {
      const moved: ArrayValue = { ...value, read: (event) => value.read(at(event)) };
      return moved;
    }
    case 'string':
      return { type: 'string', read: (event) => value.read(at(event)) };
    case 'unknown':
      return { type: 'unknown', read: (event) => value.read(at(event)) };
  }
}
