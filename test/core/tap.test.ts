import { describe, expect, test } from '@jest/globals';
import { map, mergeMap, of, Subject, throwError } from 'rxjs';
import type { GapRecord, RoutetapRecord } from '../../core/event.js';
import { where } from '../../core/operators/where.js';
import type { Sink } from '../../core/sink.js';
import { tap, type TapSource } from '../../core/tap.js';
import { event, plain, route } from './d/events.js';

interface Collected extends Sink {
  readonly records: RoutetapRecord[];
  readonly batches: number[];
  readonly log: string[];
}

/** A sink that keeps what it gets; `take` may refuse records by counting them as dropped, or throw. */
function collector(
  name: string,
  take: (record: RoutetapRecord) => boolean = () => true,
): Collected {
  const counters = { written: 0, dropped: 0, queued: 0, failed: 0 };
  const records: RoutetapRecord[] = [];
  const batches: number[] = [];
  const log: string[] = [];
  return {
    name,
    counters,
    records,
    batches,
    log,
    write(batch) {
      batches.push(batch.length);
      for (const record of batch) {
        if (take(record)) {
          records.push(record);
          counters.written += 1;
        } else {
          counters.dropped += 1;
        }
      }
    },
    flush() {
      log.push('flush');
      return Promise.resolve();
    },
    close() {
      log.push('close');
      return Promise.resolve();
    },
  };
}

