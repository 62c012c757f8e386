import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import openFile from '../../../sinks/file/file.js';
import { bundled } from '../bundled.js';
import { accepted, events, oneTo, seqs, sinkOptions, until } from '../records.js';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-file-${process.pid}-`));
  path = join(folder, 'out.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const read = (name = path): string => readFileSync(name, 'utf8');

describe('the file sink', () => {
  test('appends one JSON line per record and counts it', async () => {
    const sink = await openFile(sinkOptions(path));
    sink.write(events(3));
    await sink.flush();
    sink.write(events(2, 4));
    await sink.close();
    expect(seqs(read())).toEqual(oneTo(5));
    expect(sink.counters).toMatchObject({ written: 5, dropped: 0, queued: 0, failed: 0 });
    expect(statSync(path).mode & 0o137).toBe(0);
  });

  test('writes readable lines with format=text', async () => {
    const sink = await openFile(sinkOptions(path, { format: 'text' }));
    sink.write(events(2));
    await sink.close();
    expect(read()).toMatch(/^[\d:.]{15} add .*10\.0\.0\.0\/24.*\n[\d:.]{15} add .*\n$/);
  });

  test('ends a line that a crash cut off and leaves it there', async () => {
    writeFileSync(path, '{"seq":1}\n{"seq":2,"ho');
    const warnings: string[] = [];
    const sink = await openFile(sinkOptions(path, {}, warnings));
    sink.write(events(1, 3));
    await sink.close();
    const lines = read().split('\n');
    expect(lines.slice(0, 2)).toEqual(['{"seq":1}', '{"seq":2,"ho']);
    expect(seqs(lines.slice(2).join('\n'))).toEqual([3]);
    expect(warnings).toEqual([expect.stringContaining('was cut off')]);
  });

  test('drops and counts what its queue has no room for', async () => {
    const sink = await openFile(sinkOptions(path, { queue: '4096' }));
    sink.write(events(100));
    const { dropped } = sink.counters;
    expect(dropped).toBeGreaterThan(80);
    expect(accepted(sink.counters)).toBe(100);
    await sink.close();
    expect(seqs(read())).toEqual(oneTo(100 - dropped));
    expect(sink.counters).toMatchObject({ written: 100 - dropped, dropped, queued: 0 });
  });

  test('goes on in a new file after the old one was renamed and reopen was asked for', async () => {
    const sink = await openFile(sinkOptions(path));
    sink.write(events(10));
    await sink.flush();
    renameSync(path, `${path}.old`);
    sink.write(events(10, 11));
    await sink.flush();
    sink.reopen?.();
    sink.write(events(10, 21));
    await sink.close();
    expect(seqs(read(`${path}.old`))).toEqual(oneTo(20));
    expect(seqs(read())).toEqual(oneTo(30).slice(20));
  });

  test('keeps records while the path can not be opened again, and says when it can', async () => {
    const warnings: string[] = [];
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    const sink = await openFile(sinkOptions(join(inner, 'x'), {}, warnings));
    rmSync(inner, { recursive: true });
    sink.reopen?.();
    sink.write(events(5));
    await until('the failure', () => sink.counters.failed > 0);
    expect(sink.counters).toMatchObject({ written: 0, queued: 5 });
    mkdirSync(inner);
    await until('the records', () => sink.counters.written === 5);
    await sink.close();
    expect(seqs(read(join(inner, 'x')))).toEqual(oneTo(5));
    expect(warnings).toEqual([
      expect.stringContaining('does not exist'),
      expect.stringMatching(/takes records again after \d+ s, 0 records dropped meanwhile/),
    ]);
  });

  test.each([
    ['missing/x', {}, 'runtime', /the directory \S+missing does not exist/],
    ['.', {}, 'runtime', /illegal operation on a directory \(EISDIR\)/],
    ['x', { rotat: '1M' }, 'usage', /did you mean rotate/],
    ['x', { format: 'xml' }, 'usage', /format must be one of json, text, got "xml"/],
  ])('refuses %s with %j in one line', (name, options, kind, message) => {
    const open = () => openFile(sinkOptions(join(folder, name), options));
    expect(open).toThrow(expect.objectContaining({ kind }));
    expect(open).toThrow(message);
    expect(open).not.toThrow('\n');
  });
});

describe('rotation', () => {
  const gz = (name: string): string => gunzipSync(readFileSync(name)).toString();

  test('keeps files under their size, whole lines in order, newest in PATH.1', async () => {
    const sink = await openFile(sinkOptions(path, { rotate: '8k', keep: '50', gzip: 'no' }));
    for (let first = 1; first <= 200; first += 20) {
      sink.write(events(20, first));
      await sink.flush();
    }
    await sink.close();
    const numbers = readdirSync(folder)
      .filter((name) => name !== 'out.jsonl')
      .map((name) => Number(name.slice('out.jsonl.'.length)))
      .sort((a, b) => b - a);
    expect(numbers.length).toBeGreaterThan(5);
    const files = [...numbers.map((number) => `${path}.${number}`), path];
    for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(8192);
    expect(seqs(files.map((file) => read(file)).join(''))).toEqual(oneTo(200));
    expect(sink.counters).toMatchObject({ written: 200, dropped: 0, failed: 0 });
  });

  test('deletes all but the newest `keep` and compresses them in the background', async () => {
    const sink = await openFile(sinkOptions(path, { rotate: '4k', keep: '3' }));
    for (let first = 1; first <= 100; first += 5) {
      sink.write(events(5, first));
      await sink.flush();
    }
    await until('compression', () =>
      [1, 2, 3].every((n) => existsSync(`${path}.${n}.gz`) && !existsSync(`${path}.${n}`)),
    );
    await sink.close();
    expect(readdirSync(folder).sort()).toEqual([
      'out.jsonl',
      'out.jsonl.1.gz',
      'out.jsonl.2.gz',
      'out.jsonl.3.gz',
    ]);
    const kept = seqs(gz(`${path}.3.gz`) + gz(`${path}.2.gz`) + gz(`${path}.1.gz`) + read());
    expect(kept).toEqual(oneTo(100).slice(-kept.length));
  });

  test('compresses what an earlier run left, and fills a hole in the numbers first', async () => {
    writeFileSync(`${path}.1`, 'one\n');
    writeFileSync(`${path}.3`, 'three\n');
    writeFileSync(path, 'x'.repeat(1100) + '\n');
    const sink = await openFile(sinkOptions(path, { rotate: '1k', keep: '5' }));
    sink.write(events(1));
    await until('compression', () =>
      ['1', '2', '3'].every((n) => existsSync(`${path}.${n}.gz`) && !existsSync(`${path}.${n}`)),
    );
    await sink.close();
    expect(gz(`${path}.2.gz`)).toBe('one\n');
    expect(gz(`${path}.3.gz`)).toBe('three\n');
    expect(gz(`${path}.1.gz`)).toMatch(/^x+\n$/);
    expect(existsSync(`${path}.gz.tmp`)).toBe(false);
  });

  test('turns a file that was begun in an earlier period', async () => {
    writeFileSync(path, '{"seq":0}\n');
    utimesSync(path, Date.now() / 1000 - 90_000, Date.now() / 1000 - 90_000);
    const sink = await openFile(sinkOptions(path, { every: '1d', gzip: 'no' }));
    sink.write(events(2));
    await sink.close();
    expect(seqs(read(`${path}.1`))).toEqual([0]);
    expect(seqs(read())).toEqual([1, 2]);
  });
});

test('a killed process leaves at most one bad line, and the next run reads on below it', async () => {
  const script = bundled('test/sinks/file/endless-writer.ts', folder);
  const child = spawn(process.execPath, [script, path], { stdio: 'ignore' });
  try {
    await until('some megabytes', () => existsSync(path) && statSync(path).size > 4_000_000);
  } finally {
    child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  const sink = await openFile(sinkOptions(path));
  sink.write(events(1, 999_999_999));
  await sink.close();
  const lines = read().split('\n').slice(0, -1);
  const bad = lines.filter((line) => {
    try {
      JSON.parse(line);
      return false;
    } catch {
      return true;
    }
  });
  expect(bad.length).toBeLessThanOrEqual(1);
  const found = lines.filter((line) => !bad.includes(line)).map((line) => seqs(line)[0]);
  expect(found).toEqual([...oneTo(found.length - 1), 999_999_999]);
});
