import { describe, expect, test } from '@jest/globals';
import { RT_STEP_KIND, RT_STEP_PLACE } from '../../../core/bpf/layout.gen.js';
import { pointAnswerOf } from '../../../core/trace/point-answer.js';
import { POINT_FUNCTIONS } from '../../../core/trace/point-table.js';
import { PointBuilder } from '../../../core/trace/points.js';
import type { LookupTree } from '../../../core/trace/tree.js';
import { stepBytes, type Fields } from './steps.js';

const [FIB, FIB6, NEIGH, XMIT, DROP] = [1, 2, 4, 7, 8];
const END = { kind: RT_STEP_KIND.end, function: 10 };
const INET6 = 10;
const IP_INNOROUTES = 2;
const softirq = { place: RT_STEP_PLACE.in_softirq, arguments: [] };

function answer(points: readonly Fields[], more: Fields = {}) {
  const trees: LookupTree[] = [];
  const builder = new PointBuilder(POINT_FUNCTIONS, (tree) => trees.push(tree));
  points.forEach((fields, seq) => {
    const common = { kind: RT_STEP_KIND.point, lookup: 1, family: 2, seq };
    const args = { arguments: [0, 0, 0, 0, 0, 45] };
    builder.take(stepBytes({ ...common, ...args, ...more, ...fields }), 0n);
  });
  builder.flush();
  const [tree] = trees;
  if (tree === undefined) throw new Error('no tree');
  return pointAnswerOf(tree);
}

const asked = { function: FIB, flow_dst: '10.66.1.1', flow_iif: 1 };
const miss: Fields = { ...asked, table: 254, ret: -11, sections: ['has_flow'] };
const hit: Fields = {
  ...asked,
  table: 254,
  route_oif: 2,
  route_dev: 'v0',
  route_gateway: '10.0.0.2',
  route_gateway_family: 2,
  route_prefix_len: 255,
  sections: ['has_flow', 'has_route'],
};
const sent = (ifindex: number, dev: string): Fields => ({
  function: XMIT,
  flow_dst: '10.66.1.1',
  flow_src: '10.0.0.5',
  ifindex,
  dev,
  sections: ['has_flow', 'has_packet'],
});

describe('the answer of a tree of points', () => {
  test('is the nexthop of the table, with the source of the packet', () => {
    expect(answer([hit, sent(2, 'v0')])).toMatchObject({
      outcome: 'found',
      gateway: '10.0.0.2',
      dev: 'v0',
      src: '10.0.0.5',
      table: 254,
    });
  });

  test('is where the packet left, where that is another leg than the table had', () => {
    const neighbour: Fields = {
      function: NEIGH,
      ifindex: 3,
      route_gateway: '10.0.1.2',
      route_gateway_family: 2,
      sections: ['has_neighbour'],
    };
    const found = answer([hit, neighbour, sent(3, 'v1')]);
    expect(found).toMatchObject({ outcome: 'found', gateway: '10.0.1.2', dev: 'v1', oif: 3 });
    expect(answer([hit, sent(3, 'v1')])).toMatchObject({ gateway: null, dev: 'v1' });
  });

  test('is the errno of the call where no table had a route', () => {
    expect(answer([miss, { ...END, ret: -101 }])).toMatchObject({
      outcome: 'none',
      errno: 'ENETUNREACH',
      why: 'no table had 10.66.1.1',
    });
  });

  test('is the errno of the route that refuses', () => {
    const route6: Fields = {
      function: FIB6,
      family: INET6,
      table: 254,
      flow_dst: 'fd88::1',
      flow_iif: 1,
      route_prefix: 'fd88::',
      route_prefix_len: 64,
      route_type: 7,
      sections: ['has_flow', 'has_route'],
    };
    expect(answer([route6])).toMatchObject({
      outcome: 'none',
      errno: 'EHOSTUNREACH',
      why: 'unreachable fd88::/64 in table main refuses',
    });
  });

  test('of a received packet is delivered, forwarded, or dropped with a reason', () => {
    const inward: Fields = { ...hit, flow_iif: 5 };
    expect(answer([inward], softirq)?.outcome).toBe('delivered');
    expect(answer([inward, sent(2, 'v0')], softirq)?.outcome).toBe('forwarded');
    const drop: Fields = {
      function: DROP,
      flow_dst: '10.66.1.1',
      arguments: [88, IP_INNOROUTES],
      sections: ['has_flow', 'has_packet'],
    };
    expect(answer([{ ...miss, flow_iif: 5 }, drop], softirq)).toMatchObject({
      outcome: 'dropped',
      why: 'drop reason 88 (IP_INNOROUTES)',
    });
  });

  test('is none where no table was asked', () => {
    expect(answer([sent(2, 'v0')])).toBeNull();
  });
});
