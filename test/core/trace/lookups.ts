/** Lookups to build on. */

import { type Fields, Recorded, treeOf, linesOf, POINTER } from './steps.js';

export const FLOW: Fields = { flow_dst: '10.66.66.66', flow_protocol: 6, flow_dport: 80 };
const WITH_SOURCE: Fields = { ...FLOW, flow_src: '10.0.0.5' };
export const ROUTE: Fields = {
  route_prefix: '10.66.0.0',
  route_prefix_len: 16,
  route_gateway: '10.0.0.2',
  route_gateway_family: 2,
  route_dev: 'v0',
  route_oif: 3,
  route_table: 254,
  route_type: 1,
  route_nexthops: 1,
};
export const DST: Fields = {
  ret: POINTER,
  dst_gateway: '10.0.0.2',
  dst_gateway_family: 2,
  dst_dev: 'v0',
  dst_oif: 3,
  dst_type: 1,
};
export const RULE: Fields = {
  rule_pref: 32766,
  rule_table: 254,
  rule_action: 1,
  rule_suppress_prefixlen: -1,
  rule_suppress_ifgroup: -1,
};

export const errno = (n: number): Fields => ({
  ret: BigInt.asIntN(64, BigInt.asUintN(32, BigInt(-n))),
});
export const errPointer = (n: number): Fields => ({ ret: -n });

export function connect(): Recorded {
  const it = new Recorded();
  return it.call('tcp_v4_connect', { ...FLOW, flow_protocol: 0 }, { ret: 0 }, () => {
    it.call('ip_route_output_flow', FLOW, { ...DST, ...WITH_SOURCE }, () => {
      it.call('ip_route_output_key_hash_rcu', FLOW, { ...DST, ...WITH_SOURCE }, () => {
        it.call('fib_table_lookup', { ...FLOW, table: 255 }, { ...errno(11), table: 255 });
        it.call('fib4_rule_match', RULE, { ret: 1 });
        it.call('fib_table_lookup', { ...FLOW, table: 254 }, { ...ROUTE, ret: 0 });
        it.call(
          'fib_select_multipath',
          { arguments: [7, 0x1b2c3d4e] },
          { ...ROUTE, route_nexthops: 3, route_leg: 2, route_weight: 2, route_weights: 4 },
        );
        it.call('find_exception', { arguments: [7, 0x4242420a] }, { ret: 0 });
        it.call(
          'rt_dst_alloc',
          { dev: 'v0', ifindex: 3, arguments: [5, 0, 1, 0] },
          { ret: POINTER },
        );
        it.call('rt_cache_route', {}, { ret: 1 });
      });
      it.call(
        'xfrm_lookup_route',
        { arguments: [1, POINTER] },
        { ...DST, arguments: [1, POINTER] },
      );
    });
  });
}

/** The lines of calls by their functions: `name → result`, without brackets' contents and times. */
export const results = (recorded: Recorded): string[] =>
  linesOf(treeOf(recorded))
    .slice(1, -1)
    .map((line) => line.trim().replace(/ \d+\.\d (?:µs|ms)/, ''));

export const single = (name: string, enter: Fields, leave: Fields, common: Fields = {}): string =>
  results(new Recorded(common).call(name, enter, leave))[0] ?? '';

export const INPUT: Fields = {
  flow_dst: '10.66.66.66',
  flow_src: '192.0.2.1',
  dev: 'v1',
  ifindex: 4,
  flow_iif: 4,
};

export function received(
  leave: Fields,
  outcome: string,
  inner: (it: Recorded) => unknown = () => undefined,
): Recorded {
  const it = new Recorded({ place: 1 });
  return it.call(
    'ip_rcv',
    { ...INPUT, sections: ['has_packet'], packet_len: 84 },
    { ret: 0 },
    () => {
      it.call('ip_route_input_noref', INPUT, leave, () => inner(it));
      it.call(outcome, INPUT, { ret: 0 }, () => {
        // What the packet causes is not its own way.
        it.call('ip_route_output_flow', { flow_dst: '192.0.2.1' }, errPointer(101));
      });
    },
  );
}
