import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RT_STEP, RT_STEP_BYTES, RT_STEP_HAS, RT_STEP_KIND } from '../../../core/bpf/layout.gen.js';
import { buildFrame } from '../../../core/frame.js';
import { TreeBuilder } from '../../../core/trace/build.js';
import { impliedCalls, nothingImplied, withImplied } from '../../../core/trace/implied-calls.js';
import { treeJson } from '../../../core/trace/json.js';
import type { TracedFunction, TraceInfo } from '../../../core/trace/model.js';
import {
  encodeTraceHeader,
  impliedFrame,
  stepsFrame,
  TraceSplitter,
  zoneFrame,
  type TracePart,
} from '../../../core/trace/trace-file.js';
import { savedNames, tableNames, type TraceHeader } from '../../../core/trace/trace-header.js';
import type { CallNode, LookupTree } from '../../../core/trace/tree.js';

const traced = (id: number, name: string): TracedFunction => ({
  id,
  name,
  symbol: name,
  mechanism: 'fentry',
  parameters: [{ name: 'net', type: 'struct net *' }],
  returns: 'int',
});

const FLOW = traced(1, 'ip_route_output_key_hash_rcu');
const TABLE = traced(2, 'fib_table_lookup');

const INFO: TraceInfo = {
  kernel: '6.12.1',
  tier: 'fentry',
  why: null,
  functions: [FLOW, TABLE],
  leftOut: [{ name: 'ip_rcv_finish_core', why: 'inlined' }],
};

const HEADER: TraceHeader = {
  version: '1.2.3',
  host: 'alpha',
  recordBytes: RT_STEP_BYTES,
  info: INFO,
  ownZone: 4026531840,
  tables: { 7: 'blue', 254: 'main' },
};

function step(kind: number, { id }: TracedFunction, seq: number, depth: number): Uint8Array {
  const bytes = new Uint8Array(RT_STEP_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(RT_STEP.time_ns, BigInt(1000 + seq), true);
  view.setBigUint64(RT_STEP.lookup, 77n, true);
  view.setUint32(RT_STEP.seq, seq, true);
  view.setUint32(RT_STEP.netns, 4026531840, true);
  view.setUint32(RT_STEP.tid, 12, true);
  view.setUint32(RT_STEP.table, 7, true);
  view.setUint16(RT_STEP.function, id, true);
  view.setUint16(RT_STEP.has, RT_STEP_HAS.has_flow, true);
  bytes[RT_STEP.kind] = kind;
  bytes[RT_STEP.depth] = depth;
  bytes[RT_STEP.family] = 2;
  bytes.set([10, 0, 0, 1], RT_STEP.flow_dst);
  return bytes;
}

const RECORDS = Uint8Array.from([
  ...step(RT_STEP_KIND.enter, FLOW, 0, 0),
  ...step(RT_STEP_KIND.enter, TABLE, 1, 1),
  ...step(RT_STEP_KIND.leave, TABLE, 2, 1),
  ...step(RT_STEP_KIND.leave, FLOW, 3, 0),
]);

const STEPS = {
  wallOffsetNs: 1_700_000_000_000_000_000n,
  records: RECORDS,
  lost: 3,
  settledNs: 7n,
};

const FILE = Buffer.concat([
  encodeTraceHeader(HEADER),
  zoneFrame({ id: 4026531840, name: 'blue' }),
  stepsFrame(STEPS),
  impliedFrame({ lookup: '77', calls: null, why: 'gone' }),
]);

function treesOf(records: Uint8Array): LookupTree[] {
  const trees: LookupTree[] = [];
  const builder = new TreeBuilder(INFO.functions, (tree) => trees.push(tree));
  builder.take(records, STEPS.wallOffsetNs);
  builder.flush();
  return trees;
}

function readAll(chunks: readonly Uint8Array[]): { header: TraceHeader; parts: TracePart[] } {
  const splitter = new TraceSplitter();
  const parts = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  splitter.end();
  if (splitter.header === null) throw new Error('no header');
  return { header: splitter.header, parts };
}

/** What could be read, and the words of the fault. */
function readBroken(file: Uint8Array): { parts: TracePart[]; fault: string } {
  const splitter = new TraceSplitter();
  const parts: TracePart[] = [];
  try {
    for (const part of splitter.push(file)) parts.push(part);
    splitter.end();
  } catch (error) {
    return { parts, fault: (error as Error).message };
  }
  return { parts, fault: '' };
}

describe('a saved trace', () => {
  test('gives back what was written, however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: FILE.length }), { maxLength: 8 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), FILE.length];
        const chunks = places.slice(1).map((end, i) => FILE.subarray(places[i], end));
        const { header, parts } = readAll(chunks);
        expect(header).toEqual(HEADER);
        expect(parts).toEqual([
          { kind: 'zone', zone: { id: 4026531840, name: 'blue' } },
          { kind: 'steps', steps: { ...STEPS, records: RECORDS } },
          { kind: 'implied', implied: { lookup: '77', calls: null, why: 'gone' } },
        ]);
      }),
    );
  });

  test('makes the same JSON as the records that were saved', () => {
    const { header, parts } = readAll([FILE]);
    const steps = parts.flatMap((part) => (part.kind === 'steps' ? [part.steps.records] : []));
    const json = (records: Uint8Array, names: { table: (table: number) => string }): string[] =>
      treesOf(records).map((tree) =>
        treeJson(tree, { zone: { id: tree.netns, name: 'blue' }, names, info: header.info }),
      );
    const here = json(RECORDS, { table: (table) => (table === 7 ? 'blue' : String(table)) });
    expect(here).toHaveLength(1);
    expect(json(Uint8Array.from(Buffer.concat(steps)), savedNames(header))).toEqual(here);
    expect(JSON.parse(here[0] ?? '')).toMatchObject({ flow: { dst: '10.0.0.1' } });
  });

  test('passes over frames of a kind it does not know', () => {
    const newer = buildFrame({ kind: 99, zone: 0, timeNs: 0n, payload: new Uint8Array(5) });
    expect(readAll([Buffer.concat([FILE, newer])]).parts).toHaveLength(3);
  });

  test('names the tables that have a name, and no others', () => {
    const tables = tableNames({ table: (n) => (n === 7 ? 'blue' : String(n)) });
    expect(tables).toEqual({ 7: 'blue' });
    expect(savedNames(HEADER).table(8)).toBe('8');
    // Not a member of every object.
    expect(savedNames({ ...HEADER, tables: {} }).table(7)).toBe('7');
  });
});

