import { describe, expect, test } from '@jest/globals';
import { followTree, matchesTree } from '../../../core/trace/match.js';
import { parseAddress } from '../../../core/wire/address.js';
import { connect } from './lookups.js';
import { treeOf, linesOf } from './steps.js';

describe('choosing trees', () => {
  const prefix = (text: string, length: number) => ({
    address: parseAddress(text) ?? new Uint8Array(0),
    length,
  });

  test('by destination, source and interface', () => {
    const tree = treeOf(connect());
    expect(matchesTree(tree, {})).toBe(true);
    expect(matchesTree(tree, { dst: prefix('10.66.0.0', 15) })).toBe(true);
    expect(matchesTree(tree, { dst: prefix('10.67.0.0', 15) })).toBe(true);
    expect(matchesTree(tree, { dst: prefix('10.68.0.0', 15) })).toBe(false);
    expect(matchesTree(tree, { dst: prefix('0.0.0.0', 0) })).toBe(true);
    expect(matchesTree(tree, { dst: prefix('::', 0) })).toBe(false);
    expect(matchesTree(tree, { dst: prefix('10.66.66.66', 32), src: prefix('10.0.0.5', 32) })).toBe(
      true,
    );
    expect(matchesTree(tree, { src: prefix('10.0.0.6', 32) })).toBe(false);
    expect(matchesTree(tree, { dev: 'v0' })).toBe(true);
    expect(matchesTree(tree, { dev: 'v' })).toBe(false);
  });

  test('by function gives its calls as trees', () => {
    const trees = followTree(treeOf(connect().lose(5, 2)), 'ip_route_output_key_hash_rcu');
    expect(trees.map(({ calls, lost, isComplete }) => [calls.length, lost, isComplete])).toEqual([
      [1, 2, true],
    ]);
    expect(linesOf(trees[0] ?? treeOf(connect()))[1]).toMatch(
      /^ip_route_output_key_hash_rcu\(10\.66/,
    );
    expect(followTree(treeOf(connect()), 'fib_table_lookup').length).toBe(2);
    expect(followTree(treeOf(connect()), 'ip_rcv')).toEqual([]);
  });
});
