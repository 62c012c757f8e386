import type { Cast, Expression, Sizeof, TypeName } from './ast.js';
import { ctypeOf, INT64, truncated, UINT64, type CType } from './ctype.js';
import { DError, quoted } from './d-error.js';
import { ctypeIn, describe, integerOf } from './typed.js';
import { toText, type Value } from './values.js';

/** Bytes a string takes: DTrace's strsize. */
const STRING_BYTES = 256;

/** `(uint8_t)x` keeps the low bits; `(string)x` of what is a string already changes nothing. */
export function compileCast({ type, operand }: Cast, value: Value): Value {
  if (value.type === 'struct') {
    if (type.name === value.shape.name || type.name === 'void') return value;
    throw new DError(type.at, value.shape.name, quoted(type.name));
  }
  if (isTextType(type)) {
    if (value.type === 'string') return value;
    if (value.type === 'unknown')
      return { type: 'string', read: (event) => toText(value.read(event)) };
    throw new DError(operand.at, 'a string', describe(value, operand));
  }
  const ctype = integerType(type);
  const read = integerOf(value, operand);
  return { type: 'integer', ctype, read: (event) => truncated(read(event), ctype) };
}

/** `string`, `char *`: what holds text. */
export const isTextType = ({ name, pointers }: TypeName): boolean =>
  pointers === 0 ? name === 'string' : (name === 'char' || name === 'string') && pointers === 1;

/** The integer type of this name; a pointer is as wide as an address. Throws a DError for every other. */
export function integerType(type: TypeName): CType {
  if (type.pointers > 0) return UINT64;
  const ctype = ctypeOf(type.name);
  if (ctype !== null) return ctype;
  if (/^(float|double|long double)$/.test(type.name)) {
    throw DError.refused(type.at, `${type.name}: D computes with integers only`);
  }
  throw new DError(type.at, 'an integer type or string', quoted(type.name));
}

/** `sizeof (int)`, `sizeof x`: in bytes. */
export function compileSizeof({ of }: Sizeof, compile: (operand: Expression) => Value): Value {
  const bytes = of.kind === 'type' ? typeBytes(of) : valueBytes(compile(of), of);
  return { type: 'integer', read: () => bytes, ctype: UINT64 };
}

const typeBytes = (type: TypeName): number =>
  type.pointers === 0 && type.name === 'string' ? STRING_BYTES : integerType(type).bytes;

function valueBytes(value: Value, node: Expression): number {
  if (value.type === 'integer') return (ctypeIn(value) ?? INT64).bytes;
  if (value.type === 'string') return STRING_BYTES;
  if (value.type === 'struct') return INT64.bytes;
  throw new DError(node.at, 'an integer, a string or a pointer', describe(value, node));
}
