import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import type { Measurement } from './memory-child.js';

const here = path.dirname(fileURLToPath(import.meta.url));
let folder = '';
let program = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'routetap-memory-'));
  program = path.join(folder, 'child.mjs');
  buildSync({
    entryPoints: [path.join(here, 'memory-child.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    logLevel: 'error',
  });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Bytes a route costs in a process of its own, typed arrays counted twice (they are external memory too). */
function bytesPerRoute(family: 'inet' | 'inet6'): number {
  const out = execFileSync(process.execPath, ['--expose-gc', program, family], {
    encoding: 'utf8',
  });
  const { held, bytesPerRoute: bytes } = JSON.parse(out) as Measurement;
  expect(held).toEqual([0, 200_000]);
  return bytes;
}

test('an IPv4 route in a table of 200,000 costs at most 128 bytes', () => {
  const bytes = bytesPerRoute('inet');
  // Less than its prefix, metric, body and links take would mean that nothing was measured.
  expect(bytes).toBeGreaterThan(28);
  expect(bytes).toBeLessThanOrEqual(128);
});

test('an IPv6 route in a table of 200,000 costs at most 176 bytes', () => {
  const bytes = bytesPerRoute('inet6');
  expect(bytes).toBeGreaterThan(40);
  expect(bytes).toBeLessThanOrEqual(176);
});
