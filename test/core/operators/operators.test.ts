import { describe, expect, test } from '@jest/globals';
import { from, lastValueFrom, of, Subject, toArray, type OperatorFunction } from 'rxjs';
import { RoutetapError } from '../../../core/errors.js';
import type { GapRecord, Probe, RoutetapRecord } from '../../../core/event.js';
import { batched } from '../../../core/operators/batched.js';
import { churn } from '../../../core/operators/churn.js';
import { events } from '../../../core/operators/events.js';
import { flaps } from '../../../core/operators/flaps.js';
import { unbatched } from '../../../core/operators/unbatched.js';
import { where } from '../../../core/operators/where.js';
import { event, route } from '../d/events.js';

const START = 1_795_357_260_000_000_000n;

/** An event `ms` after the start of a minute. */
const at = (ms: number, probe: Probe = 'add', dst = '10.1.0.0/16'): RoutetapRecord =>
  event({ timeNs: START + BigInt(ms) * 1_000_000n, probe, route: route({ dst }) });

const gapAt = (ms: number, lost: number | null): GapRecord => ({
  v: 1,
  type: 'gap',
  seq: 1,
  time: '',
  timeNs: START + BigInt(ms) * 1_000_000n,
  host: 'r1',
  source: 'rtnetlink',
  lost,
  zone: null,
  reason: 'overrun',
});

const run = <T>(
  records: readonly RoutetapRecord[],
  operator: OperatorFunction<RoutetapRecord, T>,
): Promise<T[]> => lastValueFrom(from(records).pipe(operator, toArray()));

const ms = (timeNs: bigint): number => Number((timeNs - START) / 1_000_000n);

describe('where', () => {
  const records = [at(0), at(1, 'delete'), gapAt(2, 1), at(3, 'miss')];

  test('takes a predicate, options or a function', async () => {
    expect(await run(records, where('probename == "delete"'))).toEqual([records[1], records[2]]);
    expect(await run(records, where({ probes: ['miss'] }))).toEqual([records[2], records[3]]);
    expect(
      await run(
        records,
        where((record) => record.type === 'gap'),
      ),
    ).toEqual([records[2]]);
  });

  test('refuses a wrong predicate when called, not when the first record comes', () => {
    expect(() => where('pid = 1')).toThrow(RoutetapError);
  });
});

test('events lets route events through and nothing else', async () => {
  const records = [at(0), gapAt(1, 1), at(2)];
  expect(await run(records, events())).toEqual([records[0], records[2]]);
});

describe('churn', () => {
  test('counts per prefix and window, the busiest prefix first', async () => {
    const windows = await run(
      [
        at(0, 'add', '10.1.0.0/16'),
        at(10, 'add', '10.2.0.0/16'),
        at(20, 'delete', '10.2.0.0/16'),
        at(30, 'change', '10.2.0.0/16'),
        at(999, 'add', '10.2.0.0/16'),
        at(1000, 'delete', '10.1.0.0/16'),
      ],
      churn({ windowMs: 1000 }),
    );
    expect(windows.map((window) => [ms(window.startNs), ms(window.endNs)])).toEqual([
      [0, 1000],
      [1000, 2000],
    ]);
    expect(windows[0]?.prefixes).toEqual([
      { zone: event().zone, table: 254, dst: '10.2.0.0/16', adds: 2, deletes: 1, changes: 1 },
      { zone: event().zone, table: 254, dst: '10.1.0.0/16', adds: 1, deletes: 0, changes: 0 },
    ]);
    expect(windows[1]?.prefixes).toMatchObject([{ dst: '10.1.0.0/16', deletes: 1 }]);
  });

  test('emits a window when a record of a later one comes, whatever the clock says', () => {
    const source = new Subject<RoutetapRecord>();
    const seen: number[] = [];
    source.pipe(churn({ windowMs: 1000 })).subscribe((window) => seen.push(ms(window.startNs)));
    source.next(at(100));
    expect(seen).toEqual([]);
    source.next(gapAt(60_500, 1));
    expect(seen).toEqual([0]);
    source.next(at(61_000));
    source.complete();
    expect(seen).toEqual([0, 60_000, 61_000]);
  });

  test('emits the open window before an error', () => {
    const source = new Subject<RoutetapRecord>();
    const seen: string[] = [];
    source.pipe(churn({ windowMs: 1000 })).subscribe({
      next: () => seen.push('window'),
      error: () => seen.push('error'),
    });
    source.next(at(0));
    source.error(new Error('gone'));
    expect(seen).toEqual(['window', 'error']);
  });

  test('leaves out windows without any, and probes that change no route', async () => {
    expect(await run([at(0, 'miss'), at(5000, 'losing')], churn({ windowMs: 1000 }))).toEqual([]);
  });

  test('tells what was lost, null where nobody knows how much', async () => {
    const lost = async (...gaps: GapRecord[]): Promise<unknown> =>
      (await run([at(0), ...gaps], churn({ windowMs: 1000 })))[0]?.lost;
    expect(await lost()).toBe(0);
    expect(await lost(gapAt(1, 3), gapAt(2, 4))).toBe(7);
    expect(await lost(gapAt(1, 3), gapAt(2, null), gapAt(3, 4))).toBeNull();
  });

  test('counts the events of prefixes beyond the bound as others', async () => {
    const records = Array.from({ length: 23 }, (_, n) => at(n, 'add', `10.${n}.0.0/16`));
    const [window] = await run(
      [...records, at(24, 'delete', '10.0.0.0/16')],
      churn({ windowMs: 1000, maxPrefixes: 7 }),
    );
    expect(window?.prefixes).toHaveLength(7);
    expect(window?.prefixes[0]).toMatchObject({ dst: '10.0.0.0/16', adds: 1, deletes: 1 });
    expect(window?.others).toEqual({ adds: 16, deletes: 0, changes: 0 });
  });

  test('tells tables and zones apart', async () => {
    const one = event({ timeNs: START });
    const otherTable = event({ timeNs: START, route: route({ table: 100 }) });
    const otherZone = event({ timeNs: START, zone: { id: 7, name: null } });
    const [window] = await run([one, otherTable, otherZone], churn({ windowMs: 1000 }));
    expect(window?.prefixes).toHaveLength(3);
  });

  test('keeps its counts per subscription', async () => {
    const windows = from([at(0)]).pipe(churn({ windowMs: 1000 }), toArray());
    expect(await lastValueFrom(windows)).toEqual(await lastValueFrom(windows));
  });

  test.each([0, -1, 1.5, NaN])('refuses a window of %d ms', (windowMs) => {
    expect(() => churn({ windowMs })).toThrow(
      `churn: windowMs: expected a whole number above 0, got ${windowMs}`,
    );
  });
});

