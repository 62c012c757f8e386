import { describe, expect, test } from '@jest/globals';
import { hasLookup } from '../../../core/trace/match.js';
import { answerOf } from '../../../core/trace/summary.js';
import { FLOW, ROUTE, DST, errno, connect, INPUT, received } from './lookups.js';
import {
  functionId,
  type Fields,
  stepBytes,
  Recorded,
  treesOf,
  treeOf,
  linesOf,
  POINTER,
} from './steps.js';

describe('the answer', () => {
  test.each<[string, Fields, string, string]>([
    [
      'delivered',
      { ...DST, ret: 0, dst_type: 2 },
      'ip_local_deliver',
      'answer: delivered here (local)',
    ],
    ['forwarded', { ...DST, ret: 0 }, 'ip_forward', 'answer: forwarded via 10.0.0.2 dev v0'],
    [
      'without a route',
      { ...DST, ret: 0, dst_type: 7, dst_error: -113 },
      'ip_error',
      'answer: dropped: EHOSTUNREACH',
    ],
    ['dropped', { ret: 2 }, 'ip_error', 'answer: dropped: drop reason 2'],
  ])('of a received packet: %s', (_name, leave, outcome, answer) => {
    const lines = linesOf(treeOf(received(leave, outcome)));
    expect(lines.at(-1)).toBe(answer);
    expect(lines[0]).toBe('softirq on cpu 0 in zone self: 10.66.66.66 from 192.0.2.1 iif v1');
  });

  test('of a packet whose source does not pass names the check, not the lookup within it', () => {
    const it = received({ ret: 3 }, 'ip_error', (inner) => {
      inner.call('fib_table_lookup', { ...FLOW, table: 254 }, { ...ROUTE, ret: 0 });
      inner.call('fib_validate_source', INPUT, errno(18), () => {
        inner.call('fib_table_lookup', { flow_dst: '192.0.2.1', table: 255 }, errno(13));
      });
    });
    expect(linesOf(treeOf(it)).at(-1)).toBe('answer: dropped: its source does not pass: EXDEV');
  });

  test('of a tunnel is the outer lookup to the destination, not the one for the far end', () => {
    const it = new Recorded();
    it.call('__ip_queue_xmit', FLOW, { ret: 0 }, () => {
      it.call('ip_route_output_flow', FLOW, { ...DST, dst_dev: 'tun0', dst_gateway: '0.0.0.0' });
      it.call('ip_route_output_flow', { flow_dst: '198.51.100.1' }, DST);
    });
    expect(linesOf(treeOf(it)).at(-1)).toBe('answer: 10.66.66.66 dev tun0');
  });

  test('of IPv6 says which prefix refuses', () => {
    const it = new Recorded({ family: 10 });
    const to = { flow_dst: '2001:db8::1' };
    it.call('ip6_route_output_flags', to, { ret: POINTER, dst_error: -13 }, () => {
      it.call(
        'fib6_table_lookup',
        { ...to, table: 254 },
        { ret: 0, route_type: 8, route_prefix: '2001:db8::', route_prefix_len: 32 },
      );
    });
    expect(linesOf(treeOf(it)).at(-1)).toBe(
      'no route: EACCES — prohibit 2001:db8::/32 in table main',
    );
  });

  test('of a kept route says that nothing was looked up', () => {
    const it = new Recorded();
    it.call('__ip_queue_xmit', FLOW, { ret: 0 }, () => {
      it.call('ipv4_dst_check', DST, { ret: POINTER });
    });
    const tree = treeOf(it);
    expect(hasLookup(tree)).toBe(false);
    expect(linesOf(tree).at(-1)).toBe(
      'answer: the route kept is still valid, nothing was looked up: via 10.0.0.2 dev v0',
    );
    expect(hasLookup(treeOf(connect()))).toBe(true);
  });

  test('of tracepoints alone is what the last search gave', () => {
    const point = (seq: number, fields: Fields) =>
      stepBytes({
        lookup: 1,
        family: 2,
        kind: 3,
        depth: 0,
        seq,
        function: functionId('fib:fib_table_lookup'),
        ...fields,
      });
    const asked = { flow_dst: '10.66.66.66' };
    const found = [
      point(0, { ...asked, table: 255, ret: -11, sections: ['has_flow'] }),
      point(1, {
        ...asked,
        ...ROUTE,
        route_prefix_len: 255,
        table: 254,
        sections: ['has_flow', 'has_route'],
      }),
    ];
    const [tree] = treesOf(found);
    if (tree === undefined) throw new Error('no tree');
    expect(linesOf(tree).slice(1)).toEqual([
      'fib:fib_table_lookup(table local, 10.66.66.66) → no route (EAGAIN)',
      'fib:fib_table_lookup(table main, 10.66.66.66) → via 10.0.0.2 dev v0',
      'answer: 10.66.66.66 via 10.0.0.2 dev v0, table main',
    ]);
    const [none] = treesOf(found.slice(0, 1));
    expect(none === undefined ? null : answerOf(none)).toMatchObject({
      outcome: 'none',
      errno: 'ENETUNREACH',
      why: 'no table had 10.66.66.66',
    });
  });
});
