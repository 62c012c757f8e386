import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildFrame, FRAME_KIND } from '../../../core/frame.js';
import { RecordingSplitter } from '../../../core/recording.js';
import { openRecorder } from '../../../sources/rtnetlink/recorder.js';

const HEADER = { version: '0.1.0', host: 'r1', options: {} };
const frame = (payload: Uint8Array): Uint8Array =>
  buildFrame({ kind: FRAME_KIND.DATAGRAM, zone: 1, timeNs: 5n, payload });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'routetap-recorder-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the recorder', () => {
  test('writes batches in order and copies them', async () => {
    const file = path.join(folder, 'a.rtap');
    const recorder = await openRecorder(file, HEADER);
    const batch = frame(new Uint8Array([1]));
    recorder.write(batch);
    batch.fill(0);
    recorder.write(frame(new Uint8Array([2, 2])));
    await recorder.close();
    const bytes = await readFile(file);
    expect(recorder.writtenBytes).toBe(bytes.length);
    expect(recorder.stopped).toBeNull();
    const splitter = new RecordingSplitter();
    expect(splitter.push(bytes)).toEqual([
      frame(new Uint8Array([1])),
      frame(new Uint8Array([2, 2])),
    ]);
    expect(splitter.header).toEqual(HEADER);
    expect(splitter.end()).toEqual({ batch: null, tornBytes: 0 });
  });

  test('lets only the owner read, for it names processes', async () => {
    const file = path.join(folder, 'a.rtap');
    await (await openRecorder(file, HEADER)).close();
    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  test('says in one line that the disk is full', async () => {
    const warnings: string[] = [];
    // Every write to /dev/full fails with ENOSPC, so even the header can't be written.
    await expect(openRecorder('/dev/full', HEADER, (line) => warnings.push(line))).rejects.toThrow(
      "can't record to /dev/full: ENOSPC",
    );
    expect(warnings).toEqual([]);
  });

  test('stops with one line when it falls too far behind', async () => {
    const warnings: string[] = [];
    const file = path.join(folder, 'a.rtap');
    const recorder = await openRecorder(file, HEADER, (line) => warnings.push(line));
    const large = frame(new Uint8Array(40 << 20));
    recorder.write(large);
    recorder.write(large);
    recorder.write(large);
    expect(recorder.stopped).toBe('the disk is 64 MiB behind');
    expect(recorder.droppedBatches).toBe(2);
    expect(warnings).toHaveLength(1);
    await recorder.close();
    const splitter = new RecordingSplitter();
    expect(splitter.push(await readFile(file))).toHaveLength(1);
  });

  test('says why a file cannot be made', async () => {
    await expect(openRecorder(path.join(folder, 'no', 'such'), HEADER)).rejects.toMatchObject({
      kind: 'runtime',
      code: 'ENOENT',
    });
  });
});
