import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RoutetapError } from '../../core/errors.js';
import { jsonLine } from '../../core/format/json.js';
import { textLine } from '../../core/format/text.js';
import { parseRecord } from '../../core/parse-record.js';
import { arbitraryRecord } from './format/arbitrary-events.js';
import { LOOKUP, REDIRECT, TIMEOUT, plain, record } from './format/events.js';

const HEAD = '"v":1,"seq":7,"time":"2026-11-22T14:21:06.148835123Z","host":"r1"';
const event = (members: string): string => `{${HEAD},"type":"route",${members}}`;

/** Message of the error a line gives; whatever else is thrown goes on. */
function messageOf(line: string): string {
  try {
    parseRecord(line);
  } catch (error) {
    if (error instanceof RoutetapError && error.kind === 'runtime') return error.message;
    throw error;
  }
  return 'no error';
}

describe('reading records from JSON', () => {
  test('a full line reads as the event it was made of', () => {
    fc.assert(
      fc.property(arbitraryRecord, (made) => {
        expect(parseRecord(jsonLine(made, { full: true, raw: true }))).toEqual(plain(made));
      }),
    );
  });

  test('members a lean line leaves out come back at their default', () => {
    const made = record({ route: { expires: 30 } });
    expect(parseRecord(jsonLine(made, { full: false, raw: false }))).toEqual(plain(made));
  });

  test.each([
    ['lookup', record({ probe: 'miss', lookup: LOOKUP, previous: {} })],
    [
      'lookup of a forwarded packet',
      record({ probe: 'miss', lookup: { ...LOOKUP, uid: null, src: null, rule: null, mark: 0 } }),
    ],
    [
      'lookup of root',
      record({ probe: 'miss', lookup: { ...LOOKUP, uid: 0, direction: 'output', table: null } }),
    ],
    ['timeout', record({ probe: 'losing', timeout: TIMEOUT })],
    [
      'timeout of a neighbour',
      record({
        probe: 'losing',
        timeout: {
          ...TIMEOUT,
          protocol: 'neighbour',
          src: null,
          sport: 0,
          srttUs: 0,
          ssthresh: null,
        },
      }),
    ],
    ['redirect', record({ probe: 'redirect', redirect: REDIRECT, previous: { expires: 5 } })],
    [
      'refused redirect',
      record({
        probe: 'redirect',
        redirect: { ...REDIRECT, old: null, accepted: 'no', reason: 'why', expires: null },
        kernelAddress: '0xffff888012345680',
      }),
    ],
  ])('a %s comes back whole from a lean line and from a full one', (_, made) => {
    for (const full of [false, true]) {
      expect(parseRecord(jsonLine(made, { full, raw: false }))).toEqual(plain(made));
    }
  });

  test('gap, resync and status records read back', () => {
    const lines = [
      `{${HEAD},"type":"gap","source":"rtnetlink","lost":5,"zone":{"id":5,"name":"blue"},"reason":"overrun"}`,
      `{${HEAD},"type":"gap","source":"bpf","reason":"ring-full"}`,
      `{${HEAD},"type":"resync","zone":{"id":5},"changed":2,"durationMs":1.5}`,
      `{${HEAD},"type":"status","what":"watching","zones":1,"deep":{"a":[1]}}`,
    ];
    const common = {
      v: 1,
      seq: 7,
      time: '2026-11-22T14:21:06.148835123Z',
      timeNs: 1795357266148835123n,
      host: 'r1',
    };
    expect(lines.map(parseRecord)).toEqual([
      {
        ...common,
        type: 'gap',
        source: 'rtnetlink',
        lost: 5,
        zone: { id: 5, name: 'blue' },
        reason: 'overrun',
      },
      { ...common, type: 'gap', source: 'bpf', lost: null, zone: null, reason: 'ring-full' },
      {
        ...common,
        type: 'resync',
        zone: { id: 5, name: null },
        added: 0,
        deleted: 0,
        changed: 2,
        durationMs: 1.5,
      },
      {
        ...common,
        type: 'status',
        what: 'watching',
        zone: null,
        fields: { zones: 1, deep: { a: [1] } },
      },
    ]);
  });

  test.each([
    ['', 'expected a line of JSON, got ""'],
    ['{"v":1', 'expected a line of JSON, got "{\\"v\\":1"'],
    ['[]', 'expected the record to be an object, got []'],
    ['null', 'expected the record to be an object, got null'],
    ['{"v":2}', 'expected a record with "v":1, got {"v":2}'],
    [`{${HEAD},"type":"note"}`, 'expected type to be route, gap, resync, status, got "note"'],
    [
      '{"v":1,"type":"gap","time":"noon"}',
      'expected a time like 2026-11-22T14:21:06.148835123Z, got "noon"',
    ],
    [
      event('"probe":"ad"'),
      'expected probe to be add, delete, change, losing, miss, redirect, got "ad"',
    ],
    [event('"probe":"add"'), 'expected route to be an object, got undefined'],
    [event('"probe":"add","route":{}'), 'expected route.dst to be a prefix, got {}'],
    [event('"probe":"add","route":{"dst":5}'), 'expected route.dst to be string, got 5'],
    [
      event('"probe":"add","route":{"dst":"::/0","family":"ipx"}'),
      'expected route.family to be inet, inet6, got "ipx"',
    ],
    [
      event('"probe":"add","route":{"dst":"::/0","flags":[1]}'),
      'expected route.flags to be an array of strings, got [1]',
    ],
    [
      event('"probe":"add","route":{"dst":"::/0","nexthops":[7]}'),
      'expected route.nexthops[] to be an object, got 7',
    ],
    [
      event('"probe":"add","route":{"dst":"::/0"},"process":{"pid":"1"}'),
      'expected process.pid to be number, got "1"',
    ],
    [
      event('"probe":"add","route":{"dst":"::/0"},"routeinfo":{"route_pid":[]}'),
      'expected routeinfo.route_pid to be number, got []',
    ],
    [
      event('"probe":"add","route":{"dst":"::/0"},"cause":{"kind":"vrf","trigger":3}'),
      'expected cause.trigger to be object, got 3',
    ],
    [
      event('"probe":"miss","route":{"dst":"::1/128"},"lookup":[]'),
      'expected route.lookup to be object, got []',
    ],
    [
      event('"probe":"miss","route":{"dst":"::1/128"},"lookup":{"direction":"input","sport":"1"}'),
      'expected lookup.sport to be number, got "1"',
    ],
    [
      event('"probe":"miss","route":{"dst":"::1/128"},"lookup":{"direction":"up"}'),
      'expected lookup.direction to be output, forward, input, got "up"',
    ],
    [
      event('"probe":"losing","route":{"dst":"::1/128"},"timeout":{"protocol":"udp"}'),
      'expected timeout.protocol to be tcp, neighbour, got "udp"',
    ],
    [
      event('"probe":"redirect","route":{"dst":"::1/128"},"redirect":{"accepted":"maybe"}'),
      'expected redirect.accepted to be yes, no, deferred, unknown, got "maybe"',
    ],
  ])('refuses %s', (line, message) => {
    expect(messageOf(line)).toBe(message);
  });

  test('whatever JSON comes, it is a record that can be written, or one line of error', () => {
    const lineOf = fc
      .tuple(arbitraryRecord, fc.json({ maxDepth: 1 }), fc.nat(), fc.nat(40))
      .map(([made, junk, at, span]) => {
        const line = jsonLine(made, { full: true, raw: false });
        const from = at % line.length;
        return line.slice(0, from) + junk + line.slice(from + span);
      });
    const mutated = fc
      .tuple(arbitraryRecord, fc.jsonValue({ maxDepth: 2 }), fc.nat(), fc.nat())
      .map(([made, junk, first, second]) => {
        const members = JSON.parse(jsonLine(made, { full: true, raw: false })) as Record<
          string,
          unknown
        >;
        const names = Object.keys(members);
        const name = names[first % names.length] ?? 'v';
        const member = members[name];
        if (typeof member === 'object' && member !== null && second % 3 > 0) {
          const inner = Object.keys(member);
          (member as Record<string, unknown>)[inner[second % inner.length] ?? ''] = junk;
        } else members[name] = junk;
        return JSON.stringify(members);
      });
    fc.assert(
      fc.property(fc.oneof(lineOf, mutated), (line) => {
        try {
          const read = parseRecord(line);
          expect(typeof jsonLine(read, { full: true, raw: true })).toBe('string');
          expect(textLine(read, { colour: true, verbose: true })).not.toContain('\n');
        } catch (error) {
          expect(error).toBeInstanceOf(RoutetapError);
          expect((error as Error).message).not.toContain('\n');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
