import type { Observable } from 'rxjs';
import type { RoutetapRecord, StatusRecord } from '../core/event.js';
import { textLine } from '../core/format/text.js';
import type { GuardedSink } from '../core/guard-sink.js';
import { countersLines } from './counters-line.js';
import { Delivery, type RecordTest } from './deliver.js';
import { patienceFor } from './patience.js';
import { onSignals } from './stop-signals.js';

/** What a source is given. */
export interface SourceControl {
  /** Aborted: drain, say the last status, complete. */
  readonly signal: AbortSignal;
  /** A promise while sinks have too much to write, else null. */
  readonly patience: () => Promise<void> | null;
}

export type OpenSource = (control: SourceControl) => Observable<readonly RoutetapRecord[]>;

export interface StreamSettings {
  readonly filter: RecordTest;
  readonly sinks: readonly GuardedSink[];
  /** Stop after this many route events. */
  readonly count?: number | null;
  /** Stop after this time. */
  readonly durationMs?: number | null;
  /** Says what happens apart from the records; stderr. */
  readonly log: (line: string) => void;
  /** Said once events flow. */
  readonly note?: string | null;
  /** A line about a status record, null for none. */
  readonly remark?: (record: StatusRecord) => string | null;
  /** Status, gap and resync records go to `log` too. */
  readonly verbose?: boolean;
  /** SIGHUP, after the files are open again; a filter it returns takes the place of the one before. */
  readonly onHangUp?: () => RecordTest | null;
}

const LOOK_FOR_GAPS_EVERY_MS = 250;
/** A source that was told to stop and does not is left alone after this. */
const STOP_WITHIN_MS = 10_000;

/** What the source has said so far. */
interface Heard {
  anything: boolean;
  /** Fields of the `stop` status. */
  stop: Readonly<Record<string, unknown>> | null;
}

const plural = (n: unknown, word: string): string => `${String(n)} ${word}${n === 1 ? '' : 's'}`;

const watchingLine = ({ fields }: StatusRecord): string =>
  `watching ${plural(fields['zones'], 'zone')}, ${plural(fields['routes'], 'route')}`;

/**
 * Runs records from a source through the filter to the sinks until the source completes or fails, a signal or
 * `count` or `durationMs` stops it, or nobody reads any more. Then flushes and closes the sinks and logs the
 * counters. Rejects with the source's error.
 */
export async function runStream(open: OpenSource, settings: StreamSettings): Promise<void> {
  const { sinks, log } = settings;
  const delivery = new Delivery(settings.filter, sinks, settings.count ?? null);
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  const heard: Heard = { anything: false, stop: null };

  const note = (record: RoutetapRecord): void => {
    if (record.type === 'route') return;
    if (record.type === 'status') {
      if (record.what === 'route') return;
      if (record.what === 'stop') heard.stop = record.fields;
      if (record.what === 'watching') {
        log(watchingLine(record));
        if (settings.note != null) log(settings.note);
        return;
      }
      const remark = settings.remark?.(record) ?? null;
      if (remark !== null) log(remark);
    }
    if (settings.verbose === true) log(textLine(record, { colour: false, verbose: true }));
  };

  const releaseSignals = onSignals(stop, () => {
    for (const sink of sinks) sink.reopen?.();
    const filter = settings.onHangUp?.() ?? null;
    if (filter !== null) delivery.filter = filter;
  });
  // Only while something is on its way: an idle stream wakes nobody.
  let gaps: NodeJS.Timeout | undefined;
  const lookForGaps = (): void => {
    gaps ??= setTimeout(() => {
      gaps = undefined;
      delivery.tellGaps();
      if (delivery.isUnderWay) lookForGaps();
    }, LOOK_FOR_GAPS_EVERY_MS);
  };
  const duration = settings.durationMs == null ? undefined : setTimeout(stop, settings.durationMs);
  void Promise.all(sinks.map((sink) => sink.whenClosed)).then(stop);

  try {
    await consume(
      open({ signal: stopping.signal, patience: patienceFor(sinks) }),
      stopping.signal,
      (records) => {
        heard.anything = true;
        for (const record of records) note(record);
        delivery.take(records);
        lookForGaps();
        if (delivery.isEnough) stop();
      },
    );
  } finally {
    clearTimeout(duration);
    await delivery.finish();
    clearTimeout(gaps);
    releaseSignals();
    // A source that could not even be opened has nothing to count.
    if (heard.anything) for (const line of countersLines(heard.stop, sinks)) log(line);
  }
}

/** Resolves when the source completes, or does not complete long after the stop. */
export function consume(
  source: Observable<readonly RoutetapRecord[]>,
  stopped: AbortSignal,
  take: (records: readonly RoutetapRecord[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const subscription = source.subscribe({
      next: take,
      error: (error: unknown) => {
        clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the source gave
        reject(error);
      },
      complete: () => {
        clearTimeout(timer);
        resolve();
      },
    });
    const giveUp = (): void => {
      if (subscription.closed) return;
      timer = setTimeout(() => {
        subscription.unsubscribe();
        resolve();
      }, STOP_WITHIN_MS);
    };
    if (stopped.aborted) giveUp();
    else stopped.addEventListener('abort', giveUp, { once: true });
  });
}
