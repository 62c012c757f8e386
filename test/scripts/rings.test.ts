import { describe, expect, test } from '@jest/globals';
import { RINGS } from '../../scripts/test-rings.js';

describe('test rings', () => {
  test.each([
    ['test/core/a.test.ts', 'pure'],
    ['test/sources/a.netns.test.ts', 'netns'],
    ['test/core/a.fuzz.test.ts', 'fuzz'],
    ['test/fuzz/a.test.ts', 'fuzz'],
    ['test/bpf/a.bpf.test.ts', 'bpf'],
  ])('%s belongs to ring %s and no other', (file, name) => {
    const rings = Object.entries(RINGS).filter(([, ring]) => ring.has(file));
    expect(rings.map(([ring]) => ring)).toEqual([name]);
  });
});
