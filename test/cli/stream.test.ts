import { describe, expect, test } from '@jest/globals';
import { Observable } from 'rxjs';
import { runStream, type OpenSource } from '../../cli/stream.js';
import type { RoutetapRecord } from '../../core/event.js';
import { event, guarded, MemorySink, status } from './records.js';

const everything = (): boolean => true;
const watching = status('watching', { zones: 1, routes: 12 });
const stopped = status('stop', {
  received: 9,
  decoded: 8,
  lost: 1,
  malformed: 0,
  inferred: 2,
  resyncs: 0,
});
const events = (count: number) => Array.from({ length: count }, (_, n) => event(`10.0.${n}.0/24`));

/** Like the kernel's source: gives its batches, goes on until it is stopped, says a last status. */
const endless =
  (...batches: readonly (readonly RoutetapRecord[])[]): OpenSource =>
  ({ signal }) =>
    new Observable((subscriber) => {
      for (const batch of batches) subscriber.next(batch);
      const end = (): void => {
        subscriber.next([stopped]);
        subscriber.complete();
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });

const ending =
  (...batches: readonly (readonly RoutetapRecord[])[]): OpenSource =>
  () =>
    new Observable((subscriber) => {
      for (const batch of batches) subscriber.next(batch);
      subscriber.complete();
    });

const run = async (open: OpenSource, more: Partial<Parameters<typeof runStream>[1]> = {}) => {
  const sink = new MemorySink();
  const lines: string[] = [];
  await runStream(open, {
    filter: everything,
    sinks: [guarded(sink)],
    log: (line) => lines.push(line),
    ...more,
  });
  return { sink, lines };
};

const whats = (sink: MemorySink): readonly string[] =>
  sink.records.map((record) => (record.type === 'status' ? record.what : record.type));

describe('a stream', () => {
  test('ends with its source, its sinks flushed and closed', async () => {
    const { sink } = await run(ending([watching], events(2)));
    expect(whats(sink)).toEqual(['watching', 'route', 'route']);
    expect(sink.isClosedByStream).toBe(true);
  });

  test('says what it watches and, at the end, every counter', async () => {
    const { lines } = await run(endless([watching, ...events(1)]), { count: 1 });
    expect(lines).toEqual([
      'watching 1 zone, 12 routes',
      '9 received, 8 decoded, 1 lost, 0 malformed, 2 inferred, 0 resyncs',
      'sink memory: 3 written, 0 dropped',
    ]);
  });

  test('stops after the asked count of route events, the last status included', async () => {
    const { sink } = await run(endless([watching], events(3), events(3)), { count: 4 });
    expect(whats(sink)).toEqual(['watching', 'route', 'route', 'route', 'route', 'stop']);
    expect(sink.seqs).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('the count is of events the filter lets pass', async () => {
    const isFirst = (record: RoutetapRecord): boolean =>
      record.type !== 'route' || record.route.dst === '10.0.0.0/24';
    const { sink } = await run(endless([watching], events(3), events(3), events(3)), {
      filter: isFirst,
      count: 2,
    });
    expect(whats(sink)).toEqual(['watching', 'route', 'route', 'stop']);
  });

  test('stops after the asked time', async () => {
    const { sink } = await run(endless([watching], events(1)), { durationMs: 30 });
    expect(whats(sink)).toEqual(['watching', 'route', 'stop']);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'stops at %s and gives the signal back',
    async (signal) => {
      const before = process.listenerCount(signal);
      const running = run(endless([watching]));
      process.emit(signal);
      process.emit(signal);
      const { sink } = await running;
      expect(whats(sink)).toEqual(['watching', 'stop']);
      expect(process.listenerCount(signal)).toBe(before);
    },
  );

  test('SIGHUP opens the files again and takes a new filter', async () => {
    const sink = new MemorySink();
    await runStream(
      ({ signal }) =>
        new Observable((subscriber) => {
          subscriber.next(events(2));
          process.emit('SIGHUP');
          subscriber.next(events(2));
          signal.addEventListener('abort', () => subscriber.complete());
          process.emit('SIGINT');
        }),
      {
        filter: everything,
        sinks: [guarded(sink)],
        log: () => undefined,
        onHangUp: () => (record) => record.type !== 'route' || record.route.dst === '10.0.1.0/24',
      },
    );
    expect(sink.reopened).toBe(1);
    expect(sink.seqs).toEqual([1, 2, 3]);
  });

  test('a failing source rejects after the sinks got what came before', async () => {
    const sink = new MemorySink();
    const failing: OpenSource = () =>
      new Observable((subscriber) => {
        subscriber.next(events(2));
        subscriber.error(new Error('socket gone'));
      });
    await expect(
      runStream(failing, { filter: everything, sinks: [guarded(sink)], log: () => undefined }),
    ).rejects.toThrow('socket gone');
    expect(sink.seqs).toEqual([1, 2]);
    expect(sink.isClosedByStream).toBe(true);
  });

  test('ends when nobody reads any more', async () => {
    const sink = Object.assign(new MemorySink(), { whenClosed: Promise.resolve() });
    const lines: string[] = [];
    await runStream(endless([watching]), {
      filter: everything,
      sinks: [guarded(sink)],
      log: (line) => lines.push(line),
    });
    expect(whats(sink)).toEqual(['watching', 'stop']);
  });

  test('verbose says gaps and statuses, one line each, but no routes', async () => {
    const gap: RoutetapRecord = {
      ...event('10.0.0.0/8'),
      type: 'gap',
      source: 'rtnetlink',
      lost: 7,
      zone: null,
      reason: 'overrun',
    } as unknown as RoutetapRecord;
    const { lines } = await run(
      ending([status('zone-appeared', { name: 'blue' }), gap], events(2)),
      {
        verbose: true,
      },
    );
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('zone-appeared');
    expect(lines[1]).toContain('lost 7');
  });

  test('a source is asked to wait while a sink has much to write', async () => {
    const sink = Object.assign(new MemorySink(), { backlogBytes: 0 });
    let waited: Promise<void> | null = null;
    await runStream(
      ({ patience }) =>
        new Observable((subscriber) => {
          expect(patience()).toBeNull();
          sink.backlogBytes = 64 << 20;
          waited = patience();
          setTimeout(() => {
            sink.backlogBytes = 0;
          }, 20);
          void waited?.then(() => {
            subscriber.complete();
          });
        }),
      { filter: everything, sinks: [guarded(sink)], log: () => undefined },
    );
    expect(waited).not.toBeNull();
    expect(sink.backlogBytes).toBe(0);
  });

  test('a sink that stands still is waited for only once', async () => {
    const sink = Object.assign(new MemorySink(), { backlogBytes: 64 << 20 });
    await runStream(
      ({ patience }) =>
        new Observable((subscriber) => {
          void patience()?.then(() => {
            expect(patience()).toBeNull();
            subscriber.complete();
          });
        }),
      { filter: everything, sinks: [guarded(sink)], log: () => undefined },
    );
    expect(sink.isClosedByStream).toBe(true);
  });
});
