import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Nexthop, Route, RoutetapRecord } from '../../../core/event.js';
import { textLine, type TextOptions } from '../../../core/format/text.js';
import { clockTime } from '../../../core/format/time.js';
import { arbitraryRecord } from './arbitrary-events.js';
import { PROCESS, ROUTE, plain, record } from './events.js';

const PLAIN: TextOptions = { colour: false };

const COMMON = {
  v: 1 as const,
  seq: 7,
  time: '2026-11-22T14:21:06.148835123Z',
  timeNs: 1795357266148835123n,
  host: 'r1',
};

/** The line without its time, which depends on where the test runs. */
const line = (event: RoutetapRecord, options: TextOptions = PLAIN): string => {
  const text = textLine(event, options);
  expect(text.slice(0, 16)).toBe(`${clockTime(event.timeNs)} `);
  return text.slice(16);
};

const nexthop = (members: Partial<Nexthop>): Nexthop => ({
  gateway: null,
  ifindex: 0,
  dev: null,
  weight: 1,
  flags: [],
  encap: null,
  realm: null,
  ...members,
});

const words = (route: Partial<Route>): string => line(record({ route })).slice(9);

describe('text lines of route events', () => {
  test('a plain add is one line under 100 columns', () => {
    const text = textLine(record({ process: PROCESS }), PLAIN);
    expect(text.slice(16)).toBe(
      'add      10.1.0.0/16 via 192.168.5.2 dev v0  table main proto static  by ip[1234]',
    );
    expect(text.length).toBeLessThan(100);
  });

  test('an inferred delete says what set it off and who', () => {
    const event = record({
      probe: 'delete',
      inferred: true,
      cause: {
        kind: 'link-down',
        trigger: { seq: 1, what: 'RTM_NEWLINK', dev: 'v0', address: null, nhid: null },
      },
      process: { ...PROCESS, uid: 1000, confidence: 'cascade' },
    });
    expect(line(event, { colour: false, verbose: true })).toBe(
      'delete   10.1.0.0/16 via 192.168.5.2 dev v0  table main proto static  ' +
        'inferred: link v0 down  by ip[1234] (cascade) uid 1000 foo.service  rtnetlink',
    );
  });

  test('user and unit stand there only where the line stays under 100 columns', () => {
    const short = record({ route: { dst: '10.0.0.0/8', nexthops: [] }, process: PROCESS });
    expect(line(short)).toBe(
      'add      10.0.0.0/8  table main proto static  by ip[1234] root foo.service',
    );
    fc.assert(
      fc.property(arbitraryRecord, (event) => {
        const bare = textLine(event, PLAIN);
        const verbose = textLine(event, { colour: false, verbose: true });
        // The table of a miss stands before the process, and only where there is room too.
        const table = event.lookup === null ? '' : / after table (main|local|default)/;
        expect(verbose.replace(table, '').startsWith(bare.replace(table, ''))).toBe(true);
      }),
    );
  });

  test('a change shows only what read otherwise before', () => {
    const event = record({
      probe: 'change',
      route: { nexthops: [nexthop({ gateway: '192.168.5.3', ifindex: 2, dev: 'v0' })] },
      previous: {},
    });
    expect(line(event)).toBe(
      'change   10.1.0.0/16 via 192.168.5.3 dev v0  table main proto static  was via 192.168.5.2 dev v0',
    );
  });

  test('a change names what was not there before, and old values of what was', () => {
    const event = record({
      probe: 'change',
      route: { metrics: { mtu: 1400 }, expires: 30 },
      previous: { protocol: 'bgp', prefsrc: '10.9.9.9', type: 'blackhole', nexthops: [] },
    });
    expect(line(event)).toContain(
      '  was blackhole proto bgp src 10.9.9.9 no nexthops no mtu no expires',
    );
  });

  test('prefixes read as ip prints them', () => {
    const nexthops: Nexthop[] = [];
    expect(words({ dst: '0.0.0.0/0', nexthops })).toBe('default  table main proto static');
    expect(words({ dst: '10.0.0.1/32', nexthops })).toBe('10.0.0.1  table main proto static');
    expect(words({ dst: '10.0.0.0/8', type: 'blackhole', nexthops })).toBe(
      'blackhole 10.0.0.0/8  table main proto static',
    );
    expect(words({ family: 'inet6', dst: '::/0', nexthops })).toMatch(/^default /);
    expect(words({ family: 'inet6', dst: '2001:db8::1/128', nexthops })).toMatch(/^2001:db8::1 /);
    expect(words({ family: 'inet6', dst: '2001:db8::/32', nexthops })).toMatch(/^2001:db8::\/32 /);
    expect(words({ family: 'inet6', dst: '::/32', nexthops })).toMatch(/^::\/32 /);
  });

  test('several nexthops stand on one line with their weights', () => {
    const nexthops = [
      nexthop({ gateway: '192.168.5.2', dev: 'v0', weight: 2 }),
      nexthop({ gateway: 'fe80::1', ifindex: 9, flags: ['dead', 'linkdown'] }),
    ];
    expect(words({ nexthops })).toBe(
      '10.1.0.0/16 nexthop via 192.168.5.2 dev v0 weight 2 ' +
        'nexthop via inet6 fe80::1 dev if9 weight 1 dead linkdown  table main proto static',
    );
  });

  test('everything else of a route is there when it is not the ordinary', () => {
    expect(
      words({
        tos: 16,
        src: '10.9.0.0/16',
        scope: 'link',
        prefsrc: '10.9.9.9',
        priority: 100,
        nhid: 10,
        metrics: {
          lock: ['mtu'],
          mtu: 1400,
          rtt: 160,
          rttvar: 40,
          rto_min: 200,
          congctl: 'bbr',
          features: ['ecn', 'sack'],
        },
        pref: 'high',
        expires: 29.5,
        flags: ['offload'],
        nexthops: [
          nexthop({ dev: 'v0', realm: '5', encap: { type: 'mpls', dst: '100/200', ttl: 9 } }),
        ],
      }),
    ).toBe(
      '10.1.0.0/16 from 10.9.0.0/16 tos 0x10 encap mpls dst 100/200 ttl 9 dev v0 realm 5  ' +
        'table main proto static scope link src 10.9.9.9 metric 100 nhid 10 ' +
        'mtu lock 1400 rtt 20ms rttvar 10ms rto_min 200ms congctl bbr features ecn,sack pref high offload expires 29sec',
    );
  });

  test('tables read as the machine names them', () => {
    const names = { table: (n: number) => (n === 100 ? 'blue' : String(n)) };
    expect(line(record({ route: { table: 100 } }), { colour: false, names })).toContain(
      ' table blue ',
    );
    expect(words({ table: 100 })).toContain(' table 100 ');
    expect(words({ table: 255 })).toContain(' table local ');
  });

  test('the zone is named when asked for', () => {
    const options = { colour: false, showZone: true };
    expect(line(record({ zone: { id: 5, name: 'blue' } }), options)).toMatch(/ {2}zone blue$/);
    expect(line(record({ zone: { id: 5, name: null } }), options)).toMatch(/ {2}zone 5$/);
    expect(line(record({ zone: { id: 5, name: 'blue' } }))).not.toContain('zone');
  });

  test('a plain object gives the same text as the record of the engine', () => {
    fc.assert(
      fc.property(arbitraryRecord, fc.boolean(), fc.boolean(), (event, showZone, verbose) => {
        const options = { colour: false, showZone, verbose };
        const text = textLine(event, options);
        expect(textLine(plain(event), options)).toBe(text);
        expect(textLine(event, options)).toBe(text);
      }),
    );
  });

  test('colour only adds colour', () => {
    fc.assert(
      fc.property(arbitraryRecord, (event) => {
        const coloured = textLine(event, { colour: true });

        const without = coloured.replace(/\u001b\[[0-9;]*m/g, '');
        expect(without).toBe(textLine(event, PLAIN));
        expect(coloured.length).toBeGreaterThan(without.length);
      }),
    );
  });

  test('nothing from outside reaches the terminal raw', () => {
    fc.assert(
      fc.property(arbitraryRecord, (event) => {
        expect(textLine(event, { colour: false, showZone: true, verbose: true })).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/,
        );
      }),
    );
  });

  test('a cause of a later version is shown by its name', () => {
    const event = { ...plain(record()), cause: { kind: 'new-cause' as 'unknown', trigger: null } };
    expect(line(event)).toMatch(/ {2}new-cause$/);
  });
});

