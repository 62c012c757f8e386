import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import {
  blocksOf,
  decidingSteps,
  fillBlocks,
  learning,
  skeletonOf,
  staleBlocks,
} from '../../scripts/learning.js';
import { TRACE_CASES, titleOf } from '../kernels/trace/cases.js';

const WRITTEN = `12:36:24.123456 nc[4312] in zone client: 10.2.0.2 tcp dport 80
tcp_v4_connect(10.2.0.2:80) 41.2 µs → 0
  ip_route_output_flow(10.2.0.2 tcp dport 80) 6.1 µs → 10.2.0.2 via 10.1.0.1 dev eth0
    fib_table_lookup(table main) 0.5 µs → 10.2.0.0/24 via 10.1.0.1 dev eth0 scope global
answer: 10.2.0.2 via 10.1.0.1 dev eth0 src 10.1.0.2, table main, route 10.2.0.0/24`;

const SLOWER = WRITTEN.replace('12:36:24.123456', '13:00:01.000001').replace('6.1 µs', '7.25 ms');

const block = (name: string, output: string): string =>
  `<!-- trace ${name} -->\n\n\`\`\`console\n$ routetap trace --dst 10.2.0.2\n${output}\n\`\`\`\n`;

const DOCUMENT = `# Title\n\n${block('gateway inet', WRITTEN)}\nProse with \`code\`.\n\n\`\`\`console\n$ other\n\`\`\`\n\n${block('ecmp inet', 'to come')}\nThe end.\n`;

describe('the skeleton of a trace', () => {
  test('is who calls whom, and how it ends', () => {
    expect(skeletonOf(WRITTEN)).toEqual([
      'tcp_v4_connect',
      '  ip_route_output_flow',
      '    fib_table_lookup',
      'answer',
    ]);
  });

  test.each([
    ['no route: ENETUNREACH — no table had 203.0.113.9', 'no route'],
    ['answer: fd02::2 via fd01::1 dev eth0', 'answer'],
    ['answer: forwarded via 10.2.0.2 dev eth1', 'answer: forwarded'],
    ['answer: delivered here (local)', 'answer: delivered'],
    ['  … 3 records lost here', '  a hole'],
    ['  ~fib4_rule_match(rule 0: from all lookup local)', '  ~fib4_rule_match'],
    ['  fib:fib_table_lookup(table main)', '  fib:fib_table_lookup'],
  ])('of "%s" is "%s"', (line, expected) => {
    expect(skeletonOf(line)).toEqual([expected]);
  });

  test('leaves times, explanations and who asked out', () => {
    expect(skeletonOf(SLOWER)).toEqual(skeletonOf(WRITTEN));
    expect(
      skeletonOf('12:00:00.000001 a(b[1] in zone self: ::1\n· Walks (net/core/fib_rules.c)'),
    ).toEqual([]);
  });
});

describe('blocks of the document', () => {
  test('are those behind a comment that names a trace', () => {
    expect(blocksOf(DOCUMENT).map(({ name }) => name)).toEqual(['gateway inet', 'ecmp inet']);
  });

  test('are filled, their commands and all else stay', () => {
    const dollars = WRITTEN.replace('nc[4312]', "$&$'[1]");
    expect(fillBlocks(DOCUMENT, { 'ecmp inet': `${dollars}\n` })).toBe(
      DOCUMENT.replace('to come', () => dollars),
    );
    expect(fillBlocks(DOCUMENT, {})).toBe(DOCUMENT);
  });

  test('are filled twice with the same result as once', () => {
    const outputs = { 'gateway inet': SLOWER, 'ecmp inet': WRITTEN };
    const once = fillBlocks(DOCUMENT, outputs);
    expect(fillBlocks(once, outputs)).toBe(once);
    expect(blocksOf(once).map(({ output }) => output)).toEqual([`${SLOWER}\n`, `${WRITTEN}\n`]);
  });

  test('are not stale for another time', () => {
    const outputs = { 'gateway inet': SLOWER, 'ecmp inet': 'to come' };
    expect(staleBlocks(DOCUMENT, outputs)).toEqual([]);
  });

  test('are not stale for what caches and neighbours decide', () => {
    const cached = WRITTEN.replace(
      'answer:',
      '    rt_dst_alloc(dev v0) 0.1 µs → new route\n      dst_alloc(dev v0) 0.1 µs → new route\n  fib_table_lookup(table local) 0.1 µs → no route\n    fib_lookup_good_nhc(dev v0) 0.1 µs → serves\nanswer:',
    );
    expect(cached).not.toBe(WRITTEN);
    expect(decidingSteps(cached)).toEqual(decidingSteps(WRITTEN));
    expect(decidingSteps(WRITTEN)).toContain('    fib_table_lookup');
    expect(staleBlocks(DOCUMENT, { 'gateway inet': cached, 'ecmp inet': 'to come' })).toEqual([]);
  });

  test.each([
    [
      'a function more',
      WRITTEN.replace('answer:', '    find_exception(10.2.0.2) 0.1 µs → none\nanswer:'),
      'step 4: answer is written, find_exception was traced',
    ],
    [
      'another end',
      WRITTEN.replace('answer: 10', 'no route: 10'),
      'step 4: answer is written, no route was traced',
    ],
    ['no end', WRITTEN.replace(/\nanswer.*/, ''), 'step 4: answer is written, the end was traced'],
    [
      'another nesting',
      WRITTEN.replace('  ip_route_output_flow', '    ip_route_output_flow'),
      'step 2: ip_route_output_flow is nested otherwise',
    ],
  ])('are stale for %s', (_what, fresh, expected) => {
    const outputs = { 'gateway inet': fresh, 'ecmp inet': 'to come' };
    expect(staleBlocks(DOCUMENT, outputs)).toEqual([`gateway inet: ${expected}`]);
  });
});

