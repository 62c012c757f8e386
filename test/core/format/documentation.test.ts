import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { jsonLine } from '../../../core/format/json.js';
import { parseRecord } from '../../../core/parse-record.js';
import { RTA, RTF, RTV, routeInfo } from '../../../core/routeinfo.js';
import { partsOf } from '../../../core/route-body.js';

const TEXT = readFileSync('docs/events.md', 'utf8');

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
      }),
    ).toEqual(event.routeinfo);
  });

  test('its example lines are what --json writes', () => {
    const lines = examples('jsonl');
    expect(lines.map((line) => parseRecord(line).type)).toEqual(['route', 'gap', 'status']);
    for (const line of lines) {
      expect(jsonLine(parseRecord(line), { full: false, raw: false })).toBe(line);
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
