import { escapeText } from '../../format/escape.js';
import { DError, quoted } from '../d-error.js';
import { toInteger, type Integer } from '../integer.js';

/** Widest a field is made; a wider one asked for by `*` is cut to this. */
export const MAX_WIDTH = 4096;

/** One conversion of a format, `%-8d`, as it was written. */
export interface Directive {
  /** Offset of the `%` in the format. */
  readonly at: number;
  readonly text: string;
  /** `%@d`: takes the value of an aggregation. */
  readonly aggregation: boolean;
  readonly flags: string;
  readonly width: number | '*' | null;
  readonly precision: number | '*' | null;
  readonly conversion: string;
}

/** How a field is set, widths already known; no precision: null. */
export interface Field {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | null;
}

export type ConversionKind = 'integer' | 'string';

/** The conversions and what each takes. */
export const CONVERSIONS: Readonly<Record<string, ConversionKind>> = {
  d: 'integer',
  i: 'integer',
  u: 'integer',
  o: 'integer',
  x: 'integer',
  X: 'integer',
  p: 'integer',
  c: 'integer',
  Y: 'integer',
  P: 'integer',
  s: 'string',
  S: 'string',
};

/** What was probably meant by a letter that is no conversion here. */
const NEAREST: Readonly<Record<string, string>> = {
  D: '%d',
  I: '%i',
  U: '%u',
  O: '%o',
  C: '%c',
  y: '%Y',
  T: '%Y',
  f: '%d',
  F: '%d',
  e: '%d',
  E: '%d',
  g: '%d',
  G: '%d',
  b: '%x',
  a: '%p',
  A: '%p',
};

