import { beforeAll, describe, expect, test } from '@jest/globals';

import { playScene, type Scene, type SceneRecord } from './scene-records.js';

interface Expected {
  readonly verdict: string;
  readonly reason: string;
  readonly family: string;
  readonly dst: string;
  readonly author: string;
  readonly gateway: string;
  readonly hint: string;
}

let scene: Scene;
let expected: readonly Expected[];
beforeAll(async () => {
  scene = await playScene('redirect', []);
  expected = scene
    .lines('expected')
    .map(([verdict, reason, family, dst, author, gateway, hint]) => ({
      verdict: String(verdict),
      reason: String(reason),
      family: String(family),
      dst: String(dst),
      author: String(author),
      gateway: String(gateway),
      hint: String(hint),
    }));
}, 120_000);

const isExact = (family: string): boolean =>
  scene.tiers.find((tier) => tier.family === family)?.mechanism !== 'tracepoint';

/** What this kernel's tier makes of one redirect: one record, or with tracepoints a second one that is a verdict. */
function wanted(redirect: Expected): readonly Partial<SceneRecord>[] {
  const { verdict, reason, family, dst, author, gateway, hint } = redirect;
  const mechanism = scene.tiers.find((tier) => tier.family === family)?.mechanism ?? 'none';
  const base = { family, dst, author, gateway, mechanism, netns: scene.zone('h') };
  if (isExact(family)) return [{ ...base, verdict, reason } as Partial<SceneRecord>];
  const ask = { ...base, verdict: 'ask', reason: hint } as Partial<SceneRecord>;
  return verdict === 'deferred' ? [ask, { ...ask, verdict, reason: '-' }] : [ask];
}

const shown = (record: SceneRecord): Partial<SceneRecord> => ({
  family: record.family,
  dst: record.dst,
  author: record.author,
  gateway: record.gateway,
  mechanism: record.mechanism,
  netns: record.netns,
  verdict: record.verdict,
  reason: record.reason,
});

describe('redirect', () => {
  test('tells every redirect received once, with what became of it or what the message tells', () => {
    expect(expected.length).toBeGreaterThan(20);
    expect(scene.records.map(shown)).toEqual(expected.flatMap(wanted));
    expect(scene.lost).toBe(0);
  });

  test('is right about what the kernel did', () => {
    const accepted = new Map(
      expected.filter(({ verdict }) => verdict === 'accepted').map((one) => [one.dst, one.gateway]),
    );
    const routes = scene.lines('route');
    expect(routes.length).toBe(new Set(expected.map(({ dst }) => dst)).size);
    for (const [dst = '', gateway] of routes) {
      const { author, family } = expected.find((one) => one.dst === dst) ?? {};
      const router = family === 'inet' ? '10.9.1.1' : scene.lines('expected')[2]?.[4];
      expect([dst, author, gateway]).toEqual([dst, author, accepted.get(dst) ?? router]);
    }
  });

  test('knows the flow that the redirect quotes, of IPv4', () => {
    const quoted = scene.records.filter(({ family }) => family === 'inet');
    for (const record of quoted) {
      expect(record).toMatchObject({ src: '10.9.1.2', dport: 9, direction: 2 });
      expect(record.protocol).toBe(record.dst === '10.9.3.10' ? 6 : 17);
      expect(record.sport).toBeGreaterThan(0);
      expect(record.iif).toBeGreaterThan(0);
    }
  });

  test('knows the gateway before and the lifetime of what the kernel made, where it sees that', () => {
    for (const record of scene.records.filter(({ verdict }) => verdict === 'accepted')) {
      expect(isExact(record.family)).toBe(true);
      expect(record.oldGateway).toBe(record.author);
      expect(record.expiresS).toBe(record.family === 'inet' ? 300 : 0);
    }
    for (const record of scene.records.filter(({ verdict }) => verdict === 'ask')) {
      expect(isExact(record.family)).toBe(false);
      expect(record.expiresS).toBe(0);
    }
  });
});
