import { describe, expect, test } from '@jest/globals';
import { guardSink, type GuardableSink } from '../../core/guard-sink.js';
import { events } from '../sinks/records.js';

const NEVER = new Promise<void>(() => undefined);
const ZERO = { written: 0, dropped: 0, queued: 0, failed: 0 };

const sink = (members: Partial<GuardableSink>): GuardableSink =>
  Object.defineProperties(
    {
      name: 'x',
      counters: ZERO,
      write: () => undefined,
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    Object.getOwnPropertyDescriptors(members),
  );

const guard = (members: Partial<GuardableSink>) => {
  const warnings: string[] = [];
  const guarded = guardSink(
    sink(members),
    (line) => {
      warnings.push(line);
    },
    20,
  );
  return { guarded, warnings };
};

describe('guardSink', () => {
  test('gives up on a flush and a close that hang', async () => {
    const { guarded, warnings } = guard({ flush: () => NEVER, close: () => NEVER });
    await guarded.flush();
    await guarded.close();
    await guarded.close();
    expect(warnings).toEqual(['sink x: flush failed: took longer than 0.02 s']);
    expect(guarded.counters.failed).toBe(2);
  });

  test('counts as lost only what the sink did not count itself before it threw', () => {
    let written = 0;
    const { guarded } = guard({
      get counters() {
        return { ...ZERO, written };
      },
      write: (records) => {
        written += 2;
        if (records.length > 2) throw new Error('third');
      },
    });
    guarded.write(events(5));
    expect(guarded.counters).toEqual({ written: 2, dropped: 3, queued: 0, failed: 1 });
  });

  test('catches the rejection of a write that is asynchronous against the contract', async () => {
    const { guarded, warnings } = guard({
      write: (): unknown => Promise.reject(new Error('later')),
    });
    guarded.write(events(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['sink x: write failed: later']);
  });

  test('reads counters that are missing, negative or throw as zero', () => {
    const wrong = { written: -1, dropped: Number.NaN } as unknown as GuardableSink['counters'];
    expect(guard({ counters: wrong }).guarded.counters).toEqual(ZERO);
    const { guarded } = guard({
      get counters(): never {
        throw new Error('no');
      },
    });
    expect(guarded.counters).toEqual(ZERO);
  });

  test('has reopen only where the sink has it', () => {
    let times = 0;
    const { guarded } = guard({
      reopen: () => {
        times += 1;
      },
    });
    guarded.reopen?.();
    expect(times).toBe(1);
    expect(guard({}).guarded.reopen).toBeUndefined();
  });

  test('passes on that the target is gone for good', async () => {
    const { guarded } = guard({ closed: true, whenClosed: Promise.resolve() });
    await guarded.whenClosed;
    expect(guarded.closed).toBe(true);
    expect(guard({}).guarded.closed).toBe(false);
  });
});
