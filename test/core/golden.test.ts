import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import { jsonLine } from '../../core/format/json.js';
import { replayBatches } from '../../sources/replay/replay.js';
import { folder, scenes } from '../tools/record-goldens.js';

const golden = (scene: string): string[] =>
  readFileSync(path.join(folder, `${scene}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');

type Golden = Readonly<Record<string, unknown>>;

const parsed = (scene: string): Golden[] => golden(scene).map((line) => JSON.parse(line) as Golden);

async function told(scene: string): Promise<string[]> {
  const batches = replayBatches({ file: path.join(folder, `${scene}.rec`) });
  const records = (await lastValueFrom(batches.pipe(toArray()))).flat();
  return records.map((record) => jsonLine(record, { full: false, raw: false }));
}

describe('a replayed recording', () => {
  test('is there for every scene', () => {
    expect(scenes).toEqual([
      'addresses',
      'encaps',
      'inet',
      'inet6',
      'links',
      'nexthops',
      'overrun',
      'rules',
    ]);
  });

  test.each(scenes)('%s says what it said when it was recorded', async (scene) => {
    expect(await told(scene)).toEqual(golden(scene));
  });

  test.each(scenes)('%s is numbered without holes and ends with the stop record', (scene) => {
    const records = parsed(scene);
    expect(records.map((record) => record['seq'])).toEqual(records.map((_, i) => i + 1));
    expect(records.filter((record) => record['what'] === 'stop')).toEqual([records.at(-1)]);
  });
});

describe('the golden scenes', () => {
  const count = (scene: string, wanted: Golden): number =>
    parsed(scene).filter((record) =>
      Object.entries(wanted).every(([member, value]) => record[member] === value),
    ).length;

  test('hold inferred deletes where links, addresses and nexthop objects go', () => {
    for (const scene of ['links', 'addresses', 'nexthops']) {
      expect(count(scene, { probe: 'delete', inferred: true })).toBeGreaterThan(0);
    }
  });

  test('hold no inference where every change is announced', () => {
    for (const scene of ['inet', 'inet6', 'encaps', 'rules']) {
      expect(count(scene, { inferred: true })).toBe(0);
      expect(count(scene, { type: 'gap' })).toBe(0);
    }
  });

  test('hold a loss, its exact count, and the resync that makes it good', () => {
    const lost = parsed('overrun').flatMap((record) =>
      record['type'] === 'gap' ? [Number(record['lost'])] : [],
    );
    const stop = parsed('overrun').at(-1);
    expect(lost.length).toBeGreaterThan(0);
    expect(stop?.['lost']).toBe(lost.reduce((sum, n) => sum + n, 0));
    expect(count('overrun', { type: 'resync' })).toBe(stop?.['resyncs']);
    expect(count('overrun', { inferred: true })).toBe(stop?.['inferred']);
  });
});
