import { describe, expect, test } from '@jest/globals';
import { seesRedirects, tierRows } from '../../../sources/bpf/tier-rows.js';
import { mechanismOf, programsOf, type Tier } from '../../../sources/bpf/tiers.js';

const tier = (over: Partial<Tier>): Tier => ({
  probe: 'miss',
  family: 'inet',
  mechanism: null,
  fidelity: 'words',
  whyNotBetter: null,
  ...over,
});

describe('tiers', () => {
  test.each([
    ['fentry/fib6_del', 'fentry'],
    ['fexit/ip_route_output_key_hash_rcu', 'fentry'],
    ['kprobe/fib6_del', 'kprobe'],
    ['kretprobe/fib6_del', 'kprobe'],
    ['tp_btf/kfree_skb', 'tracepoint'],
    ['raw_tp/sys_exit', 'tracepoint'],
    ['sockops', 'tracepoint'],
    ['iter/tcp', 'tracepoint'],
    ['xdp', null],
  ])('a program of section %s is of mechanism %s', (section, mechanism) => {
    expect(mechanismOf(section)).toBe(mechanism);
  });

  test('a program serves the family its name ends a word with, else both; companions go along', () => {
    const rows = [
      { name: 'miss_output4_fexit', section: 'fexit/a' },
      { name: 'miss_output6_fexit', section: 'fexit/b' },
      { name: 'miss_drop_tp', section: 'tp_btf/kfree_skb' },
      { name: 'miss_owner_tp_all', section: 'tp_btf/c' },
    ];
    expect(programsOf(rows, 'fentry', 'inet')).toEqual(['miss_output4_fexit', 'miss_owner_tp_all']);
    expect(programsOf(rows, 'fentry', 'inet6')).toEqual([
      'miss_output6_fexit',
      'miss_owner_tp_all',
    ]);
    expect(programsOf(rows, 'tracepoint', 'inet6')).toEqual(['miss_drop_tp', 'miss_owner_tp_all']);
    expect(programsOf(rows, 'kprobe', 'inet')).toEqual([]);
  });

  test('what no program serves is served by user space where it can', () => {
    const why = 'needs CAP_BPF';
    const unserved = (['request', 'removed', 'redirect', 'miss'] as const).map((probe) =>
      tier({ probe, whyNotBetter: why }),
    );
    const icmp = { inet: true, inet6: false, code: 'EPERM' };
    const rows = tierRows(unserved, icmp);
    expect(rows.map(({ probe, mechanism }) => `${probe} ${String(mechanism)}`)).toEqual([
      'request procfs',
      'removed dump',
      'redirect icmp-socket',
      'miss null',
    ]);
    expect(rows.every(({ better }) => better?.startsWith(why) === true)).toBe(true);
  });

  test('a redirect that nothing sees says why its socket could not be opened', () => {
    const tiers = [tier({ probe: 'redirect', family: 'inet6', whyNotBetter: 'switched off' })];
    expect(tierRows(tiers, { inet: true, inet6: false, code: 'EPERM' })).toEqual([
      {
        probe: 'redirect',
        family: 'inet6',
        mechanism: null,
        fidelity: 'not seen',
        better: 'switched off; icmp-socket: EPERM',
      },
    ]);
    expect(seesRedirects(tiers)).toBe(false);
    expect(seesRedirects([tier({ probe: 'redirect', mechanism: 'tracepoint' })])).toBe(true);
  });

  test('the best mechanism leaves nothing to be bettered', () => {
    expect(tierRows([tier({ mechanism: 'fentry' })], null)[0]).toMatchObject({
      mechanism: 'fentry',
      fidelity: 'words',
      better: null,
    });
  });
});
