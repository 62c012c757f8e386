import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RouteRecord, type RouteRecordFields } from '../../../core/engine/record.js';
import { jsonLine } from '../../../core/format/json.js';
import { putJsonLine } from '../../../core/format/json-template.js';
import { arbitraryRecord } from './arbitrary-events.js';
import { LOOKUP, REDIRECT, TIMEOUT, plain, record } from './events.js';

const LEAN = { full: false, raw: false };
const START = 5;

/** The line as putJsonLine() writes it, null where it refuses. */
function put(event: RouteRecord, room = 100_000): string | null {
  const bytes = Buffer.alloc(START + room, '#');
  const end = putJsonLine(event, bytes, START);
  expect(bytes.toString('latin1', 0, START)).toBe('#'.repeat(START));
  if (end < 0) return null;
  return bytes.toString('utf8', START, end);
}

const expected = (event: RouteRecord): string => `${jsonLine(event, LEAN)}\n`;

const dsts = fc.constantFrom(
  '10.1.2.0/24',
  '10.1.3.0/24',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '10.1.2.0',
  '2001:db8:1:2:3:4:5:6/128',
  '2001:db8::/24',
  '::/0',
  'fe80::1',
  '/24',
  '',
  '10.1"2.0/24',
  '10.\u001b[31m/24',
  `${'1'.repeat(100)}/24`,
  '10.1.2.0/24/24',
);

/** What may be another than in the record before, on a route that has its body. */
const sibling = fc.record(
  {
    seq: fc.oneof(fc.nat(), fc.constantFrom(0, 9, 10, 1e15 - 1, 1e15, Number.MAX_SAFE_INTEGER)),
    timeNs: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
    nlmsgSeq: fc.oneof(fc.constantFrom(0, 9, 10, 0xffffffff), fc.nat(0xffffffff)),
    probe: fc.constantFrom('add' as const, 'delete' as const, 'change' as const, 'miss' as const),
    inferred: fc.boolean(),
    host: fc.constantFrom('r1', 'r2', 'é"\n'),
    zone: fc.constantFrom({ id: 1, name: null }, { id: 2, name: 'blue' }),
    initialZone: fc.boolean(),
    process: fc.constantFrom(null),
    provenance: fc.constantFrom('rtnetlink' as const, 'dump' as const),
    kernelAddress: fc.constantFrom('0x0', '0xffff888012345680', '0xffff888012345681'),
    lookup: fc.constantFrom(null, null, null, LOOKUP),
    cause: fc.record({
      kind: fc.constantFrom('request' as const, 'expired' as const),
      trigger: fc.constantFrom(null, {
        seq: 1,
        what: 'RTM_DELLINK',
        dev: 'v0',
        address: null,
        nhid: null,
      }),
    }),
    dst: dsts,
    table: fc.constantFrom(0, 254, 1000),
    priority: fc.constantFrom(0, 20),
    tos: fc.constantFrom(0, 0, 0, 8),
    expires: fc.constantFrom(null, null, null, 30),
    src: fc.constantFrom(null, null, null, '2001:db8::/32'),
    previous: fc.constantFrom('none', 'same', 'other table', 'other dst', 'expiring'),
  },
  { requiredKeys: ['seq', 'nlmsgSeq'] },
);

type Sibling = typeof sibling extends fc.Arbitrary<infer Value> ? Value : never;

/** plain() has all but what only the record of the engine carries. */
const fieldsOf = (event: RouteRecord): RouteRecordFields => {
  const { initialZone, parts, previousParts, nlmsgSeq, kernelAddress } = event;
  return { ...plain(event), initialZone, parts, previousParts, nlmsgSeq, kernelAddress };
};

function siblingOf(before: RouteRecord, change: Sibling): RouteRecord {
  const { previous, dst, table, priority, tos, expires, src, ...fields } = change;
  const parts = { ...before.parts };
  Object.assign(
    parts,
    Object.fromEntries(
      Object.entries({ dst, table, priority, tos, expires, src }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  );
  const old = before.previousParts ?? before.parts;
  const previousParts = {
    none: null,
    same: { ...old, dst: parts.dst },
    'other table': { ...old, dst: parts.dst, table: 7 },
    'other dst': { ...old, dst: '10.9.0.0/16' },
    expiring: { ...old, dst: parts.dst, expires: 5 },
  }[previous ?? 'none'];
  return new RouteRecord({ ...fieldsOf(before), ...fields, parts, previousParts });
}

/** The same without what most routes don't have, which is what the quick way is for. */
const usual = (event: RouteRecord): RouteRecord =>
  new RouteRecord({
    ...fieldsOf(event),
    parts: { ...event.parts, tos: 0, src: null, expires: null },
    previousParts: null,
    lookup: null,
    timeout: null,
    redirect: null,
  });

const firstRecord = fc.oneof(arbitraryRecord, arbitraryRecord.map(usual));

describe('JSON lines written as bytes', () => {
  test('are the lines written as text, whatever came before', () => {
    let quick = 0;
    fc.assert(
      fc.property(firstRecord, fc.array(sibling, { maxLength: 20 }), (event, changes) => {
        for (const one of [event, ...changes.map((change) => siblingOf(event, change))]) {
          for (const again of [one, one]) {
            const line = put(again);
            if (line === null) continue;
            quick += 1;
            expect(line).toBe(expected(again));
          }
        }
      }),
    );
    expect(quick).toBeGreaterThan(20);
  });

  test('are what plain adds, deletes and changes become', () => {
    const add = record({ nlmsgSeq: 7 });
    for (const event of [
      add,
      record({ probe: 'delete' }),
      record({ probe: 'change', previous: { priority: 5 } }),
      record({ route: { family: 'inet6', dst: '2001:db8::/32' } }),
    ]) {
      expect(put(event)).toBe(expected(event));
    }
  });

  test('have the address of the socket a program saw', () => {
    const event = record({ kernelAddress: '0xffff888012345680' });
    expect(put(event)).toBe(expected(event));
    expect(put(event)).toContain('"cs_addr":"0xffff888012345680"');
  });

  test('are refused where there is no room, and nothing is written', () => {
    const event = record();
    const length = Buffer.byteLength(expected(event));
    for (let room = 0; room < length; room += 1) expect(put(event, room)).toBeNull();
    expect(put(event, length + 300)).toBe(expected(event));
  });

  test.each([
    ['an expiry', { route: { expires: 5 } }],
    ['a source prefix', { route: { src: '2001:db8::/32' } }],
    ['a tos', { route: { tos: 8 } }],
    ['a lookup', { probe: 'miss' as const, lookup: LOOKUP }],
    ['a timeout', { probe: 'losing' as const, timeout: TIMEOUT }],
    ['a redirect', { probe: 'redirect' as const, redirect: REDIRECT }],
    ['a prefix that is none', { route: { dst: '10.1.2.0' } }],
    ['a seq that is none', { seq: -1 }],
  ])('are left to the general way with %s', (_, fields) => {
    expect(put(record(fields))).toBeNull();
  });

  test('are made for records of the engine only', () => {
    expect(putJsonLine(plain(record()), Buffer.alloc(4096), 0)).toBe(-1);
  });
});
