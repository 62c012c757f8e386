import { quoteJson } from './escape.js';

/** True for what a lean line leaves out: null, 0, "", false, []. */
const isDefault = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === 0 ||
  value === '' ||
  value === false ||
  value === 0n ||
  (Array.isArray(value) && value.length === 0);

/**
 * Any plain value as JSON text. bigints become strings, bytes base64. A lean text leaves out members at
 * their default, and objects that become empty by it; elements of arrays always stay.
 */
export function jsonValue(value: unknown, full: boolean): string {
  switch (typeof value) {
    case 'string':
      return quoteJson(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `"${value}"`;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) {
        return `[${value.map((element: unknown) => jsonValue(element, full)).join(',')}]`;
      }
      if (value instanceof Uint8Array) return `"${base64(value)}"`;
      return `{${jsonMembers(value, full).slice(1)}}`;
    default:
      return 'null';
  }
}

/** The members of an object, each with a comma before it: what goes after other members. */
function jsonMembers(object: object, full: boolean): string {
  let text = '';
  for (const [name, value] of Object.entries(object) as [string, unknown][]) {
    text += jsonMember(name, value, full);
  }
  return text;
}

/** `,"name":value`, or nothing where a lean line leaves it out. */
export function jsonMember(name: string, value: unknown, full: boolean): string {
  if (full) return value === undefined ? '' : `,${quoteJson(name)}:${jsonValue(value, full)}`;
  if (isDefault(value)) return '';
  const text = jsonValue(value, full);
  return text === '{}' ? '' : `,${quoteJson(name)}:${text}`;
}

export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
