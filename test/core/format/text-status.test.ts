import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textLine, type TextOptions } from '../../../core/format/text.js';
import type { TierRow } from '../../../core/frame.js';
import { PROCESS } from './events.js';

const line = (
  what: string,
  fields: Readonly<Record<string, unknown>>,
  options: TextOptions = { colour: false },
): string =>
  textLine(
    {
      v: 1,
      type: 'status',
      seq: 7,
      time: '2026-11-22T14:21:06.148835123Z',
      timeNs: 1795357266148835123n,
      host: 'r1',
      what,
      zone: { id: 5, name: 'blue' },
      fields,
    },
    options,
  ).slice(16);

const ROUTE = {
  request: 'RTM_NEWROUTE',
  errno: 'EEXIST',
  extack: null,
  process: { ...PROCESS, pid: 123 },
  dst: '10.50.0.0/16',
  gateway: '10.9.1.1',
  table: 254,
  protocol: 'boot',
};

describe('a refused request as text', () => {
  test('says what was asked, what the kernel answered and who asked', () => {
    expect(line('refused', ROUTE)).toBe(
      'refused  RTM_NEWROUTE 10.50.0.0/16 via 10.9.1.1: EEXIST  by ip[123]',
    );
    expect(line('refused', { ...ROUTE, extack: 'Nexthop has invalid gateway' })).toBe(
      'refused  RTM_NEWROUTE 10.50.0.0/16 via 10.9.1.1: EEXIST (Nexthop has invalid gateway)  by ip[123]',
    );
  });

  test('names what is not the usual', () => {
    expect(
      line('refused', {
        ...ROUTE,
        process: null,
        dst: '::/0',
        gateway: 'fe80::1',
        dev: 'eth0',
        routeType: 'blackhole',
        table: 100,
        protocol: 'bird',
        nhid: 7,
      }),
    ).toBe(
      'refused  RTM_NEWROUTE blackhole default via fe80::1 dev eth0 table 100 proto bird nhid 7: EEXIST',
    );
  });

  test('of other objects shows what they say', () => {
    expect(
      line('refused', {
        request: 'RTM_NEWADDR',
        errno: 'EPERM',
        address: '10.0.0.1/24',
        dev: 'v0',
      }),
    ).toBe('refused  RTM_NEWADDR dev v0 address 10.0.0.1/24: EPERM');
    expect(
      line('refused', {
        request: 'RTM_DELRULE',
        errno: 'ENOENT',
        rule: { priority: 5, action: 'lookup', table: 100 },
      }),
    ).toBe('refused  RTM_DELRULE 5: from all lookup 100: ENOENT');
  });

  test('names its zone where there are several', () => {
    expect(line('refused', ROUTE, { colour: false, showZone: true })).toMatch(/ {2}zone blue$/);
  });
});

const tier = (probe: string, family: TierRow['family'], mechanism: string | null): TierRow => ({
  probe,
  family,
  mechanism,
  fidelity: 'exact',
  better: null,
});

describe('the tiers as text', () => {
  test('say what serves each probe, on one line', () => {
    const tiers = [
      tier('miss', 'inet', 'tracepoint'),
      tier('miss', 'inet6', 'tracepoint'),
      tier('losing', 'inet', 'fentry'),
      tier('losing', 'inet6', 'kprobe'),
      tier('redirect', 'inet', 'icmp-socket'),
      tier('redirect', 'inet6', null),
      tier('removed', 'inet', null),
    ];
    expect(line('tiers', { tiers })).toBe(
      'tiers    miss tracepoint, losing fentry (inet6 kprobe), redirect icmp-socket (inet6 nothing), removed nothing',
    );
  });

  test('of a recording of another version show what they have', () => {
    expect(
      line('tiers', { tiers: [null, 5, { probe: 'miss' }, { probe: 1, family: 'inet' }] }),
    ).toBe('tiers   ');
    expect(line('tiers', { tiers: 'all' })).toBe('tiers   ');
  });
});

describe('statuses with a form of their own', () => {
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('\u001b[2J', '\u202e', '\n', { comm: '\u001b', pid: '\u001b[31m' }),
  );

  test.each(['refused', 'tiers', 'rule'])(
    '%s is one harmless line, whatever it carries',
    (what) => {
      const names = [
        'process',
        'rule',
        'tiers',
        'dst',
        'gateway',
        'extack',
        'request',
        'errno',
        'x',
      ];
      const fields = fc.dictionary(fc.constantFrom(...names), junk);
      fc.assert(
        fc.property(fields, (given) => {
          expect(line(what, given)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        }),
      );
    },
  );

  test('a rule without a process that is one names none', () => {
    const rule = { priority: 5, action: 'nop' };
    expect(line('rule', { action: 'add', rule, process: null })).toBe(
      'rule     add 5: from all nop',
    );
    expect(line('rule', { action: 'add', rule, process: { comm: 'ip', pid: '\u001b' } })).toBe(
      'rule     add 5: from all nop',
    );
    expect(line('rule', { action: 'add', rule, process: PROCESS })).toMatch(/ {2}by ip\[1234\]$/);
  });
});
