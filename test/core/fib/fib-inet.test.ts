import { describe, expect, test } from '@jest/globals';
import { NLM_F } from '../../../core/wire/constants.js';
import { Mirror } from './mirror.js';
import type { RouteSpec } from './route-message.js';

const { REPLACE, EXCL, CREATE, APPEND } = NLM_F;
/** nlmsg_flags of fib_table_insert's notifications (net/ipv4/fib_trie.c). */
const NEW = EXCL | CREATE;
const PREPENDED = CREATE;
const APPENDED = CREATE | APPEND;

const via = (last: number, more: Partial<RouteSpec> = {}): RouteSpec => ({
  dst: '10.1.0.0/16',
  paths: [{ via: `10.0.0.${last}`, dev: 2 }],
  ...more,
});
const text = (last: number): string => `10.1.0.0/16 via 10.0.0.${last} dev 2`;

/** A mirror with these aliases under one key, first to last. */
function holding(...aliases: readonly RouteSpec[]): Mirror {
  const mirror = new Mirror();
  aliases.forEach((alias, i) => mirror.set(alias, i === 0 ? NEW : APPENDED));
  return mirror;
}

describe('IPv4 RTM_NEWROUTE', () => {
  test('a key the mirror lacks is an add, whatever the flags say', () => {
    for (const flags of [NEW, REPLACE, PREPENDED, APPENDED, 0]) {
      const mirror = new Mirror();
      expect(mirror.set(via(2), flags)).toEqual([`add ${text(2)}`]);
      expect(mirror.routes()).toEqual([text(2)]);
    }
  });

  test('REPLACE changes the first alias and leaves the others', () => {
    const mirror = holding(via(2), via(3), via(4));
    expect(mirror.set(via(9), REPLACE)).toEqual([`change ${text(2)} → via 10.0.0.9 dev 2`]);
    expect(mirror.routes()).toEqual([text(9), text(3), text(4)]);
  });

  test('REPLACE with what the first alias says already is no event', () => {
    const mirror = holding(via(2), via(3));
    expect(mirror.set(via(2), REPLACE)).toEqual([]);
    expect(mirror.routes()).toEqual([text(2), text(3)]);
  });

  test('CREATE alone goes before the first alias, CREATE and APPEND after the last', () => {
    const mirror = holding(via(2));
    expect(mirror.set(via(1), PREPENDED)).toEqual([`add ${text(1)}`]);
    expect(mirror.set(via(3), APPENDED)).toEqual([`add ${text(3)}`]);
    expect(mirror.routes()).toEqual([text(1), text(2), text(3)]);
  });

  test('EXCL proves the key was free: what the mirror still held went unseen and is told first', () => {
    const mirror = holding(via(2), via(3));
    expect(mirror.set(via(4), NEW)).toEqual([
      `stale delete ${text(2)}`,
      `stale delete ${text(3)}`,
      `add ${text(4)}`,
    ]);
    expect(mirror.routes()).toEqual([text(4)]);
  });

  test('an equal alias added again proves that the old one went unseen', () => {
    const mirror = holding(via(2), via(3));
    expect(mirror.set(via(2), APPENDED)).toEqual([`stale delete ${text(2)}`, `add ${text(2)}`]);
    expect(mirror.routes()).toEqual([text(3), text(2)]);
  });

  test('while the first dump runs ahead, an announced route that is there already is told once and held once', () => {
    for (const flags of [NEW, PREPENDED, APPENDED]) {
      const mirror = holding(via(2));
      mirror.fib.learning = true;
      expect(mirror.set(via(2), flags)).toEqual([`add ${text(2)}`]);
      expect(mirror.routes()).toEqual([text(2)]);
    }
  });

  test('flags 0 is a change of flags of the alias that is equal but for them', () => {
    const mirror = holding(via(2), via(3));
    const offloaded = via(3, { flags: 0x4000 });
    expect(mirror.set(offloaded, 0)).toEqual([`change ${text(3)} → via 10.0.0.3 dev 2`]);
    expect(mirror.set(offloaded, 0)).toEqual([]);
    expect(mirror.fib.size).toBe(2);
  });

  test('flags 0 for a route the mirror holds differently asks the kernel', () => {
    const mirror = holding(via(2));
    expect(mirror.set(via(7, { flags: 0x4000 }), 0)).toEqual(['doubtful inet']);
    expect(mirror.routes()).toEqual([text(2)]);
  });

  test("a replaced nexthop object's notification changes the alias with its number, not the first", () => {
    const object = (last: number): RouteSpec => via(last, { nhid: 7 });
    const mirror = holding(via(2), object(3));
    expect(mirror.set(object(5), REPLACE)).toEqual(
      ['10.1.0.0/16 nhid 7 via 10.0.0.3 dev 2 → nhid 7 via 10.0.0.5 dev 2'].map(
        (line) => `change ${line}`,
      ),
    );
    expect(mirror.routes()).toEqual([text(2), '10.1.0.0/16 nhid 7 via 10.0.0.5 dev 2']);
  });

  test('table, tos and metric tell keys apart', () => {
    const mirror = new Mirror();
    for (const more of [{}, { table: 100 }, { table: 1000 }, { tos: 16 }, { priority: 5 }]) {
      mirror.set(via(2, more), NEW);
    }
    expect(mirror.routes()).toEqual([
      text(2),
      '10.1.0.0/16 table 100 via 10.0.0.2 dev 2',
      '10.1.0.0/16 table 1000 via 10.0.0.2 dev 2',
      '10.1.0.0/16 tos 16 via 10.0.0.2 dev 2',
      '10.1.0.0/16 metric 5 via 10.0.0.2 dev 2',
    ]);
  });
});

