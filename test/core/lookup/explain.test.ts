import { describe, expect, test } from '@jest/globals';
import { KERNEL_NAMES } from '../../../core/format/text-route.js';
import { explanationJson } from '../../../core/lookup/explain-json.js';
import { explanationLines } from '../../../core/lookup/explain-text.js';
import type { KernelAnswer } from '../../../core/lookup/kernel-answer.js';
import { explain, lookupFlow, type Explanation } from '../../../core/lookup/lookup.js';
import type { FibRoute, Flow, LookupState } from '../../../core/lookup/state.js';
import { address, flow, route, rule, state } from './state.js';

const answer = ({ parts }: FibRoute): KernelAnswer => ({ errno: 0, message: null, route: parts });
const error = (errno: number): KernelAnswer => ({ errno, message: null, route: null });

const routes = [
  route('0.0.0.0/0', { hops: ['via 10.0.0.1 dev 2'] }),
  route('10.0.0.0/8', { hops: ['via 10.0.0.2 dev 2'] }),
  route('10.66.0.0/16', { hops: ['via 10.0.0.1 dev 2'] }),
];
const rules = [
  rule({ priority: 0, table: 255, tableName: 'local' }),
  rule({ priority: 100, fwmark: 7, fwmask: 0xffffffff, table: 100, tableName: 'blue' }),
  rule({ priority: 32766 }),
];
const shape: Partial<LookupState> = {
  routes,
  rules,
  addresses: [address('10.0.0.5/24', 2)],
  neighbours: [{ ifindex: 2, address: '10.0.0.1', state: 2, lladdr: '02:00:00:00:00:01' }],
};

/** What the kernel says of 10.66.66.66. */
const told = (hop: string): KernelAnswer =>
  answer(route('10.66.66.66/32', { hops: [hop], prefsrc: '10.0.0.5' }));

function explained(
  asked: Flow,
  plain: KernelAnswer | null,
  match: KernelAnswer | null,
  more: Partial<LookupState> = {},
): Explanation {
  const here = state(asked.family, { ...shape, ...more });
  return explain(asked, here, lookupFlow(asked, here), plain, match);
}

const lines = (explanation: Explanation, isLong = false): readonly string[] =>
  explanationLines(explanation, { zone: 'self', isLong, names: KERNEL_NAMES });

const fits = answer(routes[2] as FibRoute);

