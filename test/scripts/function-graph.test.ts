import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import {
  compareTime,
  exactOffset,
  microsOf,
  windowOf,
  type TraceRecord,
} from '../kernels/trace/compare.js';
import { eachCall, parseFunctionGraph, type GraphCall } from '../kernels/trace/function-graph.js';
import { EXPECTED_FUNCTIONS, sourceName } from '../kernels/trace/functions.js';
import {
  functionsIn,
  outlineDifference,
  outlinesOf,
  type TraceNode,
} from '../kernels/trace/outline.js';
import { blocksOf, pageProblem } from '../kernels/trace/page.js';
import { symbolsIn } from '../kernels/trace/recorder.js';

const recording = (kernel: string): string =>
  readFileSync(new URL(`../fixtures/function-graph/${kernel}.txt`, import.meta.url), 'utf8');

const outline = ({ function: name, calls }: GraphCall): string =>
  calls.length === 0 ? name : `${name}(${calls.map(outline).join(' ')})`;

const TITLE = 'forwarded inet';

describe.each([
  ['6.1', 'rt_cache_route'],
  ['6.12', 'rt_cache_route(rt_add_uncached_list)'],
])('what the function-graph tracer of %s wrote', (kernel, cached) => {
  const graph = parseFunctionGraph(recording(kernel));

  test('is read without a line that is not known', () => {
    expect(graph.strange).toEqual([]);
    expect(graph.lost).toBe(0);
  });

  test('has the marks around the case', () => {
    expect(graph.marks.map(({ text }) => text)).toEqual([`begin ${TITLE}`, `end ${TITLE}`]);
  });

  test('has the calls of the task in their nesting', () => {
    const [send] = graph.roots.filter(({ place }) => place === 'task');
    expect(send === undefined ? '' : outline(send)).toBe(
      'udp_sendmsg(ip_route_output_flow(ip_route_output_key_hash_rcu(' +
        'fib_table_lookup(fib_lookup_good_nhc) fib_select_path(fib_result_prefsrc) find_exception ' +
        `rt_dst_alloc rt_set_nexthop(${cached})) xfrm_lookup_route))`,
    );
  });

  test('has what a softirq did in between apart from the task it interrupted', () => {
    const received = graph.roots.filter(({ function: name }) => name === 'ip_rcv');
    expect(received.every(({ place }) => place === 'softirq')).toBe(true);
    expect(received.some((call) => outline(call).includes('ip_forward'))).toBe(true);
    const [send] = graph.roots.filter(({ place }) => place === 'task');
    expect([...eachCall(send === undefined ? [] : [send])].map((call) => call.place)).not.toContain(
      'softirq',
    );
  });
});

describe('a line of the function-graph tracer', () => {
  const line = (what: string, { task = 'nc-7', flags = '...1.', cpu = 0 } = {}): string =>
    `    1.000001 |   ${cpu})    ${task}    |  ${flags} |               |  ${what}`;

  test('that ends a call which began before the recording changes nothing', () => {
    const { roots, strange } = parseFunctionGraph(
      [line('} /* ip_rcv */'), line('ip_error();')].join('\n'),
    );
    expect(roots.map(outline)).toEqual(['ip_error']);
    expect(strange).toEqual([]);
  });

  test('that ends an outer call ends those whose end is missing', () => {
    const lines = ['ip_rcv() {', 'ip_rcv_core() {', '} /* ip_rcv */', 'ip_error();'];
    const { roots } = parseFunctionGraph(lines.map((what) => line(what)).join('\n'));
    expect(roots.map(outline)).toEqual(['ip_rcv(ip_rcv_core)', 'ip_error']);
  });

  test('that says how much was lost is counted, and one that says nothing known is kept', () => {
    const { lost, strange } = parseFunctionGraph(
      'CPU:1 [LOST 12 EVENTS]\nsomething\n   1) nc-7 => sh-8\n',
    );
    expect(lost).toBe(12);
    expect(strange).toEqual(['something']);
  });

  test('of the idle task belongs to the CPU, of another task to the task wherever it runs', () => {
    const idle = { task: '<idle>-0' };
    const { roots } = parseFunctionGraph(
      [
        line('ip_rcv() {', { ...idle, flags: '..s1.', cpu: 0 }),
        line('ip_error();', { ...idle, flags: '..s1.', cpu: 1 }),
        line('udp_sendmsg() {', { cpu: 0 }),
        line('ip_route_output_flow();', { cpu: 1 }),
      ].join('\n'),
    );
    expect(roots.map(outline)).toEqual(['ip_rcv', 'ip_error', 'udp_sendmsg(ip_route_output_flow)']);
  });
});

describe('functions the kernel lets be traced', () => {
  test('are those expected, with the number of their line, copies and those of modules too', () => {
    const available =
      'do_one\nip_rcv\nip_rcv_finish_core.constprop.0\nip_rcvx\nip_forward [some]\n';
    expect(symbolsIn(available)).toEqual([
      { symbol: 'ip_rcv', line: 2 },
      { symbol: 'ip_rcv_finish_core.constprop.0', line: 3 },
      { symbol: 'ip_forward', line: 5 },
    ]);
    expect(sourceName('ip_route_input_rcu.part.0')).toBe('ip_route_input_rcu');
  });
});

const node = (name: string, ...calls: TraceNode[]): TraceNode => ({
  ...{ function: name, symbol: name, origin: 'seen', calls },
});
const nodeOf = ({ function: name, calls }: GraphCall): TraceNode =>
  node(name, ...calls.map(nodeOf));

