import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kernelRoutes, stateDifference } from './compare-state.js';
import { RandomOperations, sceneLines } from './random-operations.js';

const NAMESPACE = `rt-tools-${process.pid}`;
const batch = (lines: readonly string[]): string => {
  const { stderr } = spawnSync('ip', ['-n', NAMESPACE, '-force', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
  });
  return stderr;
};

describe('the random operations', () => {
  beforeAll(() => {
    execFileSync('ip', ['netns', 'add', NAMESPACE]);
  });
  afterAll(() => {
    execFileSync('ip', ['netns', 'del', NAMESPACE]);
  });

  test('build their scene without an error', () => {
    expect(batch(sceneLines())).toBe('');
  });

  test('are understood by ip, succeed often enough to matter, and change the state', () => {
    const before = kernelRoutes(NAMESPACE);
    const errors = batch(new RandomOperations(1).next(600));
    expect(errors).not.toMatch(/garbage|Unknown|is invalid|What is/);
    expect(errors.split('Command failed').length - 1).toBeLessThan(450);
    expect(stateDifference(before, kernelRoutes(NAMESPACE))).not.toBe('');
  });

  test('are the same for the same seed', () => {
    expect(new RandomOperations(7).next(50)).toEqual(new RandomOperations(7).next(50));
    expect(new RandomOperations(7).next(50)).not.toEqual(new RandomOperations(8).next(50));
  });
});
