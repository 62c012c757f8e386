import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Lookup, Nexthop, Redirect, Timeout } from '../../../core/event.js';
import { textLine, type TextOptions } from '../../../core/format/text.js';
import { arbitraryRecord } from './arbitrary-events.js';
import { LOOKUP, PROCESS, REDIRECT, TIMEOUT, plain, record, type Given } from './events.js';

const PLAIN: TextOptions = { colour: false };

const nexthop = (members: Partial<Nexthop>): Nexthop => ({
  gateway: null,
  ifindex: 2,
  dev: 'eth0',
  weight: 1,
  flags: [],
  encap: null,
  realm: null,
  ...members,
});

/** The line without its time; plain data must read the same. */
function line(given: Given, options: TextOptions = PLAIN): string {
  const event = record(given);
  const text = textLine(event, options);
  expect(textLine(plain(event), options)).toBe(text);
  return text.slice(16);
}

const QUIET: Lookup = {
  ...LOOKUP,
  src: '10.0.0.2',
  sport: 53211,
  iif: 0,
  oif: 0,
  mark: 0,
  uid: 0,
  direction: 'output',
  rule: null,
  table: null,
  count: 1,
};

const miss = (lookup: Partial<Lookup>, given: Given = {}): string =>
  line({
    probe: 'miss',
    cause: { kind: 'lookup', trigger: null },
    process: { ...PROCESS, comm: 'dig', pid: 123, unit: null },
    lookup: { ...QUIET, ...lookup },
    ...given,
    route: { dst: '203.0.113.9/32', nexthops: [], table: 0, protocol: 'unspec', ...given.route },
  });

const losing = (timeout: Partial<Timeout>, given: Given = {}): string =>
  line({
    probe: 'losing',
    cause: { kind: 'tcp-timeout', trigger: null },
    timeout: { ...TIMEOUT, ...timeout },
    route: { dst: '10.9.2.2/32', nexthops: [nexthop({ gateway: '10.9.1.1' })] },
    ...given,
  });

const redirect = (members: Partial<Redirect>, given: Given = {}): string =>
  line({
    probe: 'redirect',
    cause: { kind: 'icmp-redirect', trigger: null },
    redirect: { ...REDIRECT, ...members },
    route: { dst: '10.9.3.7/32', nexthops: [nexthop({ gateway: '10.9.1.3' })] },
    previous: { dst: '10.9.3.7/32', nexthops: [nexthop({ gateway: '10.9.1.1' })] },
    ...given,
  });

describe('a miss as text', () => {
  test('says what was looked for, the answer, the flow and whose it was', () => {
    expect(miss({})).toBe(
      'miss     203.0.113.9 ENETUNREACH udp 10.0.0.2:53211 > :53  by dig[123] root',
    );
  });

  test('of a packet on its way through says where it came in', () => {
    const through: Given = {
      process: null,
      route: { nexthops: [nexthop({})] },
    };
    const lookup: Partial<Lookup> = {
      src: '10.1.1.5',
      sport: 999,
      direction: 'forward',
      iif: 2,
      uid: null,
    };
    expect(miss(lookup, through)).toBe(
      'miss     203.0.113.9 ENETUNREACH forward in eth0 udp 10.1.1.5:999 > :53',
    );
    expect(miss({ ...lookup, iif: 7 }, through)).toContain(' forward in if7 udp ');
  });

  test('says what is known of the flow and no more', () => {
    const words = (lookup: Partial<Lookup>): string =>
      miss(lookup)
        .slice('miss     203.0.113.9 ENETUNREACH'.length)
        .replace(/ {2}by .*/, '');
    expect(words({ src: null })).toBe(' udp :53211 > :53');
    expect(words({ src: null, sport: 0 })).toBe(' udp > :53');
    expect(words({ sport: 0 })).toBe(' udp 10.0.0.2 > :53');
    expect(words({ src: '2001:db8::1' })).toBe(' udp [2001:db8::1]:53211 > :53');
    expect(words({ protocol: 'icmp', sport: 0, dport: 0 })).toBe(' icmp from 10.0.0.2');
    expect(words({ protocol: null, src: null, sport: 0, dport: 0 })).toBe('');
    expect(words({ mark: 16, oif: 9 })).toBe(' out if9 udp 10.0.0.2:53211 > :53 mark 0x10');
  });

  test('says how many lookups it stands for', () => {
    expect(miss({ count: 37 })).toContain(' > :53 (37 times)  by ');
    expect(miss({ count: 1 })).not.toContain('times');
  });

  test('names the table and the rule the lookup ended at', () => {
    const names = { table: (table: number) => (table === 100 ? 'blue' : String(table)) };
    const given: Given = { process: null };
    expect(miss({ table: 254 }, given)).toMatch(/ > :53 after table main$/);
    expect(miss({ table: 100, rule: 50 }, given)).toMatch(/ after table 100 of rule 50$/);
    expect(miss({ rule: 50 }, given)).toMatch(/ after rule 50$/);
    const event = record({ probe: 'miss', lookup: { ...QUIET, table: 100 } });
    expect(textLine(event, { colour: false, names })).toContain(' after table blue');
  });

  test('leaves out the usual table where the line would become too long', () => {
    const lookup: Partial<Lookup> = { src: '10.100.100.100', table: 254 };
    const long = miss(lookup);
    expect(long).not.toContain('after table');
    expect(long.length + 16).toBeLessThan(100);
    const verbose = line(
      { probe: 'miss', lookup: { ...QUIET, ...lookup }, process: PROCESS },
      { colour: false, verbose: true },
    );
    expect(verbose).toContain(' after table main ');
    expect(miss({ ...lookup, table: 100 })).toContain(' after table 100');
  });

  test('names the owner of the flow where no process is known', () => {
    expect(miss({ uid: 1000 }, { process: null })).toMatch(/ uid 1000$/);
    expect(miss({ uid: null }, { process: null })).not.toContain('uid');
    expect(miss({ uid: 0 }, { process: null })).not.toContain('uid');
    expect(miss({ uid: 1000 })).not.toContain('uid 1000');
  });
});

