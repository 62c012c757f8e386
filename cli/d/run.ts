import type { DOutput } from '../../core/d/program/output.js';
import type { DProgram } from '../../core/d/program/runtime.js';
import type { GapRecord, RoutetapRecord, StatusRecord } from '../../core/event.js';
import { textLine } from '../../core/format/text.js';
import { wallClockNs } from '../../sources/wall-clock.js';
import type { RecordTest } from '../deliver.js';
import { onSignals } from '../stop-signals.js';
import { consume, type OpenSource } from '../stream.js';
import { rowsOf, unseenLine } from '../unseen-line.js';
import type { TextOutput } from './output.js';
import type { Target } from './target.js';

/** What the command line runs of a program. */
export type RunnableProgram = Pick<
  DProgram,
  'begin' | 'record' | 'advance' | 'end' | 'nextTickNs' | 'exitStatus' | 'probes'
>;

export interface DRunSettings {
  readonly program: RunnableProgram;
  readonly output: TextOutput;
  readonly open: OpenSource;
  /** False: ticks follow the time of the records. */
  readonly isLive: boolean;
  /** Tracing begins at once: the source has nothing to tell first. */
  readonly beginsAtOnce: boolean;
  readonly filter: RecordTest;
  readonly target: Target | null;
  /** Stop after this many route events. */
  readonly count: number | null;
  readonly durationMs: number | null;
  /** Said when tracing begins. */
  readonly notices: readonly string[];
  /** For what is good to know. */
  readonly log: (line: string) => void;
  /** For what went wrong. */
  readonly warn: (line: string) => void;
  /** For every status, gap and resync record; null: not wanted. */
  readonly detail: ((line: string) => void) | null;
}

/** Longest timer Node has. */
const MAX_DELAY_MS = 2 ** 31 - 1;

const dropsLine = ({ lost, source, reason }: GapRecord): string =>
  `routetap: ${lost ?? 'an unknown number of'} drops: ${source}, ${reason}`;

/** A program, its source and where its text goes, from BEGIN to the last aggregation. */
class DRun {
  readonly #settings: DRunSettings;
  readonly #stopping = new AbortController();
  readonly #stopped: Promise<void>;
  #hasBegun = false;
  #events = 0;
  #lastNs = 0n;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: DRunSettings) {
    this.#settings = settings;
    this.#stopped = new Promise((resolve) => {
      this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async run(): Promise<number> {
    const { program, output, open, target, durationMs, beginsAtOnce } = this.#settings;
    const stop = (): void => {
      this.#stop();
    };
    const releaseSignals = onSignals(
      () => {
        // The terminal echoed ^C; what follows starts on a line of its own.
        output.write('\n', true);
        stop();
      },
      () => {
        output.reopen();
      },
    );
    // Without a source and without a clock nothing else keeps the process: it waits for ^C.
    const alive = setInterval(() => undefined, MAX_DELAY_MS);
    const duration = durationMs === null ? undefined : setTimeout(stop, durationMs);
    void output.whenClosed.then(stop);
    void target?.ended.then((line) => {
      this.#settings.log(`routetap: ${line}`);
      stop();
    });
    try {
      if (beginsAtOnce) this.#begin(wallClockNs());
      await this.#consume(open);
      if (!this.#hasBegun) this.#begin(this.#nowNs());
    } finally {
      this.#stop();
      clearTimeout(duration);
      clearInterval(alive);
      if (this.#hasBegun) this.#say(program.end(this.#nowNs()), true);
      await output.close();
      target?.release();
      releaseSignals();
      this.#sayDropped();
    }
    if (output.failure !== null) throw output.failure;
    return (program.exitStatus ?? 0) & 0xff;
  }

  async #consume(open: OpenSource): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const records = open({ signal, patience: () => this.#patience() });
    await consume(records, signal, (batch) => {
      for (const record of batch) this.#take(record);
    });
  }

  /** The source waits while too much text does; not when it was told to stop. */
  #patience(): Promise<void> | null {
    const { signal } = this.#stopping;
    if (signal.aborted || !this.#settings.output.isFull) return null;
    return Promise.race([this.#settings.output.room(), this.#stopped]);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopping.abort();
  }

  #nowNs(): bigint {
    return this.#settings.isLive ? wallClockNs() : this.#lastNs;
  }

  #begin(timeNs: bigint): void {
    const { program, notices, log, target } = this.#settings;
    this.#hasBegun = true;
    this.#lastNs = timeNs;
    for (const line of notices) log(line);
    this.#say(program.begin(timeNs));
    if (this.#stopping.signal.aborted) return;
    target?.start();
    this.#armTick();
  }

  #take(record: RoutetapRecord): void {
    this.#lastNs = record.timeNs;
    if (record.type !== 'route') this.#note(record);
    else if (!this.#hasBegun) this.#begin(record.timeNs);
    this.#passTime();
    if (record.type !== 'route') return;
    const { program, filter, count } = this.#settings;
    if (program.exitStatus !== null || this.#events === count || !filter(record)) return;
    this.#events += 1;
    this.#say(program.record(record));
    if (this.#events === count) this.#stop();
  }

  /** Over a recording time passes with every record, also those the program does not get. */
  #passTime(): void {
    const { program, isLive } = this.#settings;
    if (isLive || program.nextTickNs === null || program.nextTickNs > this.#lastNs) return;
    this.#say(program.advance(this.#lastNs));
  }

  #note(record: Exclude<RoutetapRecord, { readonly type: 'route' }>): void {
    const { warn, detail } = this.#settings;
    if (record.type === 'gap') warn(dropsLine(record));
    if (record.type === 'status') this.#noteStatus(record);
    detail?.(textLine(record, { colour: false, verbose: true }));
  }

  #noteStatus(record: StatusRecord): void {
    const { program, log } = this.#settings;
    if (record.what === 'watching' && !this.#hasBegun) this.#begin(record.timeNs);
    if (record.what !== 'tiers') return;
    const line = unseenLine(rowsOf(record), [...program.probes]);
    if (line !== null) log(line);
  }

  #say(outputs: readonly DOutput[], isLast = false): void {
    const { output, warn } = this.#settings;
    for (const said of outputs) {
      if (said.kind === 'text') output.write(said.text, isLast);
      else if (said.kind === 'error') warn(`routetap: ${said.line}`);
      else if (!isLast) this.#stop();
    }
  }

  /** Between events time passes by a timer; while too much text waits it stands still. */
  #armTick(): void {
    const { program, output, isLive } = this.#settings;
    const { nextTickNs } = program;
    if (!isLive || nextTickNs === null || this.#stopping.signal.aborted) return;
    const delayMs = Math.ceil(Number(nextTickNs - wallClockNs()) / 1e6);
    this.#timer = setTimeout(
      () => {
        if (output.isFull) {
          void output.room().then(() => this.#armTick());
          return;
        }
        this.#say(program.advance(wallClockNs()));
        this.#armTick();
      },
      Math.min(Math.max(delayMs, 0), MAX_DELAY_MS),
    );
  }

  #sayDropped(): void {
    const { output, warn } = this.#settings;
    if (output.dropped === 0) return;
    warn(`routetap: ${output.dropped} drops: the output was not taken fast enough`);
  }
}

/**
 * Runs a program until its source ends, a signal, `exit`, `count`, `durationMs` or the end of the target stops it, or
 * nobody reads any more. Resolves with its exit status; rejects with the source's error or that of the output.
 */
export const runDProgram = (settings: DRunSettings): Promise<number> => new DRun(settings).run();
