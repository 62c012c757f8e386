import { AF } from '../../wire/constants.js';
import { inet4Text, parsePrefix, parseAddress, addressText } from '../../wire/address.js';
import type { RouteEvent } from '../../event.js';
import { INT, INT64, type CType } from '../ctype.js';
import { DError } from '../d-error.js';
import { FUNCTIONS, type CompiledParameters, type DFunction } from '../functions.js';
import { wrap, type Integer } from '../integer.js';
import { describe, integerOf, textOf } from '../typed.js';
import type { Value } from '../values.js';
import type { ProgramState } from './state.js';

type Text = (event: RouteEvent) => string;

const text = (read: Text): Value => ({ type: 'string', read });
const whole = (read: (event: RouteEvent) => Integer, ctype: CType = INT64): Value => ({
  type: 'integer',
  read,
  ctype,
});

const ofText = (change: (value: string) => string): DFunction => ({
  parameters: ['string'],
  compile: (given) => {
    const read = given.text(0);
    return text((event) => change(read(event)));
  },
});

/** The bytes of the low part of an integer the other way round, as htonl(3) does on a little-endian machine. */
const swapped = (bytes: number): DFunction => ({
  parameters: ['integer'],
  compile: (given) => {
    const read = given.integer(0);
    return whole((event) => {
      let left = BigInt.asUintN(bytes * 8, BigInt(read(event)));
      let value = 0n;
      for (let index = 0; index < bytes; index += 1) {
        value = (value << 8n) | (left & 0xffn);
        left >>= 8n;
      }
      return wrap(value);
    });
  },
});

/** Up to the first character `what`, or from it to the end. */
const strchr = (isLast: boolean): DFunction => ({
  parameters: ['string', 'integer'],
  compile: (given) => {
    const [where, what] = [given.text(0), given.integer(1)];
    return text((event) => {
      const string = where(event);
      const character = String.fromCharCode(Number(what(event)) & 0xff);
      const at = isLast ? string.lastIndexOf(character) : string.indexOf(character);
      return at < 0 ? '' : string.slice(at);
    });
  },
});