describe('a losing path as text', () => {
  test('of TCP says which connection, how often it tried and how slow it was', () => {
    expect(losing({}, { process: { ...PROCESS, comm: 'curl', pid: 88, unit: null } })).toBe(
      'losing   10.9.2.2 via 10.9.1.1 dev eth0 tcp :53211 > :7000 ' +
        '4 retransmits rto 3264 ms srtt 210 us  by curl[88]',
    );
    expect(losing({ retransmits: 1, srttUs: 0 })).toMatch(/ 1 retransmit rto 3264 ms$/);
  });

  test('of a neighbour says that it does not answer', () => {
    const text = losing(
      { protocol: 'neighbour', dst: '10.9.1.1', src: null, sport: 0, dport: 0 },
      {
        cause: { kind: 'neighbour-failed', trigger: null },
        route: { dst: '10.9.1.1/32', nexthops: [nexthop({})] },
      },
    );
    expect(text).toBe('losing   10.9.1.1 dev eth0 neighbour does not answer');
  });
});

describe('a redirect as text', () => {
  test('says both gateways, who sent it and what became of it', () => {
    expect(redirect({})).toBe(
      'redirect 10.9.3.7 via 10.9.1.3 dev eth0 was via 10.9.1.1 by router 10.9.1.1 accepted expires 300 s',
    );
  });

  test.each<[Partial<Redirect>, string]>([
    [{ expires: null }, ' accepted'],
    [{ accepted: 'deferred', expires: null }, ' deferred'],
    [
      { accepted: 'no', reason: 'its author is not the gateway in use', expires: null },
      ' not accepted: its author is not the gateway in use',
    ],
    [{ accepted: 'no', expires: null }, ' not accepted'],
    [{ accepted: 'unknown', expires: null }, ' not known whether accepted'],
  ])('%j ends in "%s"', (members, end) => {
    expect(redirect({ ...members, old: null })).toBe(
      `redirect 10.9.3.7 via 10.9.1.3 dev eth0 by router 10.9.1.1${end}`,
    );
  });

  test('to the destination itself says that it is on the link', () => {
    expect(
      redirect(
        { new: '2001:db8::7', old: 'fe80::1', author: 'fe80::1', expires: null },
        { route: { family: 'inet6', dst: '2001:db8::7/128', nexthops: [nexthop({ dev: null })] } },
      ),
    ).toBe('redirect 2001:db8::7 on link dev if2 was via fe80::1 by router fe80::1 accepted');
  });
});

describe('the three of them', () => {
  test('name another cause than their own, a zone, and what saw them', () => {
    const options = { colour: false, showZone: true, verbose: true };
    expect(
      line(
        {
          probe: 'losing',
          cause: { kind: 'unknown', trigger: null },
          inferred: true,
          timeout: TIMEOUT,
          zone: { id: 5, name: 'blue' },
          provenance: 'tracepoint',
        },
        options,
      ),
    ).toMatch(/ srtt 210 us {2}zone blue {2}inferred {2}tracepoint$/);
  });

  test('nothing from outside reaches the terminal raw', () => {
    const hostile = '\u001b[2J\u202e\n';
    const events = [
      record({
        probe: 'miss',
        process: { ...PROCESS, comm: hostile },
        route: { nexthops: [nexthop({ dev: hostile })] },
        lookup: {
          ...LOOKUP,
          src: hostile,
          dst: hostile,
          protocol: hostile,
          errno: hostile,
          direction: hostile as 'input',
        },
      }),
      record({
        probe: 'losing',
        route: { nexthops: [nexthop({ dev: hostile, gateway: hostile })] },
        timeout: { ...TIMEOUT, src: hostile, dst: hostile, protocol: hostile as 'tcp' },
      }),
      record({
        probe: 'redirect',
        route: { dst: hostile, nexthops: [nexthop({ dev: hostile })] },
        redirect: {
          author: hostile,
          old: hostile,
          new: hostile,
          accepted: 'no',
          reason: hostile,
          expires: null,
        },
      }),
    ];
    for (const event of events) {
      const text = textLine(event, { colour: false, showZone: true, verbose: true });
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(text).toContain('\\x1b[2J\\u{202e}\\x0a');
    }
  });

  test('an event without a section of its own reads as its route', () => {
    fc.assert(
      fc.property(arbitraryRecord, (event) => {
        const bare = { ...plain(event), lookup: null, timeout: null, redirect: null };
        expect(textLine(bare, PLAIN)).toContain(event.probe);
      }),
    );
    expect(line({ probe: 'miss', route: { dst: '203.0.113.9/32', nexthops: [] } })).toBe(
      'miss     203.0.113.9  table main proto static',
    );
  });
});
