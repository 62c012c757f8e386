import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { STREAM_OPTIONS } from '../../cli/stream-options.js';

const page = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

describe('the pages', () => {
  test('docs/cli.md has a row for every option, with its value', () => {
    const text = page('docs/cli.md');
    for (const { name, value } of STREAM_OPTIONS) {
      expect(text).toContain(`| \`--${name}${value === null ? '' : ` ${value}`}\` `);
    }
  });

  test('docs/cli.md marks just the options of the live source', () => {
    const text = page('docs/cli.md');
    for (const { name, isLive } of STREAM_OPTIONS) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`--${name}`)) ?? '';
      expect(`${name} ${row.includes('_live._')}`).toBe(`${name} ${isLive === true}`);
    }
  });

  test('links of the README and of the pages it leads to point at files', () => {
    for (const name of ['README.md', 'docs/cli.md', 'docs/configuration.md', 'docs/errors.md']) {
      for (const [, target = ''] of page(name).matchAll(/\]\(([\w./-]+\.md|LICENSE)\)/g)) {
        const folder = name.includes('/') ? 'docs/' : '';
        expect(() => page(`${folder}${target}`)).not.toThrow();
      }
    }
  });
});
