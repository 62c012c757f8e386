import { RoutetapError } from './errors.js';

/** What a member must be when it is there. */
export type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'strings';
export type Shape = Readonly<Record<string, Kind>>;
export type Members = Readonly<Record<string, unknown>>;

export const fail = (expected: string, got: string): never => {
  throw new RoutetapError('runtime', `expected ${expected}, got ${got}`);
};

/** The start of a value on one line, for an error message. */
export const glimpse = (value: unknown): string => {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const KINDS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  array: (value) => Array.isArray(value),
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

/** The object `value`, its known members of the right kind or left out; null counts as left out. */
export function checked(value: unknown, where: string, shape: Shape): Members {
  if (!isObject(value)) return fail(`${where} to be an object`, glimpse(value));
  for (const [name, kind] of Object.entries(shape)) {
    const member = value[name];
    if (member !== undefined && member !== null && !KINDS[kind](member)) {
      fail(
        `${where}.${name} to be ${kind === 'strings' ? 'an array of strings' : kind}`,
        glimpse(member),
      );
    }
  }
  return value;
}

export const oneOf = <Item extends string>(
  value: unknown,
  items: readonly Item[],
  where: string,
): Item =>
  items.find((item) => item === value) ??
  fail(`${where} to be ${items.join(', ')}`, glimpse(value));