describe('text lines of other records', () => {
  test('a gap says how much was lost, or that nobody knows', () => {
    const gap = {
      ...COMMON,
      type: 'gap' as const,
      source: 'rtnetlink',
      lost: 2744,
      zone: { id: 5, name: 'blue' },
      reason: 'overrun' as const,
    };
    expect(line(gap)).toBe('gap      lost 2744: rtnetlink overrun');
    expect(line({ ...gap, lost: null }, { colour: false, showZone: true })).toBe(
      'gap      lost an unknown number of messages: rtnetlink overrun  zone blue',
    );
    expect(textLine(gap, { colour: true })).toMatch(/\[1;91mgap {6}lost 2744/);
  });

  test('a resync gives its counts', () => {
    const resync = {
      ...COMMON,
      type: 'resync' as const,
      zone: { id: 5, name: null },
      added: 3,
      deleted: 0,
      changed: 1,
      durationMs: 12,
    };
    expect(line(resync)).toBe('resync   3 added, 0 deleted, 1 changed in 12 ms');
  });

  test('a status shows its fields, escaped', () => {
    const status = {
      ...COMMON,
      type: 'status' as const,
      what: 'watching',
      zone: null,
      fields: { zones: 1, routes: 12, note: 'two words', bad: '\u001b[2J', none: null, list: [1] },
    };
    expect(line(status)).toBe(
      'status   watching zones=1 routes=12 note="two words" bad=\\x1b[2J list=[1]',
    );
  });

  test('a route of a snapshot reads like one of an event', () => {
    const status = {
      ...COMMON,
      type: 'status' as const,
      what: 'route',
      zone: null,
      fields: { route: ROUTE },
    };
    expect(line(status)).toBe(
      'route    10.1.0.0/16 via 192.168.5.2 dev v0  table main proto static',
    );
  });
});
