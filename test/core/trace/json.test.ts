import { describe, expect, test } from '@jest/globals';
import { DST, connect, received } from './lookups.js';
import { treeOf, jsonOf } from './steps.js';

describe('the JSON of a lookup', () => {
  test('has what the text says, as data', () => {
    const json = jsonOf(treeOf(connect()));
    expect(json).toMatchObject({
      schema: 1,
      type: 'trace',
      zone: { id: 1, name: 'self' },
      process: { pid: 4312, tid: 4312, uid: 0, comm: 'nc' },
      context: 'task',
      tier: 'fentry',
      partial: false,
      complete: true,
      lost: 0,
      direction: 'output',
      flow: { family: 'inet', dst: '10.66.66.66', src: null, ipproto: 6, dport: 80, oif: null },
      answer: {
        outcome: 'found',
        errno: null,
        dst: '10.66.66.66',
        src: '10.0.0.5',
        gateway: '10.0.0.2',
        dev: 'v0',
        table: { id: 254, name: 'main' },
        route: '10.66.0.0/16',
        isNew: true,
      },
    });
    const rcu = json.calls[0].calls[0].calls[0];
    expect(rcu).toMatchObject({
      function: 'ip_route_output_key_hash_rcu',
      depth: 2,
      origin: 'seen',
    });
    expect(rcu.calls[0].result).toEqual({
      errno: 'EAGAIN',
      value: -11,
      table: { id: 255, name: 'local' },
    });
    expect(rcu.calls[1].arguments.rule).toMatchObject({
      pref: 32766,
      action: 'lookup',
      table: { id: 254, name: 'main' },
      text: 'rule 32766: from all lookup main',
    });
    expect(rcu.calls[3].result.route).toMatchObject({ leg: 2, legs: 3, weight: 2, weights: 4 });
    expect(rcu.calls[4].text).toBe('find_exception(10.66.66.66) 0.1 µs → none');
    expect(rcu.calls[4].result.value).toBeNull();
  });

  test('of a softirq has no process, and says which way the packet goes', () => {
    const json = jsonOf(treeOf(received({ ...DST, ret: 0 }, 'ip_forward')));
    expect(json).toMatchObject({ process: null, context: 'softirq', direction: 'forward' });
    expect(jsonOf(treeOf(received({ ...DST, ret: 0 }, 'ip_local_deliver'))).direction).toBe(
      'input',
    );
  });

  test('counts holes where they are', () => {
    const json = jsonOf(treeOf(connect().lose(3, 2)));
    expect(json.lost).toBe(2);
    expect(json.calls[0].calls[0].calls[0].calls[0]).toEqual({ lost: 2 });
  });
});