const seqs = ({ records }: Collected): number[] => records.map((record) => record.seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const add = (dst: string) => ({ probe: 'add', route: { dst } }) as const;

describe('sources', () => {
  const items = ['10.0.0.0/8', '11.0.0.0/8', '12.0.0.0/8'].map(add);
  test.each<[string, TapSource]>([
    ['an array', items],
    ['an observable', of(...items)],
    [
      'a generator',
      (function* () {
        yield* items;
      })(),
    ],
    [
      'an async generator',
      (async function* () {
        await Promise.resolve();
        yield* items;
      })(),
    ],
  ])('%s of plain data is completed, numbered and written', async (_name, source) => {
    const sink = collector('memory');
    const result = await tap({ sources: [source], sinks: [sink] }).done;
    expect(seqs(sink)).toEqual([1, 2, 3]);
    expect(sink.records[1]).toMatchObject({
      v: 1,
      type: 'route',
      route: { dst: '11.0.0.0/8', family: 'inet', nexthops: [] },
      routeinfo: { route_destination_address: '11.0.0.0', route_type: 1 },
    });
    expect(result).toEqual({
      records: 3,
      sinks: [{ name: 'memory', written: 3, dropped: 0, queued: 0, failed: 0 }],
    });
    expect(sink.log).toEqual(['flush', 'close']);
  });

  test('several are merged in the order of arrival', async () => {
    const [a, b] = [new Subject<RoutetapRecord>(), new Subject<RoutetapRecord>()];
    const sink = collector('memory');
    const running = tap({ sources: [a, b], sinks: [sink] });
    for (const [subject, host] of [
      [a, '1'],
      [b, '2'],
      [b, '3'],
      [a, '4'],
    ] as const) {
      subject.next(event({ seq: 77, host }));
    }
    a.complete();
    b.complete();
    await running.done;
    expect(sink.records.map((record) => record.host)).toEqual(['1', '2', '3', '4']);
    expect(seqs(sink)).toEqual([1, 2, 3, 4]);
  });

  test('plain whole records of another run keep their time and are not changed themselves', async () => {
    const old = Object.freeze(plain(event({ seq: 40 })));
    const sink = collector('memory');
    await tap({ sources: [[old]], sinks: [sink] }).done;
    expect(sink.records).toEqual([{ ...old, seq: 1 }]);
    expect(old.seq).toBe(40);
  });

  test.each([
    null,
    7,
    {},
    { probe: 'ad', route: { dst: '10.0.0.0/8' } },
    { probe: 'add', route: {} },
  ])('what is no event ends the tap with one line: %j', async (item) => {
    const sink = collector('memory');
    const running = tap({ sources: [[add('10.0.0.0/8'), item as never]], sinks: [sink] });
    await expect(running.done).rejects.toMatchObject({
      name: 'RoutetapError',
      message: expect.stringMatching(/^source: expected a record.*, got [^\n]+$/),
    });
    expect(seqs(sink)).toEqual([1]);
  });

  test('a pulled source waits for a sink with a backlog, an observable does not', async () => {
    const sink = collector('slow');
    let backlogBytes = 0;
    let mostPending = 0;
    const slow: Sink = {
      ...sink,
      get backlogBytes() {
        return backlogBytes;
      },
      write(batch) {
        sink.write(batch);
        backlogBytes += batch.length * 10_000;
        mostPending = Math.max(mostPending, backlogBytes);
      },
      flush: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        backlogBytes = 0;
      },
    };
    const many = Array.from({ length: 10_007 }, () => add('10.0.0.0/8'));
    await tap({ sources: [many], sinks: [slow] }).done;
    expect(sink.records).toHaveLength(10_007);
    expect(mostPending).toBeLessThan((10_007 * 10_000) / 3);
  });

  test('an endless iterable leaves the event loop room for stop(), and is let go of', async () => {
    let isLeft = false;
    const endless = (function* () {
      try {
        for (;;) yield add('10.0.0.0/8');
      } finally {
        isLeft = true;
      }
    })();
    const sink = collector('memory');
    const running = tap({ sources: [endless], sinks: [sink] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await running.stop();
    expect(isLeft).toBe(true);
    expect(seqs(sink)).toEqual(upTo(sink.records.length));
    expect((await running.done).records).toBe(sink.records.length);
  });
});

describe('the pipeline', () => {
  test('stands before the numbering, so a filter leaves no holes', async () => {
    const sink = collector('memory');
    const sources = [upTo(9).map((n) => add(`10.${n}.0.0/16`))];
    await tap({
      sources,
      pipeline: (records) => records.pipe(where('within(route.dst, "10.0.0.0/13")')),
      sinks: [sink],
    }).done;
    expect(seqs(sink)).toEqual(upTo(7));
  });

  test('may make records of its own', async () => {
    const sink = collector('memory');
    await tap({
      sources: [[event()]],
      pipeline: (records) =>
        records.pipe(mergeMap((record) => [record, { ...plain(event()), host: record.host }])),
      sinks: [sink],
    }).done;
    expect(seqs(sink)).toEqual([1, 2]);
  });

  test('that throws ends the tap after a flush', async () => {
    const sink = collector('memory');
    const running = tap({
      sources: [[event(), event({ probe: 'miss' })]],
      pipeline: map((record: RoutetapRecord) => {
        if (record.type === 'route' && record.probe === 'miss') throw new Error('no miss please');
        return record;
      }),
      sinks: [sink],
    });
    await expect(running.done).rejects.toThrow('no miss please');
    expect([seqs(sink), sink.log]).toEqual([[1], ['flush', 'close']]);
  });
});

describe('sinks', () => {
  test('get the records of one turn as one batch', async () => {
    const sink = collector('memory');
    const subject = new Subject<RoutetapRecord>();
    const running = tap({ sources: [subject], sinks: [sink] });
    for (let n = 0; n < 23; n += 1) subject.next(event());
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 5; n += 1) subject.next(event());
    await running.stop();
    expect(sink.batches).toEqual([23, 5]);
  });

  test('a sink that throws harms no other, and its loss is counted and told', async () => {
    const broken = collector('broken', () => {
      throw new Error('disk on fire');
    });
    const good = collector('good');
    const warnings: string[] = [];
    const result = await tap({
      sources: [[event(), event(), event()]],
      sinks: [broken, good],
      warn: (line) => warnings.push(line),
    }).done;
    const gap = good.records[3] as GapRecord;
    expect(seqs(good)).toEqual(upTo(good.records.length));
    expect(gap).toMatchObject({
      type: 'gap',
      source: 'sink:broken',
      lost: 3,
      reason: 'error',
      zone: null,
    });
    expect([gap.time, gap.host]).toEqual([event().time, 'r1']);
    expect(warnings[0]).toBe('sink broken: write failed: disk on fire');
    expect(result.sinks[0]).toMatchObject({ name: 'broken', written: 0 });
    expect(result.sinks[0]?.dropped).toBeGreaterThanOrEqual(3);
  });

  test('written + dropped = handed over, for a sink that drops every third record', async () => {
    const lossy = collector('lossy', (record) => record.type !== 'route' || record.seq % 3 !== 0);
    const good = collector('good');
    const subject = new Subject<RoutetapRecord>();
    const running = tap({ sources: [subject], sinks: [lossy, good] });
    for (let n = 0; n < 101; n += 1) {
      subject.next(event());
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await running.stop();
    const result = await running.done;
    const told = good.records.reduce(
      (sum, record) => sum + (record.type === 'gap' ? (record.lost ?? NaN) : 0),
      0,
    );
    expect(result.records).toBe(good.records.length);
    expect(seqs(good)).toEqual(upTo(good.records.length));
    expect(lossy.records.length + told).toBe(good.records.length);
    expect(told).toBeGreaterThan(0);
  });

  test('a dead sink does not keep the tap busy when nothing happens', async () => {
    const dead = collector('dead', () => false);
    const subject = new Subject<RoutetapRecord>();
    const running = tap({ sources: [subject], sinks: [dead] });
    subject.next(event());
    for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(dead.batches).toEqual([1, 1]);
    await running.stop();
  });

  test('may be promises; when one does not open the others are closed and nothing is read', async () => {
    const good = collector('good');
    let isRead = false;
    const source = (function* () {
      isRead = true;
      yield event();
    })();
    const refused = Promise.reject(new Error('no such host'));
    await expect(
      tap({ sources: [source], sinks: [Promise.resolve(good), refused] }).done,
    ).rejects.toThrow('no such host');
    expect([isRead, good.log]).toEqual([false, ['close']]);
    const later = collector('later');
    await tap({ sources: [[event()]], sinks: [Promise.resolve(later)] }).done;
    expect(seqs(later)).toEqual([1]);
  });
});

describe('the end', () => {
  test('an error of one source ends all with a flush, and done rejects with it', async () => {
    const sink = collector('memory');
    const other = new Subject<RoutetapRecord>();
    const running = tap({
      sources: [other, of(event()), throwError(() => new Error('the socket is gone'))],
      sinks: [sink],
    });
    await expect(running.done).rejects.toThrow('the socket is gone');
    expect(other.observed).toBe(false);
    expect([seqs(sink), sink.log]).toEqual([[1], ['flush', 'close']]);
    await running.stop();
  });

  test('with onError the error goes there and done resolves', async () => {
    const sink = collector('memory');
    const errors: unknown[] = [];
    const result = await tap({
      sources: [throwError(() => new Error('the socket is gone'))],
      sinks: [sink],
      onError: (error) => errors.push(error),
    }).done;
    expect(errors).toEqual([new Error('the socket is gone')]);
    expect(result.records).toBe(0);
  });

  test('an onError that throws is heard of, after the flush', async () => {
    const sink = collector('memory');
    const running = tap({
      sources: [throwError(() => new Error('the socket is gone'))],
      sinks: [sink],
      onError: () => {
        throw new Error('no time for errors');
      },
    });
    await expect(running.done).rejects.toThrow('no time for errors');
    expect(sink.log).toEqual(['flush', 'close']);
  });

  test('stop writes what has arrived, may be called twice, and takes nothing more', async () => {
    const sink = collector('memory');
    const subject = new Subject<RoutetapRecord>();
    const running = tap({ sources: [subject], sinks: [sink] });
    subject.next(event({ route: route({ dst: '10.9.0.0/16' }) }));
    await Promise.all([running.stop(), running.stop()]);
    subject.next(event());
    expect(seqs(sink)).toEqual([1]);
    expect(sink.log).toEqual(['flush', 'close']);
  });
});

test('a tap whose only sink lost its target for good ends', async () => {
  const sink = collector('stdout');
  let leave: () => void = () => undefined;
  const whenClosed = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const subject = new Subject<RoutetapRecord>();
  const running = tap({
    sources: [subject],
    sinks: [{ ...sink, closed: true, whenClosed } as Sink],
  });
  expect(subject.observed).toBe(true);
  leave();
  await running.done;
  expect(subject.observed).toBe(false);
});
