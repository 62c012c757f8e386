import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTextOutput } from '../../cli/d/output.js';

const MEGABYTE = 'x'.repeat((1 << 20) - 1) + '\n';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A FIFO whose reader takes nothing until it is asked to. */
function fifo(): { path: string; drain: (wanted: number) => Promise<number>; leave: () => void } {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1 << 20);
  const drain = async (wanted: number): Promise<number> => {
    let bytes = 0;
    while (bytes < wanted) {
      try {
        bytes += readSync(fd, buffer);
      } catch {
        // EAGAIN: nothing there yet.
        await sleep(1);
      }
      await new Promise(setImmediate);
    }
    return bytes;
  };
  return {
    path,
    drain,
    leave: () => {
      closeSync(fd);
    },
  };
}

describe('the text of D programs', () => {
  test('is appended to the file of -o in order', async () => {
    const path = join(folder, 'out');
    writeFileSync(path, 'before\n');
    const output = openTextOutput(path);
    for (let line = 0; line < 1000; line += 1) output.write(`${line}\n`);
    await output.close();
    expect(output.failure).toBeNull();
    const lines = Array.from({ length: 1000 }, (_, line) => `${line}\n`).join('');
    expect(readFileSync(path, 'utf8')).toBe(`before\n${lines}`);
  });

  test('goes into a new file after reopen', async () => {
    const path = join(folder, 'out');
    const output = openTextOutput(path);
    output.write('one\n');
    while (readFileSync(path, 'utf8') === '') await sleep(5);
    renameSync(path, `${path}.1`);
    output.reopen();
    output.write('two\n');
    await output.close();
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\n');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
  });

  test('a full disk is a failure that names the file and the errno', async () => {
    const output = openTextOutput('/dev/full');
    output.write('x\n');
    await output.whenClosed;
    expect(output.failure).toMatchObject({
      kind: 'runtime',
      message: 'expected an output file /dev/full that can be written, got ENOSPC',
    });
    await output.close();
  });

  test('a file that can not be opened is a runtime error', () => {
    expect(() => openTextOutput(join(folder, 'no', 'out'))).toThrow('got ENOENT');
    expect(() => openTextOutput(folder)).toThrow('got EISDIR');
  });

  test('a slow reader makes it full, and gets everything once it reads', async () => {
    const { path, drain, leave } = fifo();
    const output = openTextOutput(path);
    for (let n = 0; n < 20; n += 1) output.write(MEGABYTE);
    expect(output.isFull).toBe(true);
    let hasRoom = false;
    const room = output.room().then(() => (hasRoom = true));
    await sleep(50);
    expect(hasRoom).toBe(false);
    const closed = output.close();
    expect(await drain(20 << 20)).toBe(20 << 20);
    await Promise.all([room, closed]);
    expect(output.isFull).toBe(false);
    expect(output.dropped).toBe(0);
    leave();
  });

  test('past its limit text is dropped and counted, but not the last words', async () => {
    const { path, drain, leave } = fifo();
    const output = openTextOutput(path);
    for (let n = 0; n < 70; n += 1) output.write(MEGABYTE);
    expect(output.dropped).toBe(6);
    output.write(MEGABYTE, true);
    expect(output.dropped).toBe(6);
    const closed = output.close();
    expect(await drain(65 << 20)).toBe(65 << 20);
    await closed;
    leave();
  });

  test('a reader that leaves closes it without a failure', async () => {
    const { path, leave } = fifo();
    const output = openTextOutput(path);
    leave();
    output.write('x\n');
    await output.whenClosed;
    expect(output.failure).toBeNull();
    expect(output.isFull).toBe(false);
    await output.room();
  });
});
