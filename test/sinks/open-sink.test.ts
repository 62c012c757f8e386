import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSink } from '../../open-sink.js';
import { importCondition } from '../../sinks/import-condition.js';
import { accepted, events, oneTo, seqs } from './records.js';

const FIXTURES = './test/fixtures/sinks';
let warnings: string[] = [];
let folder = '';
beforeEach(() => {
  warnings = [];
  folder = mkdtempSync(join(tmpdir(), `routetap-open-${process.pid}-`));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = (spec: string) =>
  openSink(spec, {
    warn: (line) => {
      warnings.push(line);
    },
    full: false,
    raw: false,
  });

describe('openSink', () => {
  test('opens a file', async () => {
    const sink = await open(`file:${folder}/x`);
    sink.write(events(4));
    await sink.close();
    expect(seqs(readFileSync(`${folder}/x`, 'utf8'))).toEqual(oneTo(4));
    expect(sink.counters.written).toBe(4);
    sink.write(events(2));
    expect(sink.counters.dropped).toBe(2);
  });

  test('opens an ES module with its options', async () => {
    const sink = await open(`${FIXTURES}/esm.mjs?x=y`);
    expect(warnings).toEqual([`opened ${FIXTURES}/esm.mjs {"x":"y"}`]);
    sink.write(events(3));
    expect(sink.counters.written).toBe(3);
    await sink.close();
  });

  test('opens a CommonJS module and an absolute path', async () => {
    expect((await open(`${process.cwd()}/test/fixtures/sinks/commonjs.cjs`)).name).toBe('commonjs');
  });

  test.each([
    [`${FIXTURES}/no-default.mjs`, 'usage', 'whose default export is a function, got undefined'],
    [`${FIXTURES}/no-close.mjs`, 'usage', 'expected a sink with a function close'],
    [`${FIXTURES}/missing.mjs`, 'usage', 'no module at "./test/fixtures/sinks/missing.mjs"'],
    [`${FIXTURES}/commonjs.cjs?x=bad`, 'usage', 'x must be good, got "bad"'],
    [`${FIXTURES}/commonjs.cjs?x=crash`, 'runtime', String.raw`no\x1b[2J broker`],
    ['stdot', 'usage', 'neither a sink nor a package from here: "stdot" (did you mean stdout?)'],
    ['stdout:?colr=x', 'usage', 'no option "colr"'],
    ['syslog:/nonexistent/log', 'runtime', '/nonexistent/log: no such file or directory (ENOENT)'],
  ])('refuses %s', async (spec, kind, message) => {
    const error = await open(spec).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'RoutetapError', kind });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('\n');
  });

  test('keeps a throwing sink from stopping anything, counts its records and warns once', async () => {
    const sink = await open(`${FIXTURES}/throws.mjs`);
    for (let times = 0; times < 2001; times += 1) sink.write(events(2));
    sink.reopen?.();
    await sink.flush();
    await sink.close();
    expect(sink.counters).toMatchObject({ written: 0, dropped: 4002, failed: 2004 });
    expect(accepted(sink.counters)).toBe(4002);
    expect(warnings).toEqual([
      String.raw`sink throws: write failed: write\x1b[31m broke`,
      'sink throws: write failed: write\\x1b[31m broke (1000 errors so far)',
      'sink throws: write failed: write\\x1b[31m broke (2000 errors so far)',
    ]);
  });
});

test('the module of docs/sinks.md works as it stands there', async () => {
  const [, code] = /```js\n([^]*?)```/.exec(readFileSync('docs/sinks.md', 'utf8')) ?? [];
  writeFileSync(join(folder, 'counts.mjs'), code ?? '');
  const sink = await open(`${folder}/counts.mjs?every=10`);
  sink.write(events(25));
  await sink.close();
  expect(sink.counters).toEqual({ written: 25, dropped: 0, queued: 0, failed: 0 });
  expect(warnings).toEqual([
    '10 records, the last of type route',
    '20 records, the last of type route',
  ]);
  await expect(open(`${folder}/counts.mjs?every=x`)).rejects.toThrow('every must be a positive');
});

test('finds a package that only import may load, from the folder upwards', () => {
  const home = join(folder, 'node_modules', '@s', 'sink');
  mkdirSync(home, { recursive: true });
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({
      exports: { '.': { types: './x.d.ts', import: './x.js' }, './more': './more.js' },
    }),
  );
  const from = join(folder, 'a', 'b');
  expect(importCondition(from, '@s/sink')).toBe(join(home, 'x.js'));
  expect(importCondition(from, '@s/sink/more')).toBe(join(home, 'more.js'));
  expect(importCondition(from, '@s/sink/other')).toBeNull();
  expect(importCondition(from, './x.js')).toBeNull();
});
