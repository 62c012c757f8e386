import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { u32 } from './objects.js';
import { playScene, type Scene, type SceneRecord } from './scene-records.js';

const TCP = 6;
const OUTPUT = 0;
const INPUT = 2;
const CONNECTIONS = 10_000;

let scene: Scene;
beforeAll(async () => {
  scene = await playScene('losing', [`${CONNECTIONS}`]);
}, 240_000);

const tcp = (): readonly SceneRecord[] => scene.records.filter(({ protocol }) => protocol === TCP);

/** What tells records apart: family, whose connection, and the port of the one who connected. */
const key = ({ family, direction, sport, dport }: SceneRecord): string =>
  direction === INPUT ? `${family} input ${dport}` : `${family} output ${sport}`;

describe('losing', () => {
  test('tells every suspicion of TCP once, and nothing of connections that work, stall or are advised', () => {
    const wanted = scene
      .lines('expected')
      .filter(([what]) => what !== 'neighbour')
      .map(([, family, port, direction]) => `${family} ${direction} ${port}`);
    expect(wanted).toHaveLength(6);
    expect(tcp().map(key).sort()).toEqual([...wanted].sort());
    expect(scene.lines('forbidden:')[0]?.[1]).toBe(`${CONNECTIONS}`);
    expect(scene.lost).toBe(0);
  });

  test('says by which gateway, interface and path MTU, of IPv6 too', () => {
    for (const record of tcp()) {
      const near = record.direction === INPUT ? '2' : '1';
      expect(record).toMatchObject({
        netns: scene.zone(record.direction === INPUT ? 'f' : 'h'),
        gateway: record.family === 'inet' ? `10.9.${near}.1` : `fd09:${near}::1`,
        mtu: 1500,
        mechanism: scene.tiers.find(({ family }) => family === record.family)?.mechanism,
      });
      expect(record.oif).toBeGreaterThan(0);
    }
  });

  test('says who connected, and of connections accepted who listens', () => {
    for (const record of tcp()) {
      expect(record.pid).toBeGreaterThan(0);
      expect(record.comm).toBe('python3');
    }
    const of = (direction: number): readonly number[] => [
      ...new Set(
        tcp()
          .filter((one) => one.direction === direction)
          .map(({ pid }) => pid),
      ),
    ];
    expect(of(OUTPUT)).toHaveLength(1);
    expect(of(INPUT)).toHaveLength(1);
    expect(of(INPUT)).not.toEqual(of(OUTPUT));
  });

  test('gives the state of the retransmission timer', () => {
    const syns = new Set(
      scene
        .lines('expected')
        .filter(([what]) => what === 'syn')
        .map(([, , port]) => Number(port)),
    );
    for (const record of tcp()) {
      expect(record.retransmits).toBeGreaterThan(0);
      expect(record.rtoMs).toBeGreaterThanOrEqual(200);
      expect(record.srttUs > 0).toBe(!syns.has(record.sport));
    }
  });

  test('tells a gateway whose address is not answered for', () => {
    const wanted = scene
      .lines('expected')
      .filter(([what]) => what === 'neighbour')
      .map(([, , address]) => address);
    const told = scene.records.filter(({ protocol }) => protocol !== TCP);
    expect(told.map(({ dst }) => dst).sort()).toEqual([...wanted].sort());
    for (const record of told) {
      expect(record).toMatchObject({ protocol: 0, netns: scene.zone('h'), gateway: record.dst });
      expect(record.oif).toBeGreaterThan(0);
    }
  });
});

describe('the objects', () => {
  // libbpf refuses an object with an extern CONFIG_ where neither /proc/config.gz nor /boot has the configuration.
  test.each(['losing', 'redirect'])(
    'of %s need no file with the kernel’s configuration',
    (probe) => {
      const object = readFileSync(new URL(`../../bpf/${probe}.bpf.o`, import.meta.url), 'latin1');
      expect(object).toContain('.rodata');
      expect(object).not.toContain('CONFIG_');
    },
  );
});

describe('losing, with a bound', () => {
  test('tells no more neighbours a second, and counts the others as lost', async () => {
    const flood = await playScene('losing', ['scan', '40'], {
      knobs: { losing: { rate_per_second: u32(5) } },
    });
    const told = flood.records.length;
    expect(told).toBeGreaterThanOrEqual(5);
    expect(told).toBeLessThan(40);
    expect(told + flood.lost).toBeGreaterThanOrEqual(40);
  }, 60_000);
});
