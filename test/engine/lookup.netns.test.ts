import { afterEach, describe, expect, test } from '@jest/globals';
import { cleanUp } from './harness.js';
import { newTally, runScene } from './lookup-scene.js';

afterEach(cleanUp);

/** Lookups of the random test; 10,000 in the long run before a release. */
const LOOKUPS = Number(process.env['ROUTETAP_LOOKUPS'] ?? 1500);
const SEED = Number(process.env['ROUTETAP_SEED'] ?? 20);
const PER_SCENE = 100;
/** The random test is bounded by time too: a loaded machine does fewer. */
const BOUND_MS = Number(process.env['ROUTETAP_LOOKUPS_MS'] ?? 45_000);

describe('get', () => {
  test(
    'agrees with the kernel on random lookups in random rules, tables and routes',
    async () => {
      const tally = newTally();
      const end = Date.now() + BOUND_MS;
      for (let scene = 0; tally.done < LOOKUPS && Date.now() < end; scene++) {
        await runScene(SEED * 1000 + scene, tally, Math.min(PER_SCENE, LOOKUPS - tally.done));
      }
      if (process.env['ROUTETAP_LOOKUPS'] !== undefined) {
        const text = [...tally.verdicts, ...[...tally.kinds].sort()].map(([k, n]) => `${k}: ${n}`);
        text.push(`lines: ${tally.lines}, refused: ${tally.refused}`);
        process.stdout.write(`${text.join('\n')}\n`);
      }
      expect(tally.wrong).toEqual([]);
      expect(tally.refused).toBeLessThan(tally.lines / 2);
      expect(tally.done).toBeGreaterThan(PER_SCENE);
      // Neither family nor found routes were left out by chance.
      expect(tally.kinds.get('inet unicast')).toBeGreaterThan(0);
      expect(tally.kinds.get('inet6 unicast')).toBeGreaterThan(0);
    },
    BOUND_MS + 60_000,
  );
});
