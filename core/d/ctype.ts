import { wrap, type Integer } from './integer.js';

/** An integer type of C under the LP64 model. */
export interface CType {
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly isSigned: boolean;
}

type Row = readonly [bytes: CType['bytes'], isSigned: boolean, names: readonly string[]];

const ROWS: readonly Row[] = [
  [1, true, ['char', 'signed char', 'int8_t']],
  [1, false, ['unsigned char', 'uint8_t', 'uchar_t', 'u_char']],
  [2, true, ['short', 'int16_t']],
  [2, false, ['unsigned short', 'uint16_t', 'ushort_t', 'u_short']],
  [
    4,
    true,
    ['int', 'signed', 'int32_t', 'pid_t', 'id_t', 'zoneid_t', 'boolean_t', 'processorid_t'],
  ],
  [4, false, ['unsigned', 'unsigned int', 'uint32_t', 'uint_t', 'u_int', 'uid_t', 'gid_t']],
  [4, false, ['ipaddr_t', 'in_addr_t']],
  [8, true, ['long', 'long long', 'int64_t', 'longlong_t', 'ssize_t', 'intptr_t', 'off_t']],
  [8, true, ['time_t', 'hrtime_t']],
  [8, false, ['unsigned long', 'unsigned long long', 'uint64_t', 'ulong_t', 'u_longlong_t']],
  [8, false, ['u_long', 'size_t', 'uintptr_t']],
];

const CTYPES: ReadonlyMap<string, CType> = new Map(
  ROWS.flatMap(([bytes, isSigned, names]) =>
    names.map((name): [string, CType] => [name, { name, bytes, isSigned }]),
  ),
);

const typeNamed = (name: string): CType => {
  const type = CTYPES.get(name);
  if (type === undefined) throw new TypeError(`no type ${name}`);
  return type;
};

export const INT = typeNamed('int');
export const INT64 = typeNamed('int64_t');
export const UINT64 = typeNamed('uint64_t');

/** `unsigned long int`, `short int` and the like by the name they have without "int". */
export function ctypeOf(words: string): CType | null {
  const known = CTYPES.get(words);
  if (known !== undefined) return known;
  const short = words
    .split(' ')
    .filter((word) => word !== 'int' && word !== 'signed')
    .join(' ');
  return CTYPES.get(short) ?? null;
}

/** The value as a variable of this type holds it: C's conversion. */
export function truncated(value: Integer, { bytes, isSigned }: CType): Integer {
  if (bytes === 8) return value;
  if (typeof value === 'number' && (value | 0) === value) {
    if (bytes === 4) return isSigned ? value : value >>> 0;
    const shift = 32 - bytes * 8;
    return isSigned ? (value << shift) >> shift : (value << shift) >>> shift;
  }
  const bits = bytes * 8;
  const whole = BigInt(value);
  return wrap(isSigned ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole));
}

/** Type of a sum of the two: C's usual arithmetic conversions. */
export function promoted(first: CType, second: CType): CType {
  const [a, b] = [first.bytes < 4 ? INT : first, second.bytes < 4 ? INT : second];
  if (a.bytes !== b.bytes) return a.bytes > b.bytes ? a : b;
  return a.isSigned ? b : a;
}

export const isUnsigned64 = (type: CType | undefined): boolean =>
  type?.bytes === 8 && !type.isSigned;

/** The same 64 bits, read without a sign. */
export const unsigned = (value: Integer): Integer =>
  value >= 0 ? value : BigInt.asUintN(64, BigInt(value));
