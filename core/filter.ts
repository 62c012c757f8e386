import { compilePredicate, type Predicate } from './d/compile.js';
import { quoted } from './d/d-error.js';
import { nearestName } from './d/nearest-name.js';
import { usageError, type RoutetapError } from './errors.js';
import { PROBES, type Family, type Probe, type RouteEvent, type RoutetapRecord } from './event.js';
import { prefixMatcher } from './prefix-match.js';
import type { RouteBody } from './route-body.js';
import { previousBody, previousKey, routeBody, routeKey, type RouteKey } from './route-sides.js';
import { parsePrefix } from './wire/address.js';

/** What a user may ask for; whatever is left out lets everything pass. */
export interface FilterOptions {
  readonly probes?: readonly Probe[];
  readonly family?: Family;
  /** RTA_TABLE numbers; of a miss the last table asked. */
  readonly tables?: readonly number[];
  /** This prefix and everything inside it; `default` means the default routes themselves. */
  readonly dst?: string;
  /** Interface of any nexthop; of a miss the one its packet came in by or is bound to. */
  readonly dev?: string;
  /** Routing protocols by iproute2's names, or numbers as text where there is no name. */
  readonly protocols?: readonly string[];
  /** A D predicate (docs/where.md). */
  readonly where?: string;
}

type SideTest = (key: RouteKey, body: RouteBody, event: RouteEvent) => boolean;

/**
 * Tests records against the options. Records that are no route events always pass: a gap or a status
 * concerns everybody. An event passes when its route or the one before it matches, so that a change
 * away from what was asked for is seen too.
 *
 * Throws a RoutetapError of kind `usage`: one line naming the option, what was expected and what was got.
 */
export function recordFilter(options: FilterOptions): (record: RoutetapRecord) => boolean {
  const tests = [...eventTests(options)];
  const [only] = tests;
  if (only === undefined) return () => true;
  if (tests.length === 1) return (record) => record.type !== 'route' || only(record);
  return (record) => record.type !== 'route' || tests.every((test) => test(record));
}

function* eventTests(options: FilterOptions): Generator<Predicate> {
  const { probes, where } = options;
  if (probes !== undefined) {
    for (const probe of probes) checkName('--probe', probe, PROBES);
    const wanted = new Set<string>(probes);
    yield (event) => wanted.has(event.probe);
  }
  const sides = [...sideTests(options)];
  if (sides.length > 0) yield eitherSide(sides);
  // Last: the others are cheaper.
  if (where !== undefined) yield compilePredicate(where);
}

function eitherSide(tests: readonly SideTest[]): Predicate {
  const matches = (key: RouteKey, body: RouteBody, event: RouteEvent): boolean => {
    for (const test of tests) if (!test(key, body, event)) return false;
    return true;
  };
  return (event: RouteEvent) => {
    if (matches(routeKey(event), routeBody(event), event)) return true;
    const key = previousKey(event);
    const body = previousBody(event);
    return key !== null && body !== null && matches(key, body, event);
  };
}

/** Cheapest first. */
function* sideTests({ family, tables, protocols, dev, dst }: FilterOptions): Generator<SideTest> {
  if (family !== undefined) {
    checkName('--family', family, ['inet', 'inet6']);
    yield (_key, body) => body.family === family;
  }
  if (tables !== undefined) {
    for (const table of tables) checkTable(table);
    const wanted = new Set(tables);
    // A lookup that failed is of no table; the last one it asked stands for it.
    yield (key, _body, { lookup }) => wanted.has(lookup?.table ?? key.table);
  }
  if (protocols !== undefined) {
    for (const protocol of protocols) checkText('--protocol', 'the name of a protocol', protocol);
    const wanted = new Set(protocols);
    yield (_key, body) => wanted.has(body.protocol);
  }
  if (dev !== undefined) {
    checkText('--dev', 'the name of an interface', dev);
    yield (_key, body) => body.nexthops.some((nexthop) => nexthop.dev === dev);
  }
  if (dst !== undefined) {
    const prefix = typeof dst === 'string' ? parsePrefix(dst) : null;
    if (prefix === null) throw wrong('--dst', 'a prefix such as 10.0.0.0/8 or 2001:db8::/32', dst);
    const inside = prefixMatcher(prefix);
    // The route of a losing path may be wider than the one address that suffers.
    yield (key, _body, { timeout }) => inside(key.dst) || (timeout !== null && inside(timeout.dst));
  }
}

function checkName(option: string, given: string, names: readonly string[]): void {
  if (names.includes(given)) return;
  const near = typeof given === 'string' ? nearestName(given, names) : null;
  const list = `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
  throw wrong(option, list, given, near === null ? '' : `; did you mean "${near}"?`);
}

function checkTable(given: number): void {
  if (Number.isInteger(given) && given >= 0 && given <= 0xffffffff) return;
  throw wrong('--table', 'a table number from 0 to 4294967295', given);
}

function checkText(option: string, expected: string, given: string): void {
  if (typeof given !== 'string' || given === '') throw wrong(option, expected, given);
}

function wrong(option: string, expected: string, given: unknown, hint = ''): RoutetapError {
  const got = typeof given === 'string' ? quoted(given) : String(given);
  return usageError(`${option}: expected ${expected}, got ${got}${hint}`);
}
