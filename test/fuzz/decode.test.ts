import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namesFrom } from '../../core/names/names.js';
import { readAddress } from '../../core/wire/ifaddr.js';
import { readAddressLabel } from '../../core/wire/address-label.js';
import { readDeviceSettings } from '../../core/wire/device-settings.js';
import { readNeighbour } from '../../core/wire/neighbour.js';
import { readLink } from '../../core/wire/link.js';
import { readNetconf } from '../../core/wire/netconf.js';
import { readNexthop } from '../../core/wire/nexthop.js';
import { readNlError } from '../../core/wire/nlerror.js';
import { readNsid } from '../../core/wire/nsid.js';
import { readRule } from '../../core/wire/rule.js';
import { readRouteBody } from '../../core/wire/route.js';
import { RouteScan, scanRoute } from '../../core/wire/scan.js';
import { MESSAGES, messageBytes, type MessageName } from '../core/wire/messages.js';

/** Mutated messages of a run; millions in a long one. */
const MESSAGES_TO_TRY = Number(process.env['FUZZ_MESSAGES'] ?? 300_000);
/** Repeats a run. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

const NLMSGHDR_BYTES = 16;
/** No reader gives more text than this many characters for each byte it was given, plus a constant for member names. */
const CHARACTERS_PER_BYTE = 40;
const CHARACTERS_FOR_MEMBERS = 2_000;
const SLOW_MS = 20_000;

const names = namesFrom({});
const context = { deviceName: (ifindex: number) => (ifindex < 5 ? `v${ifindex}` : null), names };
const scan = new RouteScan();

type Reader = (bytes: Uint8Array, start: number, end: number) => unknown;

/** What the scanner accepts must read, and read the same twice. */
const readRoute: Reader = (bytes, start, end) => {
  if (!scanRoute(bytes, start, end, scan)) return null;
  return readRouteBody(scan.body.slice(0, scan.bodyBytes), context);
};

/** The reader on bytes no scanner has looked at. */
const readRawBody: Reader = (bytes, start, end) =>
  readRouteBody(bytes.slice(Math.min(start + 4, end), end), context);

const READERS: readonly (readonly [string, Reader])[] = [
  ['route', readRoute],
  ['raw body', readRawBody],
  ['link', readLink],
  ['device settings', readDeviceSettings],
  ['neighbour', readNeighbour],
  ['address label', readAddressLabel],
  ['address', readAddress],
  ['nexthop', (bytes, start, end) => readNexthop(bytes, start, end, context)],
  ['rule', (bytes, start, end) => readRule(bytes, start, end, names)],
  ['netconf', readNetconf],
  ['nsid', readNsid],
  ['error', readNlError],
];

/** A small generator that repeats: xorshift32. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 22, 0x7f, 0x80, 0xfe, 0xff];

/** One to six changes: bytes, lengths, types, runs copied or cut. */
function mutate(seed: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(seed);
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    const at = random.below(bytes.length);
    switch (random.below(6)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 2:
        bytes[at] = INTERESTING[random.below(INTERESTING.length)] ?? 0;
        break;
      case 3: {
        // A word where attributes have their length and type.
        const word = at & ~3;
        bytes[word] = random.below(64);
        bytes[word + 1] = 0;
        bytes[word + 2] = random.below(34);
        break;
      }
      case 4:
        bytes.copyWithin(at, random.below(bytes.length));
        break;
      default:
        bytes = bytes.slice(0, Math.max(NLMSGHDR_BYTES + 1, at));
    }
  }
  return bytes;
}

/** Total length of the text in a value, members' names apart. */
function textLength(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 0;
  for (const inner of Object.values(value)) sum += textLength(inner);
  return sum;
}

interface Outcome {
  readonly accepted: number;
  readonly problem: string | null;
}