describe('a file that is no saved trace', () => {
  const line = (header: unknown): Uint8Array =>
    Buffer.from(`routetap trace 1\n${JSON.stringify(header)}\n`);

  test.each<[string, Uint8Array, string]>([
    ['is empty', new Uint8Array(0), 'expected a file of routetap trace --save, got an empty file'],
    ['is something else', Buffer.from('#!/bin/sh\n'), 'expected a file of routetap trace --save'],
    ['is a recording', Buffer.from('routetap recording 1\n{}\n'), 'got something else'],
    ['ends in its header', FILE.subarray(0, 40), 'got the beginning of one'],
    ['has no JSON', Buffer.from('routetap trace 1\n{\n'), 'header: expected a line of JSON'],
    ['has no info', line({ recordBytes: RT_STEP_BYTES, tables: {} }), 'header: expected version'],
    [
      'has records of another length',
      line({ ...HEADER, recordBytes: 8 }),
      `expected records of ${RT_STEP_BYTES} bytes, got 8`,
    ],
    [
      'names a function with a line end',
      line({ ...HEADER, info: { ...INFO, functions: [traced(1, 'a\nb')] } }),
      'header: expected the name of a function',
    ],
    [
      'has an unknown tier',
      line({ ...HEADER, info: { ...INFO, tier: 'magic' } }),
      'header: expected a mechanism',
    ],
  ])('%s: says so', (_, file, words) => {
    expect(readBroken(file).fault).toContain(words);
  });

  test('cut off anywhere, gives the whole frames before the cut and says that it is cut', () => {
    const head = encodeTraceHeader(HEADER).length;
    const [zone, steps] = [zoneFrame({ id: 4026531840, name: 'blue' }), stepsFrame(STEPS)];
    for (let length = head + 1; length < FILE.length; length += 1) {
      const { parts, fault } = readBroken(FILE.subarray(0, length));
      const after = length - head;
      const whole = after < zone.length ? 0 : after < zone.length + steps.length ? 1 : 2;
      expect(parts).toHaveLength(whole);
      const isTorn = after !== zone.length && after !== zone.length + steps.length;
      expect(fault).toMatch(isTorn ? /^cut off: \d+ bytes of a frame/ : /^$/);
    }
  });

  test('broken in a frame, gives what stands before it and says where', () => {
    const torn = Buffer.concat([
      FILE,
      buildFrame({ kind: 15, zone: 0, timeNs: 0n, payload: new Uint8Array(13) }),
    ]);
    const { parts, fault } = readBroken(torn);
    expect(parts).toHaveLength(3);
    expect(fault).toBe(
      `broken at byte ${FILE.length}: expected records of ${RT_STEP_BYTES} bytes, got 5 bytes`,
    );
    const noise = Buffer.concat([FILE, Buffer.alloc(64)]);
    expect(readBroken(noise).fault).toMatch(/^broken at byte \d+: expected a frame, got kind 0/);
  });

  test('of any bytes never gives anything but parts or one line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(FILE.length), (noise, at) => {
        const file = Uint8Array.from(FILE);
        file.set(noise.subarray(0, Math.max(0, file.length - at)), at);
        expect(readBroken(file).fault).not.toContain('\n');
      }),
    );
  });
});

describe('what was implied', () => {
  const tree = treesOf(RECORDS)[0] as LookupTree;
  const root = tree.calls[0] as CallNode;
  const implied: CallNode = {
    ...root,
    function: traced(9, 'fib4_rule_match'),
    origin: 'implied',
    enter: null,
    leave: null,
    durationNs: null,
    calls: [],
    words: { call: 'fib4_rule_match(rule 0)', result: 'matches' },
  };
  const completed: LookupTree = {
    ...tree,
    calls: [{ ...root, calls: [implied, ...root.calls, { kind: 'hole', lost: 2 }] }],
  };

  test('comes back around the same seen calls', () => {
    const saved: unknown = JSON.parse(JSON.stringify(impliedCalls(tree, completed)));
    expect(withImplied(tree, saved)).toEqual({ tree: completed, why: null });
  });

  test('comes back as the reason why nothing was', () => {
    const saved: unknown = JSON.parse(JSON.stringify(nothingImplied(tree, 'it is gone')));
    expect(withImplied(tree, saved)).toEqual({ tree, why: 'it is gone' });
  });

  test.each([
    null,
    7,
    {},
    { calls: 7, why: null },
    { calls: [{ seen: 99, calls: [] }], why: null },
    { calls: [{ implied: {}, words: null, calls: [] }], why: null },
    { calls: null, why: null },
  ])('from %j is refused', (saved) => {
    expect(() => withImplied(tree, saved)).toThrow(/^(header: )?expected /);
  });
});
