import { describe, expect, test } from '@jest/globals';
import { accepted, demo, leftOvers, routeEvents } from './demo-run.js';

/** A demo takes some 15 s, on a loaded machine several times that. */
const LIMIT_MS = 240_000;

describe('the demo with eBPF', () => {
  test(
    'fires all six probes and leaves nothing behind',
    async () => {
      const { code, stdout, stderr, pid } = await demo(['--json']);
      expect(`${code} ${stderr}`).toMatch(/^0 /);
      expect(stderr).not.toContain('# left out');
      const events = routeEvents(stdout);
      expect([...new Set(events.map(({ probe }) => probe))].sort()).toEqual(
        ['add', 'change', 'delete', 'losing', 'miss', 'redirect'].sort(),
      );
      const misses = events.filter(({ probe }) => probe === 'miss');
      expect(misses.map(({ lookup }) => `${lookup?.direction} ${lookup?.dst}`)).toEqual(
        expect.arrayContaining([
          'output 198.51.100.7',
          'output 2001:db8:dead::7',
          'forward 198.51.100.8',
        ]),
      );
      const sent = misses.filter(({ lookup }) => lookup?.direction === 'output');
      expect(sent.every(({ process }) => process?.confidence === 'exact')).toBe(true);
      expect(accepted(events)).toEqual(['192.168.5.3', 'fe80::3']);
      const authors = events.flatMap(({ redirect }) => redirect?.author ?? []);
      expect([...new Set(authors)].sort()).toEqual(['192.168.5.2', 'fe80::2']);
      const lost = events.flatMap(({ timeout }) =>
        timeout == null ? [] : [`${timeout.protocol} ${timeout.dst}`],
      );
      expect(lost).toEqual(expect.arrayContaining(['tcp 203.0.113.7', 'neighbour 192.168.5.3']));
      expect(leftOvers(pid)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'stops at --count and shows only the probe asked for',
    async () => {
      const { code, stdout, stderr, pid } = await demo([
        '--json',
        '--probe',
        'miss',
        '--count',
        '1',
      ]);
      expect(`${code} ${stderr}`).toMatch(/^0 /);
      expect(routeEvents(stdout).map(({ probe, lookup }) => `${probe} ${lookup?.dst}`)).toEqual([
        'miss 198.51.100.7',
      ]);
      expect(stderr).not.toContain('the namespace itself goes away');
      expect(leftOvers(pid)).toEqual([]);
    },
    LIMIT_MS,
  );
});