describe('flaps', () => {
  const options = { windowMs: 1000, threshold: 3 };
  const told = async (records: readonly RoutetapRecord[], given = options): Promise<unknown[]> =>
    (await run(records, flaps(given))).map(({ state, dst, count, startNs, endNs }) => [
      state,
      dst,
      count,
      ms(startNs),
      ms(endNs),
    ]);

  test('begin at the threshold within a window and end after a quiet one', async () => {
    expect(
      await told([
        at(0),
        at(300, 'delete'),
        at(600),
        at(1500, 'delete'),
        at(2499, 'add', '10.2.0.0/16'),
        at(2500, 'add', '10.2.0.0/16'),
      ]),
    ).toEqual([
      ['start', '10.1.0.0/16', 3, 0, 600],
      ['end', '10.1.0.0/16', 4, 0, 1500],
    ]);
  });

  test('are not made by slow adds and deletes, nor by changes', async () => {
    expect(await told([at(0), at(600, 'delete'), at(1200), at(1800, 'delete')])).toEqual([]);
    expect(await told([at(0), at(1, 'change'), at(2, 'change'), at(3, 'change')])).toEqual([]);
  });

  test('count in a window that slides', async () => {
    expect((await told([at(0), at(900, 'delete'), at(1100), at(1200, 'delete')]))[0]).toEqual([
      'start',
      '10.1.0.0/16',
      3,
      900,
      1200,
    ]);
  });

  test('end with the stream', async () => {
    expect(
      (await told([at(0), at(1, 'delete'), at(2)])).map((flap) => (flap as string[])[0]),
    ).toEqual(['start', 'end']);
  });

  test('end when quiet is shown by any later record, a gap too', () => {
    const source = new Subject<RoutetapRecord>();
    const states: string[] = [];
    source.pipe(flaps(options)).subscribe(({ state }) => states.push(state));
    for (const record of [at(0), at(1, 'delete'), at(2)]) source.next(record);
    expect(states).toEqual(['start']);
    source.next(gapAt(1002, 1));
    expect(states).toEqual(['start', 'end']);
  });

  test('of a prefix that must make room for others end', async () => {
    const others = [3, 4].map((n) => at(n, 'add', `10.${n}.0.0/16`));
    expect(
      await told([at(0), at(1, 'delete'), at(2), ...others, at(5), at(6)], {
        ...options,
        maxPrefixes: 2,
      } as typeof options),
    ).toEqual([
      ['start', '10.1.0.0/16', 3, 0, 2],
      ['end', '10.1.0.0/16', 3, 0, 2],
    ]);
  });

  test('refuse a threshold of 0', () => {
    expect(() => flaps({ windowMs: 1, threshold: 0 })).toThrow(
      'flaps: threshold: expected a whole number above 0, got 0',
    );
  });
});

describe('batched and unbatched', () => {
  test('one turn is one batch, a full batch goes at once', async () => {
    const batches = await lastValueFrom(from([1, 2, 3, 4, 5]).pipe(batched(2), toArray()));
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
    expect(await lastValueFrom(of([1, 2], [3]).pipe(unbatched(), toArray()))).toEqual([1, 2, 3]);
  });

  test('a batch goes out when the turn is over, and before an error', async () => {
    const source = new Subject<number>();
    const seen: unknown[] = [];
    source.pipe(batched()).subscribe({
      next: (batch) => seen.push(batch),
      error: () => seen.push('error'),
    });
    source.next(1);
    source.next(2);
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual([[1, 2]]);
    source.next(3);
    source.error(new Error('gone'));
    expect(seen).toEqual([[1, 2], [3], 'error']);
  });
});
