import { afterEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import {
  loadNative,
  type NativeReader,
  type NativeReaderOptions,
} from '../../../sources/native.js';
import { cleanUp, hostRoutes, Namespace } from './namespace.js';

const ADDON = fileURLToPath(new URL('../../../build/rtnetlink.node', import.meta.url));
const OPTIONS: NativeReaderOptions = {
  groups: Int32Array.of(7),
  receiveBufferBytes: 1 << 20,
  slabBytes: 128 << 10,
  slabs: 4,
  coalesceUs: 1000,
  seeProcesses: false,
};

afterEach(cleanUp);

/** Plain JavaScript for a worker or process of its own: opens a reader of the namespace and waits for a slab. */
const script = (path: string | null, then: string, addon = ADDON): string => `
  const { Reader } = require(${JSON.stringify(addon)});
  const options = { groups: Int32Array.of(7), receiveBufferBytes: 1 << 20, slabBytes: 1 << 17,
    slabs: 4, coalesceUs: 1000, seeProcesses: true };
  const reader = new Reader(options, () => {
    const bytes = reader.take();
    if (bytes === null) return;
    const length = bytes.length;
    reader.release();
    ${then}
  });
  reader.addZone(1, ${JSON.stringify(path)}, null);
  reader.barrier(1, 1);
`;

describe('the native reader', () => {
  test('answers wrong arguments with a TypeError', () => {
    const { Reader } = loadNative();
    const reader = new Reader(OPTIONS, () => undefined);
    const loose = reader as unknown as Record<string, (...args: unknown[]) => unknown>;
    const call = (name: string, ...args: unknown[]): unknown => loose[name]?.(...args);
    const wrong: (() => unknown)[] = [
      () => call('addZone'),
      () => call('addZone', 'x', null, null),
      () => call('addZone', 1, 5, null),
      () => call('addZone', 1, 'a\0b', null),
      () => call('addZone', 1, null, [1, 2]),
      () => call('addZone', 1, null, new Uint8Array(7)),
      () => call('addZone', 1, null, new Uint8Array(0)),
      () => call('addZone', 1, null, new Uint8Array(8 * 4097)),
      () => call('addZone', 1, null, null, 1),
      () => call('removeZone', -1),
      () => call('removeZone', 1.5),
      () => call('removeZone', Number.NaN),
      () => call('setFilter', 1, 'x'),
      () => call('query', 1, 2 ** 32, new Uint8Array(16)),
      () => call('query', 1, 1, null),
      () => call('query', 1, 1, new Uint8Array(65_537)),
      () => call('barrier', Symbol('x'), {}),
      () => loose['take']?.call({}),
      () => loose['close']?.call(loadNative()),
      () => new Reader({} as NativeReaderOptions, () => undefined),
      () => new Reader({ ...OPTIONS, slabs: 1 }, () => undefined),
      () => new Reader({ ...OPTIONS, slabBytes: 4096 }, () => undefined),
      () => new Reader({ ...OPTIONS, coalesceUs: -1 }, () => undefined),
      () => new Reader({ ...OPTIONS, groups: [7] as unknown as Int32Array }, () => undefined),
      () => new Reader(OPTIONS, 'x' as unknown as () => void),
      () => new Reader(null as unknown as NativeReaderOptions, () => undefined),
      () => (Reader as unknown as (options: unknown, ready: unknown) => void)(OPTIONS, () => 0),
    ];
    for (const attempt of wrong) {
      expect(attempt).toThrow(expect.objectContaining({ name: 'TypeError' }));
    }
    reader.close();
  });

  test('takes no second slab before the first is released, and nothing once closed', async () => {
    const namespace = new Namespace();
    const { Reader } = loadNative();
    let ready = (): void => undefined;
    const told = new Promise<void>((resolve) => (ready = resolve));
    const reader: NativeReader = new Reader(OPTIONS, () => ready());
    reader.addZone(1, namespace.path, null);
    reader.barrier(1, 1);
    await told;
    const bytes = reader.take();
    expect(bytes?.length).toBe(32);
    expect(() => reader.take()).toThrow('not released');
    reader.close();
    reader.close();
    reader.release();
    // The bytes are gone, not dangling.
    expect(bytes?.length).toBe(0);
    for (const attempt of [() => reader.take(), () => reader.stats(), () => reader.barrier(1, 1)]) {
      expect(attempt).toThrow('closed');
    }
  });

  test('reads in worker threads, which may be terminated amid a flood', async () => {
    const namespace = new Namespace();
    const code = script(
      namespace.path,
      `require('node:worker_threads').parentPort.postMessage(length);`,
    );
    const workers = [1, 2, 3].map(() => new Worker(code, { eval: true }));
    const said = await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(said).toEqual([[32], [32], [32]]);
    namespace.batch(hostRoutes('add', 2000));
    expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1, 1]);
  });

  test('keeps the process alive while open and lets it end once closed', () => {
    const namespace = new Namespace();
    const run = (then: string, limit: number): number | null =>
      spawnSync(process.execPath, ['-e', script(namespace.path, then)], { timeout: limit }).status;
    expect(run('setTimeout(() => process.exit(5), 300);', 30_000)).toBe(5);
    expect(run('reader.close();', 30_000)).toBe(0);
  });

  test('reads our own namespace without any privilege', () => {
    const place = mkdtempSync(join(tmpdir(), 'routetap-native-'));
    chmodSync(place, 0o755);
    const addon = join(place, 'rtnetlink.node');
    copyFileSync(ADDON, addon);
    const code = script(null, 'console.log(length, reader.stats()); reader.close();', addon);
    const { stdout } = spawnSync(process.execPath, ['-e', code], {
      uid: 65_534,
      gid: 65_534,
      cwd: '/',
      encoding: 'utf8',
      timeout: 30_000,
    });
    rmSync(place, { recursive: true });
    // SO_RCVBUF, capped by rmem_max, stands in for SO_RCVBUFFORCE.
    expect(stdout).toMatch(/^32 \{[^}]*receiveBufferBytes: [1-9]/);
  });

  test('is closed when JavaScript has forgotten it', () => {
    const code = `
      const { Reader } = require(${JSON.stringify(ADDON)});
      const { readdirSync } = require('node:fs');
      const count = () => readdirSync('/proc/self/task').length;
      const options = { groups: Int32Array.of(7), receiveBufferBytes: 1 << 20, slabBytes: 1 << 17,
        slabs: 4, coalesceUs: 1000, seeProcesses: true };
      const before = count();
      for (let i = 0; i < 5; i++) new Reader(options, () => {}).addZone(1, null, null);
      const during = count() - before;
      const timer = setInterval(() => {
        gc();
        if (count() > before) return;
        clearInterval(timer);
        process.exitCode = during;
      }, 10);`;
    const { status } = spawnSync(process.execPath, ['--expose-gc', '-e', code], {
      timeout: 30_000,
    });
    expect(status).toBe(5);
  });

  test('ends with its process when that exits without closing', () => {
    const namespace = new Namespace();
    const code = script(namespace.path, 'process.exit(7);');
    expect(spawnSync(process.execPath, ['-e', code], { timeout: 30_000 }).status).toBe(7);
  });
});