const DIRECTIVE = /%([-+ #0'@]*)(\*|\d+)?(@)?(?:\.(\*|\d*))?(@)?(?:hh|h|ll|l|L)?(\P{Cs}|)/suy;

const sizeOf = (text: string | undefined): number | '*' | null => {
  if (text === undefined) return null;
  return text === '*' ? '*' : Number(text);
};

/** Text and conversions of a format, in order; `%%` is text. Throws a DError at `place(offset)`. */
export function parseFormat(
  format: string,
  place: (offset: number) => number,
): (string | Directive)[] {
  const parts: (string | Directive)[] = [];
  let literal = '';
  for (let at = 0; at < format.length;) {
    const next = format.indexOf('%', at);
    literal += format.slice(at, next < 0 ? format.length : next);
    if (next < 0) break;
    DIRECTIVE.lastIndex = next;
    const [text = '%', flags = '', width, late, precision, last, conversion = ''] =
      DIRECTIVE.exec(format) ?? [];
    at = next + text.length;
    if (conversion === '%') {
      literal += '%';
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    const directive: Directive = {
      at: next,
      text,
      aggregation: flags.includes('@') || late !== undefined || last !== undefined,
      flags: flags.replaceAll('@', ''),
      width: sizeOf(width),
      precision: precision === '' ? 0 : sizeOf(precision),
      conversion,
    };
    check(directive, place);
    parts.push(directive);
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

function check(
  { at, text, conversion, width, precision }: Directive,
  place: (offset: number) => number,
): void {
  if (conversion === '') {
    throw new DError(
      place(at),
      'a conversion such as %d or %s (%% for a percent sign)',
      quoted(text),
    );
  }
  if (!Object.hasOwn(CONVERSIONS, conversion)) {
    const kind = /[efg]/i.test(conversion) ? 'a conversion of integers or strings' : 'a conversion';
    throw new DError(
      place(at),
      `${kind} (%${Object.keys(CONVERSIONS).join(' %')} %%)`,
      quoted(text),
      NEAREST[conversion] ?? null,
    );
  }
  for (const size of [width, precision]) {
    if (typeof size === 'number' && size > MAX_WIDTH) {
      throw new DError(place(at), `a width up to ${MAX_WIDTH}`, quoted(text));
    }
  }
}

const pad = (text: string, { flags, width }: Field): string =>
  flags.includes('-') ? text.padEnd(width) : text.padStart(width);

/** The value as an integer type of so many bytes without a sign has it. */
const unsigned = (value: Integer, bytes: number): Integer =>
  value < 0 ? BigInt.asUintN(bytes * 8, BigInt(value)) : value;

const grouped = (digits: string): string => digits.replace(/\B(?=(?:\d{3})+$)/g, ',');

function digitsOf(conversion: string, value: Integer, bytes: number): string {
  switch (conversion) {
    case 'o':
      return unsigned(value, bytes).toString(8);
    case 'x':
    case 'p':
      return unsigned(value, bytes).toString(16);
    case 'X':
      return unsigned(value, bytes).toString(16).toUpperCase();
    case 'u':
      return String(unsigned(value, bytes));
    default:
      return String(value < 0 ? -BigInt(value) : value);
  }
}

function signOf(conversion: string, value: Integer, flags: string): string {
  if (conversion === 'd' || conversion === 'i') {
    if (value < 0) return '-';
    if (flags.includes('+')) return '+';
    return flags.includes(' ') ? ' ' : '';
  }
  const prefixed = flags.includes('#') && value !== 0 && /[xX]/.test(conversion);
  return prefixed ? `0${conversion}` : '';
}

/** %d %i %u %o %x %X %p, as printf(3) sets them. */
export function integerField(
  conversion: string,
  value: Integer,
  bytes: number,
  field: Field,
): string {
  const { flags, width, precision } = field;
  const sign = signOf(conversion, value, flags);
  let digits = value === 0 && precision === 0 ? '' : digitsOf(conversion, value, bytes);
  digits = digits.padStart(precision ?? 0, '0');
  if (conversion === 'o' && flags.includes('#') && !digits.startsWith('0')) digits = `0${digits}`;
  if (flags.includes("'") && /[diu]/.test(conversion)) digits = grouped(digits);
  if (flags.includes('0') && !flags.includes('-') && precision === null) {
    digits = digits.padStart(width - sign.length, '0');
  }
  return pad(sign + digits, field);
}

const NAMED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** %S: what a D string literal would need to be escaped is, the rest of what is unsafe too. */
const sourceText = (text: string): string =>
  text.replace(/[^\x07-\r"\\]+|./gsu, (part) => NAMED[part] ?? escapeText(part));

/** %s and %S. Texts from outside are escaped; what the program itself wrote (`literal`) goes through. */
export function stringField(
  conversion: string,
  value: Integer | string,
  literal: boolean,
  field: Field,
): string {
  let text = String(value);
  const { precision } = field;
  if (precision !== null && text.length > precision)
    text = Array.from(text).slice(0, precision).join('');
  if (conversion === 'S') text = sourceText(text);
  else if (!literal) text = escapeText(text);
  return pad(text, field);
}

/** %c: the low byte as a character. */
export function characterField(value: Integer, literal: boolean, field: Field): string {
  const character = String.fromCharCode(Number(BigInt.asUintN(8, BigInt(value))));
  return pad(literal ? character : escapeText(character), field);
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** %Y: nanoseconds since the epoch as local time, `2026 Nov 28 10:15:30`. */
export function dateField(value: Integer, field: Field): string {
  // As a double, nanoseconds of our days are off by up to 128 and could round up to the next second.
  const date = new Date(Number((BigInt(value) - (value < 0 ? 999_999n : 0n)) / 1_000_000n));
  const day = String(date.getDate()).padStart(2);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return pad(`${date.getFullYear()} ${MONTHS[date.getMonth()] ?? ''} ${day} ${time}`, field);
}

/** %P: the low 16 bits as a port number. */
export function portField(value: Integer, field: Field): string {
  return pad(String(BigInt.asUintN(16, BigInt(value))), field);
}

/** A value whose type is known only now, as the integer or text a conversion takes. */
export const integerFrom = (value: Integer | string): Integer =>
  typeof value === 'string' ? toInteger(value) : value;
