import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { jsonLine } from '../../../core/format/json.js';
import { textLine } from '../../../core/format/text.js';
import { parseRecord } from '../../../core/parse-record.js';
import { routeInfo } from '../../../core/routeinfo-members.js';
import { RTA, RTF, RTV } from '../../../core/routeinfo.js';
import { partsOf } from '../../../core/route-body.js';
import { LOOKUP, REDIRECT, TIMEOUT } from './events.js';

const TEXT = readFileSync('docs/events.md', 'utf8');

/** `09:41:07.123456 `: the clock of the machine the test runs on. */
const CLOCK = 16;

const examples = (language: string): string[] =>
  [...TEXT.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map((match) =>
    JSON.stringify(JSON.parse(match[1] ?? '')),
  );

describe('docs/events.md', () => {
  test('its full example is what --full writes, and its routeinfo what the route gives', () => {
    const [line = '', ...others] = examples('json');
    expect(others).toEqual([]);
    const event = parseRecord(line);
    expect(jsonLine(event, { full: true, raw: false })).toBe(line);
    if (event.type !== 'route') throw new Error(`a ${event.type} record`);
    expect(
      routeInfo({
        probe: event.probe,
        zone: event.zone,
        initialZone: false,
        process: event.process,
        parts: partsOf(event.route),
        nlmsgSeq: 1,
        kernelAddress: '0x0',
        timeout: null,
        redirect: null,
      }),
    ).toEqual(event.routeinfo);
  });

  test('its example lines are what --json writes', () => {
    const lines = examples('jsonl');
    expect(lines.map((line) => parseRecord(line).type)).toEqual([
      'route',
      'route',
      'route',
      'route',
      'gap',
      'status',
      'status',
      'status',
    ]);
    for (const line of lines) {
      expect(jsonLine(parseRecord(line), { full: false, raw: false })).toBe(line);
    }
  });

  test('its lines of text are what its examples read as', () => {
    const texts = examples('jsonl')
      .map((line) => parseRecord(line))
      .filter((record) => record.type === 'status' || (record.type === 'route' && !record.inferred))
      .filter((record) => record.type !== 'status' || record.what !== 'watching')
      .map((record) => textLine(record, { colour: false }).slice(CLOCK));
    expect(texts).toHaveLength(5);
    const documented = [...TEXT.matchAll(/^\d\d:\d\d:\d\d\.\d{6} (.*)$/gm)].map(([, tail]) => tail);
    expect(documented).toEqual(expect.arrayContaining(texts));
  });

  test('it names every member of the sections of misses, losing paths and redirects', () => {
    const shapes = { lookup: LOOKUP, timeout: TIMEOUT, redirect: REDIRECT };
    for (const [name, section] of Object.entries(shapes)) {
      const [, text = ''] = new RegExp(`### \`${name}\`:([^]*?)\\n##`).exec(TEXT) ?? [];
      const missing = Object.keys(section).filter(
        (member) => !new RegExp(`^\\|[^|]*\`${member}\``, 'm').test(text),
      );
      expect([name, missing]).toEqual([name, []]);
    }
  });

  test('its tables have the bits routetap sets', () => {
    const documented = (name: string, value: number): boolean =>
      new RegExp(`\\| \`${name}\` +\\| 0x${value.toString(16)} `).test(TEXT);
    for (const table of [RTF, RTV, RTA]) {
      const missing = Object.entries(table).filter(([name, value]) => !documented(name, value));
      expect(missing).toEqual([]);
    }
  });
});