/** Runs every reader over the message; a problem as one line. */
function tryReaders(bytes: Uint8Array): Outcome {
  let accepted = 0;
  for (const [name, read] of READERS) {
    const problem = (what: string): Outcome => ({
      accepted,
      problem: `${name}: ${what} on ${Buffer.from(bytes).toString('hex')}`,
    });
    let result: unknown;
    const before = performance.now();
    try {
      result = read(bytes, NLMSGHDR_BYTES, bytes.length);
    } catch (error) {
      return problem(`threw ${String(error)}`);
    }
    if (performance.now() - before > SLOW_MS) return problem('took too long');
    if (result === undefined) return problem('gave undefined');
    if (result === null) continue;
    accepted++;
    const limit = CHARACTERS_FOR_MEMBERS + CHARACTERS_PER_BYTE * bytes.length;
    if (textLength(result) > limit) return problem('gave more text than its bytes can say');
  }
  return { accepted, problem: null };
}

const seeds = (Object.keys(MESSAGES) as MessageName[]).map(messageBytes);

describe('the readers', () => {
  test(
    `take ${MESSAGES_TO_TRY} damaged messages without throwing, hanging or growing`,
    () => {
      const random = new Random(SEED);
      let accepted = 0;
      for (let i = 0; i < MESSAGES_TO_TRY; i++) {
        const seed = seeds[i % seeds.length] ?? new Uint8Array(NLMSGHDR_BYTES);
        const outcome = tryReaders(mutate(seed, random));
        if (outcome.problem !== null) throw new Error(`message ${i}: ${outcome.problem}`);
        accepted += outcome.accepted;
      }
      // The damage must not be so great that nothing gets past the first check.
      expect(accepted).toBeGreaterThan(MESSAGES_TO_TRY);
    },
    60_000 + MESSAGES_TO_TRY,
  );

  test('take arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const bytes = new Uint8Array(NLMSGHDR_BYTES + tail.length);
        bytes.set(tail, NLMSGHDR_BYTES);
        expect(tryReaders(bytes).problem).toBeNull();
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });

  test('take well-formed attributes of any type and content, nested in any order', () => {
    const attribute = (payload: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
      fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean(), payload).map(([type, nest, data]) => {
        const bytes = new Uint8Array((4 + data.length + 3) & ~3);
        const view = new DataView(bytes.buffer);
        view.setUint16(0, 4 + data.length, true);
        view.setUint16(2, type | (nest ? 0x8000 : 0), true);
        bytes.set(data, 4);
        return bytes;
      });
    const several = (one: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
      fc.array(one, { maxLength: 6 }).map((list) => Uint8Array.from(list.flatMap((b) => [...b])));
    const leaf = attribute(fc.uint8Array({ maxLength: 40 }));
    const tree = several(attribute(fc.oneof(several(attribute(several(leaf))), several(leaf))));
    const header = fc.tuple(
      fc.constantFrom(2, 10),
      fc.uint8Array({ minLength: 11, maxLength: 15 }),
    );
    fc.assert(
      fc.property(header, tree, ([family, rest], attributes) => {
        const bytes = Uint8Array.from([...new Uint8Array(16), family, ...rest, ...attributes]);
        expect(tryReaders(bytes).problem).toBeNull();
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });

  test('cut a whole message anywhere and the readers say so or read what is there', () => {
    for (const seed of seeds) {
      for (let end = NLMSGHDR_BYTES; end <= seed.length; end++) {
        expect(tryReaders(seed.slice(0, end)).problem).toBeNull();
        // The same bytes inside a larger buffer: a reader must not look past its end.
        for (const [, read] of READERS) {
          const tight = read(seed.slice(0, end), NLMSGHDR_BYTES, end);
          expect(read(seed, NLMSGHDR_BYTES, end)).toEqual(tight);
        }
      }
    }
  });

  test('the longest multipath and the longest unknown attribute stay in proportion', () => {
    const body = new Uint8Array(8 + 0xfffc);
    const view = new DataView(body.buffer);
    body[0] = 2;
    view.setUint16(8, 0xfffc, true);
    view.setUint16(10, 9, true);
    for (let at = 12; at + 8 <= 8 + 0xfffc; at += 8) view.setUint16(at, 8, true);
    expect(readRouteBody(body, context).nexthops).toHaveLength(8191);
    view.setUint16(10, 0x3ff, true);
    expect(readRouteBody(body, context).unknown[0]?.hex).toHaveLength(2 * 0xfff8);
  });
});
