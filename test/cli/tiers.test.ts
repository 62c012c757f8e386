import { describe, expect, test } from '@jest/globals';
import { probeRows } from '../../cli/doctor/findings.js';
import { unseenLine } from '../../cli/unseen-line.js';
import type { TierRow } from '../../core/frame.js';

const row = (probe: string, family: 'inet' | 'inet6', over: Partial<TierRow> = {}): TierRow => ({
  probe,
  family,
  mechanism: 'tracepoint',
  fidelity: 'words',
  better: 'fentry: EPERM',
  ...over,
});
const blind = { mechanism: null, better: 'needs \u001b[2J root' };

describe('the line about probes that nothing sees', () => {
  test('names those asked for that no family of sees, and the reason, escaped', () => {
    const rows = [
      row('miss', 'inet', blind),
      row('miss', 'inet6', blind),
      row('losing', 'inet', blind),
      row('losing', 'inet6'),
    ];
    expect(unseenLine(rows, ['miss', 'losing', 'add'])).toBe(
      'routetap: nothing here sees miss: needs \\x1b[2J root; see routetap doctor',
    );
  });

  test('is not said of what was not asked for', () => {
    expect(unseenLine([row('miss', 'inet', blind)], [])).toBeNull();
    expect(unseenLine([row('miss', 'inet')], ['miss'])).toBeNull();
  });
});

describe('the rows of doctor', () => {
  const tiers = [
    row('miss', 'inet'),
    row('miss', 'inet6', blind),
    row('request', 'inet', { mechanism: 'fentry', better: null }),
    row('removed', 'inet', { mechanism: 'dump', fidelity: 'worked out' }),
  ];
  const rows = probeRows({ nativeError: null }, tiers);
  const of = (probe: string, family: string): (typeof rows)[number] | undefined =>
    rows.find((one) => one.probe === probe && one.family === family);

  test('are one for each probe and family', () => {
    expect(new Set(rows.map(({ probe, family }) => `${probe} ${family}`)).size).toBe(12);
  });

  test('say of a change what tells it and what tells who asked', () => {
    expect(of('add', 'inet')).toMatchObject({
      mechanism: 'rtnetlink',
      who: 'fentry',
      better: null,
      missing: null,
    });
    expect(of('delete', 'inet')).toMatchObject({
      fidelity: expect.stringContaining('worked out (dump)'),
      better: 'fentry: EPERM',
    });
  });

  test('say what is missing where nothing sees a probe', () => {
    expect(of('miss', 'inet')).toMatchObject({ mechanism: 'tracepoint', missing: null });
    expect(of('miss', 'inet6')).toMatchObject({ mechanism: null, missing: blind.better });
    expect(of('losing', 'inet')?.missing).toBe('an eBPF program that loads');
  });
});
