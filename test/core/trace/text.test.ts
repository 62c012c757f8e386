import { describe, expect, test } from '@jest/globals';
import { treeLines } from '../../../core/trace/text.js';
import { FLOW, ROUTE, DST, RULE, errno, errPointer, connect, results } from './lookups.js';
import {
  INFO,
  Recorded,
  treesOf,
  treeOf,
  SHOWN,
  linesOf,
  textOf,
  jsonOf,
  POINTER,
} from './steps.js';

describe('the text of a lookup', () => {
  test('says every call of an IPv4 lookup in the words of the field', () => {
    expect(textOf(connect())).toBe(
      `nc[4312] in zone self: 10.66.66.66 tcp dport 80
tcp_v4_connect(10.66.66.66:80) 2.1 µs → 0
  ip_route_output_flow(10.66.66.66 tcp dport 80) 1.9 µs → 10.66.66.66 via 10.0.0.2 dev v0
    ip_route_output_key_hash_rcu(…) 1.5 µs → 10.66.66.66 via 10.0.0.2 dev v0
      fib_table_lookup(table local) 0.1 µs → no route (EAGAIN)
      fib4_rule_match(rule 32766: from all lookup main) 0.1 µs → matches
      fib_table_lookup(table main) 0.1 µs → 10.66.0.0/16 via 10.0.0.2 dev v0 scope global
      fib_select_multipath(hash 0x1b2c3d4e) 0.1 µs → leg 2 of 3 via 10.0.0.2 dev v0 weight 2 of 4
      find_exception(10.66.66.66) 0.1 µs → none
      rt_dst_alloc(dev v0, unicast) 0.1 µs → new route
      rt_cache_route() 0.1 µs → cached on the nexthop
    xfrm_lookup_route() 0.1 µs → unchanged: no IPsec policy applies
answer: 10.66.66.66 via 10.0.0.2 dev v0 src 10.0.0.5, table main, route 10.66.0.0/16, new
`,
    );
  });

  test('explains each function once', () => {
    const lines = linesOf(treeOf(connect()), true);
    const explained = lines.filter((line) => line.trim().startsWith('· '));
    expect(lines.length).toBe(13 + explained.length);
    expect(explained.length).toBe(10);
    expect(lines[lines.findIndex((line) => line.includes('fib_table_lookup')) + 1]).toMatch(
      /^ {8}· .+ \(net\/ipv4\/fib_trie\.c\)$/,
    );
  });

  test('says why there is no route', () => {
    const it = new Recorded();
    it.call('ip_route_output_flow', FLOW, errPointer(101), () => {
      it.call('fib_table_lookup', { ...FLOW, table: 254 }, errno(11));
    });
    expect(linesOf(treeOf(it)).at(-1)).toBe('no route: ENETUNREACH — no table had 10.66.66.66');
    expect(results(it)[0]).toBe('ip_route_output_flow(10.66.66.66 tcp dport 80) → ENETUNREACH');
  });

  test('names the table or the rule that refuses', () => {
    const byRoute = new Recorded();
    byRoute.call('ip_route_output_flow', FLOW, errPointer(13), () => {
      byRoute.call('fib_table_lookup', { ...FLOW, table: 254 }, errno(13));
    });
    expect(linesOf(treeOf(byRoute)).at(-1)).toBe('no route: EACCES — prohibit route in table main');
    const byRule = new Recorded();
    byRule.call('ip_route_output_flow', FLOW, errPointer(13), () => {
      const rule = { ...RULE, rule_pref: 100, rule_action: 8, rule_table: 0 };
      byRule.call('fib_table_lookup', { ...FLOW, table: 255 }, errno(11));
      byRule.call('fib4_rule_action', rule, errno(13));
    });
    expect(linesOf(treeOf(byRule)).at(-1)).toBe('no route: EACCES — rule 100: from all prohibit');
  });

  test('claims nothing of tables where records are lost', () => {
    const it = new Recorded();
    it.call('ip_route_output_flow', FLOW, errPointer(101), () => {
      it.call('fib_table_lookup', { ...FLOW, table: 255 }, errno(11));
      it.call('fib4_rule_action', RULE, errno(11));
    });
    const lines = linesOf(treeOf(it.lose(3, 2)));
    expect(lines.at(-1)).toBe('no route: ENETUNREACH');
    expect(lines).toContain('  … 2 records lost here');
  });

  test('says which end was not seen', () => {
    const it = new Recorded();
    it.call('ip_route_output_flow', FLOW, DST, () => {
      it.call('fib_table_lookup', { table: 254 }, ROUTE);
      it.call('find_exception', { arguments: [7, 0x4242420a] }, { ret: 0 });
    });
    it.lose(2, 2);
    expect(results(it).slice(1)).toEqual([
      'fib_table_lookup(table main) … end not seen',
      '… 2 records lost here',
      'find_exception(10.66.66.66) … beginning not seen → none',
    ]);
    const [open] = treesOf(connect().records.slice(0, 2));
    expect(open === undefined ? [] : linesOf(open).slice(1)).toEqual([
      'tcp_v4_connect(10.66.66.66:80) … not ended',
      '  ip_route_output_flow(10.66.66.66 tcp dport 80) … not ended',
      'answer: not seen: no lookup was seen to its end',
    ]);
  });

  test('escapes the names of tasks, zones and interfaces', () => {
    const evil = 'a\u001b[2J\n';
    const it = new Recorded({ comm: evil });
    it.call('ip_route_output_flow', FLOW, { ...DST, dst_dev: evil }, () => {
      it.call('rt_dst_alloc', { dev: evil, ifindex: 4 }, { ret: POINTER });
      it.call('fib4_rule_match', { ...RULE, rule_iifname: evil }, { ret: 0 });
      it.call(
        'fib_table_lookup',
        { ...FLOW, flow_oif: 4, table: 9 },
        { ...ROUTE, route_dev: evil },
      );
    });
    const tree = treeOf(it);
    const names = { table: () => evil };
    const lines = treeLines(tree, {
      ...SHOWN,
      zone: { id: 5, name: evil },
      names,
      isExplained: true,
    });
    expect(lines.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
    expect(lines[0]).toContain('a\\x1b[2J\\x0a[4312] in zone a\\x1b[2J\\x0a');
    expect(jsonOf(tree).process.comm).toBe(evil);
  });

  test('shows what tracepoints alone saw as partial', () => {
    const it = connect();
    const lines = treeLines(treeOf(it), {
      ...SHOWN,
      isExplained: false,
      info: { ...INFO, tier: 'tracepoint', why: 'EPERM' },
    });
    expect(lines.at(-1)).toMatch(/^partial: tracepoints alone show it \(EPERM\); lines with ~ /);
  });

  test('marks implied calls and shows their words', () => {
    const tree = treeOf(connect());
    const [root] = tree.calls;
    if (root?.kind !== 'call') throw new Error('no root');
    const implied = {
      ...root,
      origin: 'implied' as const,
      enter: null,
      leave: null,
      durationNs: null,
      words: { call: 'fib4_rule_match(rule 0: from all lookup local)', result: 'matches' },
      calls: [],
    };
    expect(linesOf({ ...tree, calls: [implied] })[1]).toBe(
      '~fib4_rule_match(rule 0: from all lookup local) → matches',
    );
  });
});
