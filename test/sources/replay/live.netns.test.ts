import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cleanUp, Namespace, root, Tap } from '../../engine/harness.js';
import { RandomOperations, sceneLines } from '../../tools/random-operations.js';

const run = promisify(execFile);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'routetap-live-'));
});
afterEach(async () => {
  await cleanUp();
  await rm(folder, { recursive: true });
});

async function replayed(file: string, ...options: string[]): Promise<string> {
  const args = [path.join(root, 'bin', 'routetap.js'), 'replay', file, '--json', ...options];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 28 });
  return stdout;
}

describe('a recorded run', () => {
  test('is replayed byte for byte: snapshot, events, inferred ones, the last status', async () => {
    const namespace = new Namespace('replay');
    namespace.batch(sceneLines());
    const file = path.join(folder, 'run.rtap');
    const tap = await Tap.start(namespace, '--record', file);
    const operations = new RandomOperations(31);
    for (let n = 0; n < 4; n++) {
      namespace.batch(operations.next(60));
      await tap.settle();
    }
    expect(await tap.stop()).toBe(0);
    expect(tap.state.lines().length).toBeGreaterThan(0);
    expect(tap.stdout).toMatch(/"inferred":true/);
    expect(tap.stdout).toMatch(/"what":"stop"/);
    expect(await replayed(file)).toBe(tap.stdout);
  }, 120_000);

  test('is replayed byte for byte with loss and resync in it', async () => {
    const namespace = new Namespace('replay');
    namespace.batch(sceneLines());
    const file = path.join(folder, 'run.rtap');
    const tap = await Tap.start(namespace, '--receive-buffer', '4096', '--record', file);
    tap.freeze();
    namespace.batch(new RandomOperations(32).next(120));
    tap.thaw();
    await tap.waitFor(() => tap.state.resyncs > 0, 'the resync');
    await tap.settle();
    expect(await tap.stop()).toBe(0);
    expect(tap.stdout).toMatch(/"type":"gap"/);
    expect(await replayed(file)).toBe(tap.stdout);
  }, 120_000);
});