describe('the program', () => {
  let root = '';
  const errors: string[] = [];

  beforeEach(() => {
    root = `${mkdtempSync(join(tmpdir(), 'routetap-learning-'))}/`;
    for (const folder of ['docs', 'build/kernels']) mkdirSync(root + folder, { recursive: true });
    writeFileSync(`${root}docs/learning-the-routing-code.md`, DOCUMENT);
    errors.length = 0;
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      errors.push(String(text));
      return true;
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(root, { recursive: true });
  });

  const give = (outputs: unknown): void =>
    writeFileSync(`${root}build/kernels/learning.json`, JSON.stringify(outputs));
  const written = (): string => readFileSync(`${root}docs/learning-the-routing-code.md`, 'utf8');

  test('fills the document, and says which blocks have no trace and which traces no block', () => {
    give({ 'gateway inet': SLOWER, 'vrf inet': WRITTEN });
    expect(learning([], root)).toBe(1);
    expect(written()).toBe(DOCUMENT.replace(WRITTEN, SLOWER));
    expect(errors).toEqual([
      'docs/learning-the-routing-code.md: ecmp inet: no trace\n',
      'not in docs/learning-the-routing-code.md: vrf inet\n',
    ]);
  });

  test('with --check writes nothing and fails for what is stale', () => {
    give({ 'gateway inet': SLOWER, 'ecmp inet': WRITTEN });
    expect(learning(['--check'], root)).toBe(1);
    expect(written()).toBe(DOCUMENT);
    expect(learning([], root)).toBe(0);
    expect(learning(['--check'], root)).toBe(0);
  });

  test.each([
    ['text without a trace', 'routetap: no privilege'],
    ['no text', 7],
    ['text that would end the block', `${WRITTEN}\n\`\`\``],
  ])('refuses %s', (_what, output) => {
    give({ 'gateway inet': output });
    expect(() => learning([], root)).toThrow('"gateway inet"');
    expect(written()).toBe(DOCUMENT);
  });
});

describe('docs/learning-the-routing-code.md', () => {
  const document = readFileSync(
    new URL('../../docs/learning-the-routing-code.md', import.meta.url),
    'utf8',
  );

  const SHOWN = [
    ...['local', 'connected', 'gateway', 'ecmp', 'rule', 'vrf'],
    ...['unreachable', 'prohibited', 'redirected', 'forwarded'],
  ];

  test('shows each way for both families', () => {
    const names = SHOWN.flatMap((name) => [`${name} inet`, `${name} inet6`]);
    expect(blocksOf(document).map(({ name }) => name)).toEqual(names);
  });

  test('says the command that shows the case the kernels ring plays under that name', () => {
    const cases = new Map(TRACE_CASES.map((one) => [titleOf(one), one]));
    const commands = blocksOf(document).map(({ name }) => {
      const after = document.split(`<!-- trace ${name} -->`)[1] ?? '';
      return after.trimStart().split('\n')[1];
    });
    const expected = blocksOf(document).map(({ name }) => {
      const one = cases.get(name);
      const way = one?.direction === 'forward' ? '--input' : '--output';
      return `$ routetap trace --zone ${one?.in} ${way} --dst ${one?.to} --count 1`;
    });
    expect(commands).toEqual(expected);
  });
});
