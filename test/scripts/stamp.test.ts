import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesUnder, whenChanged } from '../../scripts/setup/stamp.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), `routetap-stamp-${process.pid}-`));
  mkdirSync(join(root, 'src/deep'), { recursive: true });
  writeFileSync(join(root, 'src/a'), 'a');
  writeFileSync(join(root, 'src/deep/b'), 'b');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const step = (make: () => void) => ({
  root,
  name: 'step',
  inputs: ['src'],
  outputs: ['out'],
  make,
});
const makeOut = (): void => writeFileSync(join(root, 'out'), 'made');

describe('build steps', () => {
  test('files are found in folders, in a fixed order, and missing ones are none', () => {
    expect(filesUnder(root, ['src', 'missing'])).toEqual(['src/a', 'src/deep/b']);
  });

  test('a step runs once, and again only when the bytes of an input change', async () => {
    expect(await whenChanged(step(makeOut))).toBe(true);
    expect(await whenChanged(step(makeOut))).toBe(false);
    utimesSync(join(root, 'src/a'), new Date(), new Date(Date.now() + 5000));
    expect(await whenChanged(step(makeOut))).toBe(false);
    writeFileSync(join(root, 'src/deep/b'), 'c');
    expect(await whenChanged(step(makeOut))).toBe(true);
  });

  test('a step runs again when its output is gone', async () => {
    await whenChanged(step(makeOut));
    rmSync(join(root, 'out'));
    expect(await whenChanged(step(makeOut))).toBe(true);
  });

  test('a step that failed is tried again', async () => {
    const failing = step(() => {
      makeOut();
      throw new Error('compiler');
    });
    await expect(whenChanged(failing)).rejects.toThrow('compiler');
    expect(await whenChanged(step(makeOut))).toBe(true);
  });
});
