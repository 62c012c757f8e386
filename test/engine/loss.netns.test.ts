import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { compileTool } from '../tools/compile.js';
import type { JsonRecord } from '../tools/rebuild-state.js';
import { cleanUp, Namespace, Tap } from './harness.js';

const ROUTES = 20_000;
const run = promisify(execFile);

async function scene(): Promise<{
  namespace: Namespace;
  flood: (verb: string, ...more: string[]) => Promise<void>;
}> {
  const namespace = new Namespace('loss');
  namespace.quietIpv6();
  namespace.pair('v0', '10.255.0.1/24');
  const flooder = compileTool('route-flood');
  const index = String(namespace.ifindex('v0'));
  return {
    namespace,
    flood: async (verb, ...more) => {
      await run('ip', [
        'netns',
        'exec',
        namespace.name,
        flooder,
        ...more,
        verb,
        String(ROUTES),
        '10.0.0.0',
        index,
      ]);
    },
  };
}

/** Events of the flood which were delivered, not found again by a resync. */
const delivered = (records: readonly JsonRecord[]): number =>
  records.filter(
    (record) =>
      record.type === 'route' &&
      record.cause?.kind !== 'resync' &&
      String(record.route?.dst).startsWith('10.0.'),
  ).length;

describe('events delivered plus events counted as lost', () => {
  afterEach(cleanUp);

  test.each(['add', 'del'])(
    'are the events that happened, when the reader stood still through all of them: %s',
    async (verb) => {
      const { namespace, flood } = await scene();
      if (verb === 'del') await flood('add');
      const tap = await Tap.start(namespace, '--receive-buffer', '65536');
      tap.freeze();
      await flood(verb);
      tap.thaw();
      await tap.waitFor(() => tap.state.resyncs > 0, 'the resync');
      expect(await tap.difference()).toBe('');
      await tap.settle();
      expect(tap.state.lost).toBeGreaterThan(0);
      expect(delivered(tap.records)).toBeGreaterThan(0);
      expect(delivered(tap.records) + tap.state.lost).toBe(ROUTES);
      expect(tap.state.problems).toEqual([]);
      const told = new Set(tap.events.map((record) => record.route?.dst));
      expect(told.size).toBe(ROUTES);
      expect(tap.events).toHaveLength(ROUTES);
      expect(await tap.stop()).toBe(0);
    },
    180_000,
  );

  test('leave a state that equals the kernel, when the reader stands still in the middle', async () => {
    const { namespace, flood } = await scene();
    const tap = await Tap.start(namespace, '--receive-buffer', '65536');
    const flooding = flood('add', '-r', '10000', '-b', '20');
    for (let n = 0; n < 3; n++) {
      await sleep(150);
      tap.freeze();
      await sleep(350);
      tap.thaw();
    }
    await flooding;
    expect(await tap.difference()).toBe('');
    await tap.settle();
    expect(tap.state.lost).toBeGreaterThan(0);
    // A resync may tell first what a queued message tells again; told twice would be a problem.
    expect(tap.events).toHaveLength(ROUTES);
    expect(tap.state.problems).toEqual([]);
    expect(await tap.stop()).toBe(0);
  }, 180_000);

  test('lose nothing with the default buffer, at full speed', async () => {
    const { namespace, flood } = await scene();
    const tap = await Tap.start(namespace);
    await flood('add');
    await flood('del');
    await tap.settle();
    expect(tap.state.lost).toBe(0);
    expect(tap.events).toHaveLength(2 * ROUTES);
    expect(tap.events.every((record) => record.cause?.kind === 'request')).toBe(true);
    expect(tap.state.problems).toEqual([]);
    expect(await tap.difference()).toBe('');
    expect(await tap.stop()).toBe(0);
  }, 180_000);
});
