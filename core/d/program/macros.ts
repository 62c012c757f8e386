import type { Macro } from '../ast.js';
import { DError, quoted } from '../d-error.js';
import { INT64 } from '../ctype.js';
import { wrap } from '../integer.js';
import { nearestName } from '../nearest-name.js';
import type { Scope } from '../scope.js';
import type { Value } from '../values.js';

/** Texts of the macro variables: `1`, `2`, … and `target`, `pid`, … */
export type MacroValues = ReadonlyMap<string, string>;

/** $1, $$1, $target and the like: constants that stand in for what the command line gave. */
export class Macros {
  readonly #values: MacroValues;
  readonly #defaultArgs: boolean;

  constructor(values: MacroValues, defaultArgs: boolean) {
    this.#values = values;
    this.#defaultArgs = defaultArgs;
  }

  value(node: Macro, scope: Scope): Value {
    const { name, at, isText } = node;
    const text = this.#values.get(name);
    if (text === undefined) return this.#missing(node);
    if (isText) return { type: 'string', read: () => text };
    if (/^[+-]?(0x[0-9a-f]+|\d+)$/i.test(text)) {
      const value = wrap(BigInt(text.replace(/^[+-]/, '')) * (text.startsWith('-') ? -1n : 1n));
      return { type: 'integer', read: () => value, ctype: INT64 };
    }
    const inner = /^"([^"\\\n]*)"$/.exec(text)?.[1];
    if (inner !== undefined) return { type: 'string', read: () => inner };
    if (/^[A-Za-z_]\w*$/.test(text)) return scope.name({ kind: 'name', at, name: text });
    throw new DError(at, 'an integer or a name', `${quoted(text)} for $${name}`, `$$${name}`);
  }

  /** A probe description with its macros replaced. Throws a DError where one has no value. */
  replaced(text: string, at: number): string {
    return text.replace(
      /(\$\$?)([A-Za-z0-9_]+)/g,
      (_, sign: string, name: string, offset: number) => {
        const value = this.#values.get(name);
        if (value !== undefined) return value;
        throw this.#undefinedMacro(name, at + offset, sign);
      },
    );
  }

  #missing({ name, at, isText }: Macro): Value {
    if (this.#defaultArgs && /^\d+$/.test(name)) {
      return isText ? { type: 'string', read: () => '' } : { type: 'integer', read: () => 0 };
    }
    throw this.#undefinedMacro(name, at, isText ? '$$' : '$');
  }

  #undefinedMacro(name: string, at: number, sign: string): DError {
    const hint = /^\d+$/.test(name) ? '' : (nearestName(name, this.#values.keys()) ?? '');
    return DError.refused(
      at,
      `macro argument ${sign}${name} is not defined`,
      hint === '' ? null : `${sign}${hint}`,
    );
  }
}
