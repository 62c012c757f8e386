import type { Call } from './call.js';

/** What a function gave back, as its type in C has it. */
export type Returned =
  | { readonly kind: 'void' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** Sign-extended, or unsigned where the type says so; `errno` where it lies in -4095..-1. */
  | { readonly kind: 'number'; readonly value: number; readonly errno: number }
  | { readonly kind: 'reason'; readonly value: number }
  | { readonly kind: 'address'; readonly value: number }
  /** `errno` for ERR_PTR, else 0. */
  | { readonly kind: 'pointer'; readonly value: bigint; readonly errno: number };

const MAX_ERRNO = 4095;
const QUALIFIERS = /\b(?:const|volatile|static|inline|extern)\b/g;

const errnoIn = (value: number): number => (value < 0 && value >= -MAX_ERRNO ? -value : 0);

function number(value: number): Returned {
  return { kind: 'number', value, errno: errnoIn(value) };
}

function pointer(ret: bigint): Returned {
  const isErrno = ret < 0n && ret >= BigInt(-MAX_ERRNO);
  const value = BigInt.asUintN(64, ret);
  return { kind: 'pointer', value, errno: isErrno ? Number(-ret) : 0 };
}

const UNSIGNED = /^(?:u8|u16|u32|__u8|__u16|__u32|unsigned int|unsigned|size_t)$/;

/** Null: not ended, or its end is lost. */
export function returnedOf(call: Call): Returned | null {
  const { end } = call;
  if (end === null) return null;
  const type = call.function.returns.replace(QUALIFIERS, '').replace(/\s+/g, ' ').trim();
  const { ret } = end;
  if (type === 'void') return { kind: 'void' };
  if (type.endsWith('*')) return pointer(ret);
  if (type === 'bool' || type === '_Bool') return { kind: 'bool', value: (ret & 0xffn) !== 0n };
  if (type.includes('drop_reason')) return { kind: 'reason', value: Number(ret & 0xffff_ffffn) };
  if (type === '__be32') return { kind: 'address', value: Number(ret & 0xffff_ffffn) };
  if (UNSIGNED.test(type)) return number(Number(ret & 0xffff_ffffn));
  if (type === 'long' || type === 'ssize_t') return number(Number(ret));
  // Not known: a pointer shows itself by its upper half.
  if (type === '' && ret >> 32n !== 0n && ret >> 32n !== -1n) return pointer(ret);
  return number(Number(BigInt.asIntN(32, ret)));
}

/** A positive errno; 0 for none, and for what has not ended. */
export function errnoOf(call: Call): number {
  const returned = returnedOf(call);
  return returned?.kind === 'number' || returned?.kind === 'pointer' ? returned.errno : 0;
}

/** True for a null pointer, false, and 0. */
export function isNothing(returned: Returned): boolean {
  return 'value' in returned && !returned.value;
}
