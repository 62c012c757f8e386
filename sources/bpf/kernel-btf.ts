import { RoutetapError } from '../../core/errors.js';
import type { TracedParameter } from '../../core/trace/model.js';
import { WantedNames } from './wanted-names.js';

/** What a function is called with and gives, in C. */
export interface Prototype {
  /** Number of the function's type in this BTF. */
  readonly id: number;
  readonly parameters: readonly TracedParameter[];
  /** `void` for none. */
  readonly returns: string;
}

/** include/uapi/linux/btf.h */
const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const TYPE_WORDS = 3;

/** BTF_KIND_* */
const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** By kind: words after the three every type has. */
const FIXED_WORDS = Uint8Array.of(0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
/** By kind: words of each member, parameter or value. */
const MEMBER_WORDS = Uint8Array.of(0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3);

/** Types within types; the kernel's own limit is 32. */
const MAX_DEPTH = 32;

const wrong = (expected: string): RoutetapError =>
  new RoutetapError('runtime', `BTF of the kernel: expected ${expected}`);

const vlenOf = (info: number): number => info & 0xff_ff;
const kindOf = (info: number): number => (info >>> 24) & 0x1f;

/** A section as words in the host's order. */
function wordsOf(bytes: Uint8Array, start: number, length: number): Uint32Array {
  const at = bytes.byteOffset + start;
  return at % 4 === 0
    ? new Uint32Array(bytes.buffer, at, length >>> 2)
    : new Uint32Array(Uint8Array.from(bytes.subarray(start, start + length)).buffer);
}

/** Where each type starts, in words; type 1 is the first, 0 is void. */
function indexTypes(types: Uint32Array): Uint32Array {
  const starts = new Uint32Array(Math.floor(types.length / TYPE_WORDS) + 1);
  let count = 1;
  let at = 0;
  while (at < types.length) {
    const info = types[at + 1] ?? 0;
    const kind = kindOf(info);
    if (kind === 0 || kind > KIND.enum64) throw wrong(`a kind of type up to 19, got ${kind}`);
    starts[count] = at;
    count += 1;
    at += TYPE_WORDS + (FIXED_WORDS[kind] ?? 0) + (MEMBER_WORDS[kind] ?? 0) * vlenOf(info);
  }
  if (at !== types.length) throw wrong('whole types, got one that ends after its section');
  return starts.subarray(0, count);
}

/** Types of a kernel: the bytes of /sys/kernel/btf/vmlinux. Throws a RoutetapError (`runtime`) for bytes that are none. */
export class KernelBtf {
  readonly #types: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #strings: Buffer;

  constructor(bytes: Uint8Array) {
    if (bytes.length < HEADER_BYTES) throw wrong(`a header, got ${bytes.length} bytes`);
    const head = wordsOf(bytes, 0, HEADER_BYTES);
    const magic = (head[0] ?? 0) & 0xff_ff;
    if (magic !== MAGIC) throw wrong(`the magic number 0xeb9f, got 0x${magic.toString(16)}`);
    const [, headerBytes = 0, typeOffset = 0, typeBytes = 0, stringOffset = 0, stringBytes = 0] =
      head;
    const typesAt = headerBytes + typeOffset;
    const stringsAt = headerBytes + stringOffset;
    const isWhole =
      headerBytes >= HEADER_BYTES &&
      typeBytes % 4 === 0 &&
      typesAt + typeBytes <= bytes.length &&
      stringsAt + stringBytes <= bytes.length;
    if (!isWhole) throw wrong(`sections within the file, got a header of ${bytes.length} bytes`);
    this.#types = wordsOf(bytes, typesAt, typeBytes);
    this.#strings = Buffer.from(bytes.buffer, bytes.byteOffset + stringsAt, stringBytes);
    this.#starts = indexTypes(this.#types);
  }

  /** Prototypes of those of `functions` that are in this kernel. */
  prototypes(functions: Iterable<string>): Map<string, Prototype> {
    const found = new Map<string, Prototype>();
    const wanted = new WantedNames(functions);
    this.#each(wanted, [KIND.func], (name, at, id) => {
      // Of several with one name the first: the kernel takes that one, too.
      if (!found.has(name)) found.set(name, { id, ...this.#prototype(this.#word(at + 2)) });
    });
    return found;
  }

  /** Values of `enum name`, by number; empty when there is none. */
  enumNames(name: string): Map<number, string> {
    const values = new Map<number, string>();
    this.#each(new WantedNames([name]), [KIND.enum, KIND.enum64], (_name, at) => {
      if (values.size === 0) this.#readValues(at, values);
    });
    return values;
  }

  #each(
    wanted: WantedNames,
    kinds: readonly number[],
    take: (name: string, at: number, id: number) => void,
  ): void {
    const types = this.#types;
    const strings = this.#strings;
    const [first = 0, second = first] = kinds;
    for (let id = 1; id < this.#starts.length; id += 1) {
      const at = this.#starts[id] ?? 0;
      const kind = kindOf(types[at + 1] ?? 0);
      if (kind !== first && kind !== second) continue;
      const nameAt = types[at] ?? 0;
      if (!wanted.mayStand(strings, nameAt)) continue;
      const name = this.#text(nameAt);
      if (wanted.has(name)) take(name, at, id);
    }
  }

  #readValues(at: number, values: Map<number, string>): void {
    const info = this.#word(at + 1);
    const isWide = kindOf(info) === KIND.enum64;
    const isSigned = info >>> 31 === 1;
    const words = isWide ? 3 : 2;
    for (let index = 0; index < vlenOf(info); index += 1) {
      const member = at + TYPE_WORDS + index * words;
      const low = this.#word(member + 1);
      const high = isWide ? this.#word(member + 2) : 0;
      const value = isWide
        ? (isSigned ? high | 0 : high) * 2 ** 32 + low
        : isSigned
          ? low | 0
          : low;
      values.set(value, this.#text(this.#word(member)));
    }
  }

  #prototype(id: number, depth = 0): Omit<Prototype, 'id'> {
    const at = this.#start(id);
    const info = this.#word(at + 1);
    if (kindOf(info) !== KIND.funcProto) throw wrong('a prototype behind each function');
    return {
      parameters: Array.from({ length: vlenOf(info) }, (_, index) => {
        const parameter = at + TYPE_WORDS + index * 2;
        const type = this.#word(parameter + 1);
        return {
          name: this.#text(this.#word(parameter)),
          // No type: the variable arguments at the end.
          type: type === 0 ? '...' : this.#type(type, depth + 1),
        };
      }),
      returns: this.#type(this.#word(at + 2), depth + 1),
    };
  }

  #type(id: number, depth: number): string {
    if (depth > MAX_DEPTH) throw wrong(`at most ${MAX_DEPTH} types within each other`);
    if (id === 0) return 'void';
    const at = this.#start(id);
    const info = this.#word(at + 1);
    const behind = this.#word(at + 2);
    const name = this.#text(this.#word(at)) || '{…}';
    switch (kindOf(info)) {
      case KIND.ptr:
        return this.#pointer(behind, depth);
      case KIND.const:
        return this.#qualified('const', behind, depth);
      case KIND.volatile:
        return this.#qualified('volatile', behind, depth);
      case KIND.restrict:
      case KIND.typeTag:
        return this.#type(behind, depth + 1);
      case KIND.array:
        return `${this.#type(this.#word(at + 3), depth + 1)}[${this.#word(at + 5)}]`;
      case KIND.funcProto:
        return this.#function(id, '', depth);
      case KIND.struct:
        return `struct ${name}`;
      case KIND.union:
        return `union ${name}`;
      case KIND.enum:
      case KIND.enum64:
        return `enum ${name}`;
      case KIND.fwd:
        return `${info >>> 31 === 1 ? 'union' : 'struct'} ${name}`;
      case KIND.int:
      case KIND.float:
      case KIND.typedef:
        return name;
      default:
        throw wrong(`a type that a value can have, got kind ${kindOf(info)}`);
    }
  }

  #function(id: number, declared: string, depth: number): string {
    const { parameters, returns } = this.#prototype(id, depth + 1);
    const types = parameters.length === 0 ? 'void' : parameters.map(({ type }) => type).join(', ');
    return `${returns} ${declared}(${types})`;
  }

  #pointer(to: number, depth: number): string {
    if (to !== 0 && kindOf(this.#word(this.#start(to) + 1)) === KIND.funcProto) {
      return this.#function(to, '(*)', depth);
    }
    const text = this.#type(to, depth + 1);
    return text.endsWith('*') ? `${text}*` : `${text} *`;
  }

  /** Right of a pointer, else on the left: as C reads it. */
  #qualified(word: string, type: number, depth: number): string {
    const text = this.#type(type, depth + 1);
    return text.endsWith('*') ? `${text} ${word}` : `${word} ${text}`;
  }

  #start(id: number): number {
    const start = id === 0 ? undefined : this.#starts[id];
    if (start === undefined) throw wrong(`a type up to ${this.#starts.length - 1}, got ${id}`);
    return start;
  }

  #word(at: number): number {
    return this.#types[at] ?? 0;
  }

  #text(at: number): string {
    const end = this.#strings.indexOf(0, at);
    if (at >= this.#strings.length || end < 0) {
      throw wrong(`a name within ${this.#strings.length} bytes of text, got one at ${at}`);
    }
    return this.#strings.toString('latin1', at, end);
  }
}