describe('IPv4 RTM_DELROUTE', () => {
  test('removes the alias it describes and no other', () => {
    const mirror = holding(via(2), via(3), via(4));
    expect(mirror.remove(via(3))).toEqual([`delete ${text(3)}`]);
    expect(mirror.routes()).toEqual([text(2), text(4)]);
    expect(mirror.remove(via(2))).toEqual([`delete ${text(2)}`]);
    expect(mirror.remove(via(4))).toEqual([`delete ${text(4)}`]);
    expect(mirror.routes()).toEqual([]);
  });

  test('finds its route although the link went down silently in between', () => {
    const mirror = holding(via(2), via(3));
    const down: RouteSpec = via(3, { paths: [{ via: '10.0.0.3', dev: 2, flags: 16 }] });
    expect(mirror.remove(down)).toEqual([`delete ${text(3)}`]);
    expect(mirror.routes()).toEqual([text(2)]);
  });

  test("finds a nexthop object's route by the object's number, whatever its paths are by now", () => {
    const mirror = holding(via(2), via(3, { nhid: 7 }));
    expect(mirror.remove(via(8, { nhid: 7 }))).toEqual([
      'delete 10.1.0.0/16 nhid 7 via 10.0.0.3 dev 2',
    ]);
    expect(mirror.routes()).toEqual([text(2)]);
  });

  test('takes the only route of the key even when its paths changed silently', () => {
    const mirror = holding(via(2));
    expect(mirror.remove(via(3))).toEqual([`delete ${text(2)}`]);
    expect(mirror.routes()).toEqual([]);
  });

  test('tells a delete of a route never seen, and asks the kernel when the key is held otherwise', () => {
    expect(new Mirror().remove(via(2))).toEqual([`delete ${text(2)}`]);
    const mirror = holding(via(2), via(3));
    expect(mirror.remove(via(9))).toEqual(['doubtful inet', `delete ${text(9)}`]);
    expect(mirror.routes()).toEqual([text(2), text(3)]);
  });

  test('gives every body back', () => {
    const mirror = holding(via(2), via(3));
    mirror.set(via(4), REPLACE);
    mirror.remove(via(4));
    mirror.remove(via(3));
    mirror.remove(via(3));
    expect(mirror.fib.bodies.size).toBe(0);
    expect(mirror.freed.length).toBe(4);
  });
});