describe('the outline of a trace', () => {
  const tree = node('ip_rcv', node('other', node('ip_rcv_core')), { lost: 3 });

  test('has expected functions alone, and holes', () => {
    const [found] = outlinesOf(tree, new Set(['ip_rcv', 'ip_rcv_core']));
    expect(found?.calls.map((call) => call.function)).toEqual(['ip_rcv_core', '3 lost']);
    expect([...functionsIn(found === undefined ? [] : [found])]).toEqual([
      ...['ip_rcv', 'ip_rcv_core', '3 lost'],
    ]);
  });

  const three = {
    function: 'a',
    calls: [{ function: 'b', calls: [{ function: 'c', calls: [] }] }],
  };

  test.each([
    ['a call that is missing', { function: 'a', calls: [] }, 'a calls b; in the trace nothing'],
    [
      'a call below another parent',
      { function: 'a', calls: ['b', 'c'].map((name) => ({ function: name, calls: [] })) },
      'a calls b; in the trace b c',
    ],
    [
      'a call too deep',
      { function: 'a', calls: [{ function: 'b', calls: [] }] },
      'a > b calls c; in the trace nothing',
    ],
    ['another root', { function: 'b', calls: [] }, 'a: the trace has b'],
  ])('with %s differs', (_, other, difference) => {
    expect(outlineDifference(three, other)).toBe(difference);
    expect(outlineDifference(three, three)).toBeNull();
  });
});

describe('records compared with a recording', () => {
  const graph = parseFunctionGraph(recording('6.12'));
  const window = windowOf(graph, TITLE) ?? { beginUs: 0, endUs: 0 };
  const OFFSET_US = 1_700_000_000_000_000;

  const recordOf = (call: GraphCall): TraceRecord => ({
    ...{
      type: 'trace',
      tier: 'fentry',
      zone: { id: 1, name: 'client' },
      direction: 'output',
      lost: 0,
    },
    time: new Date((call.timeUs + OFFSET_US) / 1000)
      .toISOString()
      .replace(/\d{3}Z$/, `${String((call.timeUs + OFFSET_US) % 1e6).padStart(6, '0')}000Z`),
    process: call.place === 'task' ? { pid: call.pid, tid: call.pid } : null,
    ...{ context: call.place, cpu: call.cpu, flow: null, calls: [nodeOf(call)] },
  });
  const records = graph.roots.map(recordOf);
  const compare = (given: readonly TraceRecord[], offsetUs = OFFSET_US) =>
    compareTime(graph, given, { window, expected: EXPECTED_FUNCTIONS, offsetUs });

  test('that are the same have no difference', () => {
    const { differences, same } = compare(records);
    expect(differences).toEqual([]);
    expect(same).toHaveLength(graph.roots.length);
  });

  test('a lookup of the recording that is in no record is told', () => {
    const [first, ...others] = records;
    expect(first?.context).toBe('task');
    expect(compare(others).differences).toEqual([
      `ip_route_output_key_hash_rcu of task ${graph.roots[0]?.pid} is not in the trace`,
    ]);
  });

  test('a record whose lookup the kernel did not make is told', () => {
    const [first] = records;
    expect(compare([...records, ...(first === undefined ? [] : [first])]).differences).toEqual([
      'udp_sendmsg in the trace was not seen by the tracer',
    ]);
  });

  test('a call left out is told with where it belongs', () => {
    const without = (tree: TraceNode): TraceNode =>
      'lost' in tree
        ? tree
        : {
            ...tree,
            calls: tree.calls
              .filter((call) => 'lost' in call || call.function !== 'find_exception')
              .map(without),
          };
    const [first, ...others] = records;
    const changed = first === undefined ? [] : [{ ...first, calls: first.calls.map(without) }];
    const { differences } = compare([...changed, ...others]);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(/^udp_sendmsg > .* calls .*find_exception/);
  });

  test('the error of a wall clock read in milliseconds is found and taken away', () => {
    expect(exactOffset(graph, records, EXPECTED_FUNCTIONS, OFFSET_US + 700)).toBe(OFFSET_US);
  });

  test('there is no window without its marks', () => {
    expect(windowOf(graph, 'local inet')).toBeNull();
  });

  test('times have nanoseconds', () => {
    expect(microsOf('1970-01-01T00:00:01.000001500Z')).toBe(1_000_001.5);
    expect(microsOf('1970-01-01T00:00:01Z')).toBe(1_000_000);
  });
});

describe('a page of a trace', () => {
  const HEADER = /^\d\d:\d\d:\d\d nc/;
  const lines = ['12:00:01 nc[7]', 'tcp_v4_connect(x) 1 µs → 0', '  find_exception(y) → none'];
  const page = [...lines, 'answer: 10.0.0.1 dev eth0'].join('\n');

  test('is a header, calls and a summary', () => {
    expect(blocksOf(`${page}\n\n${page}\n`)).toEqual([page, page]);
    expect(pageProblem(page, HEADER)).toBeNull();
  });

  test.each([
    ['another header', page.replace('nc', 'sh'), 'the header is'],
    ['a root that is indented', page.replace('tcp_', '  tcp_'), 'no tree begins'],
    ['a line that is no call', page.replace('  find', '   find'), 'not a call'],
    ['no summary', lines.join('\n'), 'the summary is'],
  ])('is not one with %s', (_, text, problem) => {
    expect(pageProblem(text, HEADER)).toContain(problem);
  });
});