function basename(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path === '' ? '.' : '/';
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

function dirname(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return trimmed === '' && path !== '' ? '/' : '.';
  return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
}

/** Without "//", "/./" and "/../", as far as the text alone tells. */
function cleanpath(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (part !== '' && part !== '.' && !(part === '..' && path.startsWith('/')))
      kept.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + kept.join('/');
}

function rindex(given: CompiledParameters): Value {
  const [where, what] = [given.text(0), given.text(1)];
  const from = given.nodes[2] === undefined ? null : given.integer(2);
  return whole(
    (event) =>
      from === null
        ? where(event).lastIndexOf(what(event))
        : Number(from(event)) < 0
          ? -1
          : where(event).lastIndexOf(what(event), Number(from(event))),
    INT,
  );
}

function lltostr(given: CompiledParameters): Value {
  const value = given.integer(0);
  const base = given.nodes[1] === undefined ? () => 10 : given.integer(1);
  return text((event) => {
    const radix = Number(base(event));
    if (radix < 2 || radix > 36) return '';
    const number = value(event);
    // As DTrace: only decimal numbers have a sign, hexadecimal and octal ones the prefix of C.
    if (radix === 10) return number.toString(10);
    const digits = BigInt.asUintN(64, BigInt(number)).toString(radix);
    return radix === 16 ? `0x${digits}` : radix === 8 ? `0${digits}` : digits;
  });
}

/** The number a text begins with, 0 without. */
function strtoll(given: CompiledParameters): Value {
  const value = given.text(0);
  const base = given.nodes[1] === undefined ? () => 10 : given.integer(1);
  return whole((event) => {
    const radix = Number(base(event));
    const [, sign, digits = ''] =
      /^\s*([+-]?)(?:0x(?=[0-9a-f]))?([0-9a-z]*)/i.exec(value(event)) ?? [];
    let number = 0n;
    for (const digit of digits) {
      const step = parseInt(digit, 36);
      if (step >= radix) break;
      number = number * BigInt(radix) + BigInt(step);
    }
    return wrap(sign === '-' ? -number : number);
  });
}

/** An ipaddr_t in network byte order, as memory of a little-endian machine holds it, or the text of an address. */
function inetNtoa(given: CompiledParameters): Value {
  const [value, node] = [given.values[0], given.nodes[0]];
  if (value === undefined || node === undefined) return text(() => '');
  if (value.type === 'string' || value.type === 'unknown')
    return text(addressOf(textOf(value, node)));
  const read = integerOf(value, node);
  return text((event) => {
    const word = Number(BigInt.asUintN(32, BigInt(read(event))));
    const swap = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
    return inet4Text(swap >>> 0);
  });
}

/** The address of an address or prefix in text, in its shortest form; the text itself when it is neither. */
const addressOf =
  (read: Text): Text =>
  (event) => {
    const given = read(event);
    const prefix = parsePrefix(given);
    if (prefix === null || prefix.family === AF.UNSPEC) return given;
    return addressText(prefix.bytes, 0, prefix.bytes.length);
  };

function inetNtop(given: CompiledParameters): Value {
  const [value, node] = [given.values[1], given.nodes[1]];
  if (value === undefined || node === undefined) return text(() => '');
  given.integer(0);
  if (value.type === 'string' || value.type === 'unknown')
    return text(addressOf(textOf(value, node)));
  throw new DError(node.at, 'the text of an address', describe(value, node));
}

function inet6Ntoa(given: CompiledParameters): Value {
  const read = given.text(0);
  return text((event) => {
    const bytes = parseAddress(read(event));
    return bytes === null ? read(event) : addressText(bytes, 0, bytes.length);
  });
}

/** strtok(string, separators), then strtok(NULL, separators) for the next part; missing where there is none. */
const strtok = (): DFunction => {
  let rest = '';
  return {
    parameters: ['string', 'string'],
    compile: (given) => {
      const goesOn = given.values[0]?.type === 'null';
      const [string, separators] = [given.text(0), given.text(1)];
      return text((event) => {
        if (!goesOn) rest = string(event);
        const ends = separators(event);
        let from = 0;
        while (from < rest.length && ends.includes(rest.charAt(from))) from += 1;
        let to = from;
        while (to < rest.length && !ends.includes(rest.charAt(to))) to += 1;
        const part = rest.slice(from, to);
        rest = rest.slice(to + 1);
        return part;
      });
    },
  };
};

/** Every function a program can call in an expression. What makes strings cuts them to strsize. */
export function programFunctions(state: ProgramState): ReadonlyMap<string, DFunction> {
  const functions = new Map<string, DFunction>([
    ...FUNCTIONS,
    ['strchr', strchr(false)],
    ['strrchr', strchr(true)],
    ['strtok', strtok()],
    ['rindex', { parameters: ['string', 'string', 'integer?'], compile: rindex }],
    ['basename', ofText(basename)],
    ['dirname', ofText(dirname)],
    ['cleanpath', ofText(cleanpath)],
    ['lltostr', { parameters: ['integer', 'integer?'], compile: lltostr }],
    ['strtoll', { parameters: ['string', 'integer?'], compile: strtoll }],
    ['inet_ntoa', { parameters: ['integer'], compile: inetNtoa }],
    ['inet_ntoa6', { parameters: ['string'], compile: inet6Ntoa }],
    ['inet_ntop', { parameters: ['integer', 'string'], compile: inetNtop }],
    ['htons', swapped(2)],
    ['ntohs', swapped(2)],
    ['htonl', swapped(4)],
    ['ntohl', swapped(4)],
    ['htonll', swapped(8)],
    ['ntohll', swapped(8)],
    [
      'rand',
      { parameters: [], compile: () => whole(() => Math.floor(Math.random() * 2 ** 31), INT) },
    ],
  ]);
  for (const [name, found] of functions) functions.set(name, cutting(found, state));
  return functions;
}

const cutting = (found: DFunction, state: ProgramState): DFunction => ({
  parameters: found.parameters,
  compile: (given) => {
    const value = found.compile(given);
    if (value.type !== 'string') return value;
    return { type: 'string', read: (event) => state.cut(value.read(event)) };
  },
});
