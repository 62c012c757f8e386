import { describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSinks, withFormat } from '../../cli/load-sinks.js';
import { namesFrom } from '../../core/names/names.js';
import { status } from './records.js';

describe('--json and sinks', () => {
  test.each([
    ['stdout', 'stdout?format=json'],
    ['stdout?queue=8k', 'stdout?queue=8k&format=json'],
    ['stdout?format=text', 'stdout?format=text'],
    ['file:/tmp/a?b', 'file:/tmp/a?b'],
    ['./mine.js', './mine.js'],
  ])('asks %s for JSON as %s', (spec, expected) => {
    expect(withFormat(spec, true)).toBe(expected);
    expect(withFormat(spec, false)).toBe(spec);
  });
});

describe('opening sinks', () => {
  test('one that can not be opened leaves none behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), `routetap-sinks-${process.pid}-`));
    const good = join(folder, 'good.json');
    try {
      await expect(
        loadSinks(
          {
            sink: [`file:${good}`, `file:${folder}/no/such/folder/x`],
            json: false,
            full: false,
            raw: false,
            zone: 'self',
          },
          namesFrom({}),
          () => undefined,
        ),
      ).rejects.toMatchObject({ name: 'RoutetapError' });
      expect(existsSync(good)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('lines name the namespace when all are watched, and only then', async () => {
    const folder = mkdtempSync(join(tmpdir(), `routetap-zones-${process.pid}-`));
    try {
      for (const zone of ['all', 'self']) {
        const path = join(folder, zone);
        const [sink] = await loadSinks(
          { sink: [`file:${path}?format=text`], json: false, full: false, raw: false, zone },
          namesFrom({}),
          () => undefined,
        );
        sink?.write([{ ...status('zone-appeared'), zone: { id: 7, name: 'blue' } }]);
        await sink?.close();
      }
      expect(readFileSync(join(folder, 'all'), 'utf8')).toMatch(/zone-appeared.* zone blue\n$/);
      expect(readFileSync(join(folder, 'self'), 'utf8')).toMatch(/zone-appeared\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
