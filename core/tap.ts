import { isObservable, map, merge, ReplaySubject, takeUntil, type Observable } from 'rxjs';
import type { RoutetapRecord } from './event.js';
import { guardSink } from './guard-sink.js';
import { batched } from './operators/batched.js';
import { pulled } from './pulled.js';
import type { Sink, SinkCounters } from './sink.js';
import { completeItem, type TapItem } from './tap-item.js';
import { TapOutlets } from './tap-outlets.js';

/** Where records come from: an observable, an array, any iterable, sync or async. */
export type TapSource = Observable<TapItem> | Iterable<TapItem> | AsyncIterable<TapItem>;

export interface TapOptions {
  readonly sources: readonly TapSource[];
  /** What happens between sources and sinks: any RxJS operators. Left out: nothing. */
  readonly pipeline?: (records: Observable<RoutetapRecord>) => Observable<RoutetapRecord>;
  /** Open sinks, or promises of them. The tap closes them. */
  readonly sinks: readonly (Sink | Promise<Sink>)[];
  /** Called at once when a source or the pipeline fails; without it `done` rejects. */
  readonly onError?: (error: unknown) => void;
  /** One line for the user when a sink misbehaves. */
  readonly warn?: (line: string) => void;
}

export interface TapResult {
  /** Records that were handed to the sinks, gap records included. */
  readonly records: number;
  /** Each sink's counters when all was over, in the order of `sinks`. */
  readonly sinks: readonly ({ readonly name: string } & SinkCounters)[];
}

export interface Tap {
  /**
   * Resolves when every source has ended or `stop()` was called, and all sinks are flushed and closed; also
   * when every sink's target is gone for good (the reader of stdout went away).
   * Rejects, after the same flush, with the error of a source, the pipeline or a sink that did not open,
   * unless there is an `onError`.
   */
  readonly done: Promise<TapResult>;
  /** Lets go of the sources, flushes and closes the sinks. Resolves when that is over; never rejects. */
  stop(): Promise<void>;
}

/**
 * Runs sources → pipeline → sinks.
 *
 * ```
 * source ─┐
 * source ─┼─ by arrival ─ pipeline ─ seq 1, 2, 3… ─ batches ─┬─ sink
 * source ─┘                                                  └─ sink
 * ```
 *
 * Sources are merged in the order of arrival; `seq` is given anew behind the pipeline, without holes. Records
 * go to the sinks in batches. A sink that throws or drops harms nobody else: what it lost is counted and
 * told to all by a gap record (`sink:<name>`). The first error of a source ends the tap, after a flush.
 *
 * A source that is pulled (an array, an iterable) waits while a sink with `backlogBytes` has much to do, so a
 * file of records goes through whole; an observable can't wait.
 */
export function tap(options: TapOptions): Tap {
  const { onError } = options;
  const stop = { sources: new ReplaySubject<true>(1), pipeline: new ReplaySubject<true>(1) };
  const end = (): void => {
    stop.sources.next(true);
    stop.pipeline.next(true);
  };
  const run = async (): Promise<TapResult> => {
    const failures: unknown[] = [];
    const fail = (error: unknown): void => {
      if (onError === undefined) failures.push(error);
      else collect(failures, () => onError(error));
    };
    let outlets = new TapOutlets([]);
    try {
      const { warn = () => undefined } = options;
      // Without a promise to wait for the sources are listened to at once: a hot one may speak already.
      const opened = openAlready(options.sinks) ?? (await openAll(options.sinks));
      outlets = new TapOutlets(opened.map((sink) => guardSink(sink, warn)));
      outlets.allGone().then(end, end);
      await drained(options, outlets, stop);
    } catch (error) {
      fail(error);
    }
    await outlets.finish();
    if (failures.length > 0) throw failures[0];
    return { records: outlets.records, sinks: outlets.counters() };
  };
  const done = run();
  return {
    done,
    stop: async () => {
      end();
      await Promise.allSettled([done]);
    },
  };
}

/** First the sources end, so that the operators give what they hold back; then a pipeline with no end of its own. */
interface Stop {
  readonly sources: Observable<true>;
  readonly pipeline: Observable<true>;
}

/** Resolves when every source has ended, or at the stop; rejects with the first error. */
function drained(
  { sources, pipeline = (records) => records }: TapOptions,
  outlets: TapOutlets,
  stop: Stop,
): Promise<void> {
  const items = merge(...sources.map((source) => toObservable(source, outlets)));
  const records = items.pipe(map(completeItem), takeUntil(stop.sources));
  return new Promise((resolve, reject) => {
    pipeline(records)
      .pipe(takeUntil(stop.pipeline))
      .pipe(batched())
      .subscribe({
        next: (batch) => outlets.write(batch),
        error: reject,
        complete: resolve,
      });
  });
}

const toObservable = (source: TapSource, outlets: TapOutlets): Observable<TapItem> =>
  isObservable(source) ? source : pulled(source, () => outlets.room());

/** Runs what the user gave; what it throws is kept for later. */
function collect(failures: unknown[], run: () => void): void {
  try {
    run();
  } catch (error) {
    failures.push(error);
  }
}

function openAlready(sinks: TapOptions['sinks']): Sink[] | null {
  const opened = sinks.filter((sink): sink is Sink => !('then' in sink));
  return opened.length === sinks.length ? opened : null;
}

/** All sinks, or none: those that did open are closed again when one does not. */
async function openAll(sinks: TapOptions['sinks']): Promise<Sink[]> {
  const results = await Promise.allSettled(sinks.map(async (sink) => sink));
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refused = results.find((result) => result.status === 'rejected');
  if (refused === undefined) return opened;
  await Promise.allSettled(opened.map((sink) => sink.close()));
  throw refused.reason;
}
