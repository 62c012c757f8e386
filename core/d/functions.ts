import type { RouteEvent } from '../event.js';
import { prefixMatcher } from '../prefix-match.js';
import { parsePrefix } from '../wire/address.js';
import type { Expression } from './ast.js';
import { DError, quoted } from './d-error.js';
import type { Integer } from './integer.js';
import type { ArrayValue, Value } from './values.js';

type Text = (event: RouteEvent) => string;
type Whole = (event: RouteEvent) => Integer;

/** Parameters of a call as the signature says they are: already checked, already compiled. */
export interface CompiledParameters {
  readonly nodes: readonly Expression[];
  readonly values: readonly Value[];
  text(index: number): Text;
  integer(index: number): Whole;
  array(index: number): ArrayValue;
}

export interface DFunction {
  /** One entry per parameter; `?` at the end: may be left out. */
  readonly parameters: readonly ('string' | 'integer' | 'integer?' | 'array')[];
  readonly compile: (parameters: CompiledParameters) => Value;
}

const text = (read: Text): Value => ({ type: 'string', read });
const whole = (read: Whole): Value => ({ type: 'integer', read });
const truth = (test: (event: RouteEvent) => boolean): Value => ({
  type: 'integer',
  test,
  read: (event) => (test(event) ? 1 : 0),
});

/** DTrace's string functions, and two for what D has no word: `within` for prefixes, `has` for lists. */
export const FUNCTIONS: ReadonlyMap<string, DFunction> = new Map<string, DFunction>([
  ['strlen', { parameters: ['string'], compile: (given) => strlen(given.text(0)) }],
  ['strstr', { parameters: ['string', 'string'], compile: strstr }],
  ['index', { parameters: ['string', 'string', 'integer?'], compile: index }],
  ['substr', { parameters: ['string', 'integer', 'integer?'], compile: substr }],
  ['strjoin', { parameters: ['string', 'string'], compile: strjoin }],
  [
    'tolower',
    { parameters: ['string'], compile: (given) => mapped(given.text(0), (s) => s.toLowerCase()) },
  ],
  [
    'toupper',
    { parameters: ['string'], compile: (given) => mapped(given.text(0), (s) => s.toUpperCase()) },
  ],
  ['within', { parameters: ['string', 'string'], compile: within }],
  ['has', { parameters: ['array', 'string'], compile: has }],
]);

const mapped = (read: Text, change: (value: string) => string): Value =>
  text((event) => change(read(event)));

const strlen = (read: Text): Value => whole((event) => read(event).length);

/** From the first place where the second string stands to the end; missing where it stands nowhere. */
function strstr(given: CompiledParameters): Value {
  const [where, what] = [given.text(0), given.text(1)];
  return text((event) => {
    const string = where(event);
    const at = string.indexOf(what(event));
    return at < 0 ? '' : string.slice(at);
  });
}

/** Offset of the second string in the first, -1 where it stands nowhere. */
function index(given: CompiledParameters): Value {
  const [where, what, from] = [given.text(0), given.text(1), given.integer(2)];
  return whole((event) => where(event).indexOf(what(event), Number(from(event))));
}

/** As in DTrace, a negative offset counts from the end; without a length to the end. */
function substr(given: CompiledParameters): Value {
  const [where, from] = [given.text(0), given.integer(1)];
  const length = given.nodes[2] === undefined ? null : given.integer(2);
  return text((event) => {
    const string = where(event);
    const start = Number(from(event));
    const begin = start < 0 ? Math.max(0, string.length + start) : start;
    if (length === null) return string.slice(begin);
    const wanted = Number(length(event));
    return string.slice(begin, wanted < 0 ? string.length + wanted : begin + wanted);
  });
}

function strjoin(given: CompiledParameters): Value {
  const [first, second] = [given.text(0), given.text(1)];
  return text((event) => first(event) + second(event));
}

/** True when the first, an address or prefix, lies in the second, a prefix. */
function within(given: CompiledParameters): Value {
  const inner = given.text(0);
  const node = given.nodes[1];
  if (node?.kind !== 'string') {
    const outer = given.text(1);
    return truth((event) => {
      const prefix = parsePrefix(outer(event));
      return prefix !== null && prefixMatcher(prefix)(inner(event));
    });
  }
  const prefix = parsePrefix(node.value);
  if (prefix === null) {
    throw new DError(node.at, 'a prefix such as "10.0.0.0/8"', quoted(node.value));
  }
  const inside = prefixMatcher(prefix);
  return truth((event) => inside(inner(event)));
}

/** True when the list holds the string: has(route.flags, "offload"). */
function has(given: CompiledParameters): Value {
  const { read } = given.array(0);
  const wanted = given.text(1);
  return truth((event) => read(event).includes(wanted(event)));
}
