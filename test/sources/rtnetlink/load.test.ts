import { afterAll, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'routetap-load-'));
const addon = join(place, 'build', 'rtnetlink.node');

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Bundles native.ts to FILE of a made-up package; gives what loading prints. */
function load(file: string): string {
  buildSync({
    stdin: {
      contents: `import { loadNative } from './sources/native.ts';
        try { console.log(typeof loadNative().Reader); } catch (error) {
          console.log(error.name, error.kind, error.message);
        }`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(place, file),
  });
  return spawnSync(process.execPath, [join(place, file)], { encoding: 'utf8' }).stdout.trim();
}

test('the addon is found from the bundle and from dist, and its absence or ruin is told in one line', () => {
  writeFileSync(join(place, 'package.json'), '{}');
  mkdirSync(join(place, 'build'));
  const missing = load('dist/routetap.mjs');
  expect(missing).toMatch(/^RoutetapError runtime expected the native reader at [^\n]*$/);
  expect(missing).toContain(addon);
  writeFileSync(addon, 'no addon');
  expect(load('dist/routetap.mjs')).toMatch(/^RoutetapError runtime [^\n]* does not load: [^\n]*$/);
  copyFileSync(join(root, 'build', 'rtnetlink.node'), addon);
  expect(load('dist/routetap.mjs')).toBe('function');
  expect(load('dist/sources/native.mjs')).toBe('function');
});