describe('an explanation', () => {
  test('tells rule by rule, the route and those it beat, neighbour, source and the kernel', () => {
    const found = explained(flow('10.66.66.66'), told('via 10.0.0.1 dev 2'), fits);
    expect(lines(found)).toEqual([
      '10.66.66.66 uid 0 in zone self',
      'rule 0: from all lookup local → no route in table local',
      'rule 100: from all fwmark 0x7 lookup blue → does not match: mark is 0x0, not 0x7',
      'rule 32766: from all lookup main → 10.66.0.0/16 via 10.0.0.1 dev d2 (also matched: 10.0.0.0/8 via 10.0.0.2 dev d2, default via 10.0.0.1 dev d2)',
      'nexthop via 10.0.0.1 dev d2, neighbour REACHABLE lladdr 02:00:00:00:00:01',
      'source 10.0.0.5 (chosen from d2)',
      'answer: 10.66.66.66 via 10.0.0.1 dev d2 src 10.0.0.5 — the kernel says the same',
    ]);
  });

  test('in full puts every route on a line, and the words of the kernel', () => {
    const found = explained(flow('10.66.66.66'), told('via 10.0.0.1 dev 2'), fits);
    expect(lines(found, true).slice(3, 7)).toEqual([
      'rule 32766: from all lookup main → 10.66.0.0/16 via 10.0.0.1 dev d2',
      '  matched 10.66.0.0/16 via 10.0.0.1 dev d2 table main proto static',
      '  also matched 10.0.0.0/8 via 10.0.0.2 dev d2 table main proto static',
      '  also matched default via 10.0.0.1 dev d2 table main proto static',
    ]);
    expect(lines(found, true).at(-1)).toBe(
      '  kernel 10.66.66.66 via 10.0.0.1 dev d2 table main proto static src 10.0.0.5',
    );
  });

  test('prints a disagreement as one, member by member', () => {
    const match = answer(routes[1] as FibRoute);
    const found = explained(flow('10.66.66.66'), told('via 10.0.0.2 dev 2'), match);
    expect(found.check.verdict).toBe('differs');
    expect(lines(found).slice(-4)).toEqual([
      'answer: 10.66.66.66 via 10.0.0.1 dev d2 src 10.0.0.5 — THE KERNEL DISAGREES',
      '  gateway: routetap says 10.0.0.1, the kernel 10.0.0.2',
      '  prefix: routetap says 10.66.0.0/16, the kernel 10.0.0.0/8',
      '  nexthops: routetap says via 10.0.0.1 dev d2 weight 1, the kernel via 10.0.0.2 dev d2 weight 1',
    ]);
  });

  test('says that a way found here is none for the kernel, and the other way round', () => {
    const found = explained(flow('10.66.66.66'), error(101), error(101));
    expect(found.check.differences).toEqual([
      'outcome: routetap says no error, the kernel ENETUNREACH',
    ]);
    const none = explained(flow('10.66.66.66'), told('via 10.0.0.1 dev 2'), fits, { routes: [] });
    expect(none.check.differences).toEqual([
      'outcome: routetap says ENETUNREACH, the kernel no error',
    ]);
    expect(none.check.verdict).toBe('differs');
  });

  test('marks the nexthop as the choice of the kernel', () => {
    const many = route('10.66.0.0/16', { hops: ['via 10.0.0.1 dev 2', 'via 10.1.0.1 dev 3'] });
    const found = explained(flow('10.66.66.66'), told('via 10.1.0.1 dev 3'), answer(many), {
      routes: [many],
    });
    expect(found.check).toMatchObject({ verdict: 'same', isKernelsChoice: true });
    expect(lines(found).slice(-4)).toEqual([
      "one of 2 ways, by the kernel's choice: via 10.0.0.1 dev d2 or via 10.1.0.1 dev d3",
      'nexthop via 10.1.0.1 dev d3, neighbour not known yet',
      'source 10.0.0.5 (chosen from d2)',
      'answer: 10.66.66.66 via 10.1.0.1 dev d3 src 10.0.0.5 — the kernel agrees and chose',
    ]);
  });

  test('says that a received packet is dropped for its source', () => {
    const asked = flow('10.66.66.66', { iif: 3, src: '10.0.0.5' });
    expect(explained(asked, error(22), error(22)).check.verdict).toBe('source-refused');
  });

  test('says when nobody could be asked', () => {
    const found = explained(flow('10.66.66.66', { ipproto: 132 }), null, null);
    expect(lines(found).at(-1)).toBe(
      'answer: 10.66.66.66 via 10.0.0.1 dev d2 src 10.0.0.5 — the kernel answers no questions about this protocol',
    );
  });

  test('knows a route that the dump of the kernel leaves out', () => {
    const asked = flow('2001:db8::1');
    const hidden = route('2001:db8::/32', { metric: 9, hops: ['dev 1'] });
    const mirrored = route('2001:db8::/32', { metric: 9, hops: ['via fe80::1 dev 2'] });
    const plain = answer(route('2001:db8::1/128', { metric: 9, hops: ['dev 1'] }));
    const more = { routes: [mirrored], rules: [rule({ family: 'inet6' })] };
    expect(explained(asked, plain, answer(hidden), more).check.verdict).toBe('hidden');
    const other = { ...more, routes: [mirrored, hidden] };
    expect(explained(asked, plain, answer(hidden), other).check.verdict).toBe('differs');
  });

  test('says what was learned for the destination', () => {
    const exceptions = [
      { table: 254, ifindex: 2, gateway: '10.0.0.9', mtu: 1300, expiresS: 295.3 },
    ];
    const found = explained(flow('10.66.66.66'), told('via 10.0.0.9 dev 2'), fits, { exceptions });
    expect(lines(found)).toContain(
      'learned for this destination: gateway 10.0.0.9 by a redirect, mtu 1300, 296 s left',
    );
    expect(found.check.verdict).toBe('same');
  });

  test('escapes what comes from outside', () => {
    const hostile = rule({ iif: 'a\u001b[2J', iifDetached: true });
    const found = explained(flow('10.66.66.66'), null, null, { rules: [hostile] });
    expect(lines(found).join('\n')).not.toContain('\u001b');
    expect(explanationJson(found, 'a\u001b')).not.toContain('\u001b');
  });

  test('as JSON has the same steps as data', () => {
    const found = explained(flow('10.66.66.66'), told('via 10.0.0.1 dev 2'), fits);
    expect(JSON.parse(explanationJson(found, 'self'))).toMatchObject({
      v: 1,
      zone: 'self',
      flow: { family: 'inet', dst: '10.66.66.66', src: null },
      steps: [
        { priority: 0, outcome: 'none', table: 255, route: null },
        { priority: 100, outcome: 'mismatch', why: 'mark is 0x0, not 0x7' },
        {
          priority: 32766,
          outcome: 'found',
          route: { dst: '10.66.0.0/16' },
          alsoMatched: [{ dst: '10.0.0.0/8' }, { dst: '0.0.0.0/0' }],
        },
      ],
      answer: {
        errno: null,
        type: 'unicast',
        way: { dev: 'd2', gateway: '10.0.0.1', src: '10.0.0.5' },
        kernelsChoice: false,
      },
      neighbour: { address: '10.0.0.1', state: 'REACHABLE' },
      kernel: { errno: null },
      verdict: 'same',
      differences: [],
    });
  });
});
