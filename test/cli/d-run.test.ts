import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  concat,
  NEVER,
  of,
  Subject,
  takeUntil,
  fromEvent,
  throwError,
  type Observable,
} from 'rxjs';
import { openTextOutput } from '../../cli/d/output.js';
import { runDProgram, type DRunSettings, type RunnableProgram } from '../../cli/d/run.js';
import type { SourceControl } from '../../cli/stream.js';
import type { DOutput } from '../../core/d/program/output.js';
import type { GapRecord, Probe, RoutetapRecord } from '../../core/event.js';
import { event, status } from './records.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
  path = join(folder, 'out');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const text = (line: string): DOutput => ({ kind: 'text', text: `${line}\n` });

/** A program that says what is asked of it. */
class SayingProgram implements RunnableProgram {
  readonly probes: ReadonlySet<Probe> = new Set<Probe>(['add']);
  nextTickNs: bigint | null = null;
  exitStatus: number | null = null;
  exitsAt: string | null = null;
  tickEveryNs: bigint | null = null;

  #say(words: string): DOutput[] {
    if (words !== this.exitsAt) return [text(words)];
    this.exitStatus = 259;
    return [text(words), { kind: 'exit', status: 259 }];
  }

  begin(timeNs: bigint): DOutput[] {
    if (this.tickEveryNs !== null) this.nextTickNs = timeNs + this.tickEveryNs;
    return this.#say('BEGIN');
  }

  record(record: RoutetapRecord): DOutput[] {
    return this.#say(record.type === 'route' ? record.route.dst : record.type);
  }

  advance(timeNs: bigint): DOutput[] {
    const outputs: DOutput[] = [];
    while (this.nextTickNs !== null && this.nextTickNs <= timeNs && this.exitStatus === null) {
      outputs.push(...this.#say('tick'));
      this.nextTickNs += this.tickEveryNs ?? 0n;
    }
    return outputs;
  }

  end(): DOutput[] {
    return [text('END')];
  }
}

interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
  readonly log: readonly string[];
  readonly warned: readonly string[];
}

async function ran(
  program: RunnableProgram,
  source: Observable<readonly RoutetapRecord[]>,
  settings: Partial<DRunSettings> = {},
): Promise<Ran> {
  const log: string[] = [];
  const warned: string[] = [];
  const output = openTextOutput(path);
  const code = await runDProgram({
    program,
    output,
    open: ({ signal }) => source.pipe(takeUntil(fromEvent(signal, 'abort'))),
    isLive: false,
    beginsAtOnce: false,
    filter: () => true,
    target: null,
    count: null,
    durationMs: null,
    notices: ['matched'],
    log: (line) => log.push(line),
    warn: (line) => warned.push(line),
    detail: null,
    ...settings,
  });
  return { code, lines: readFileSync(path, 'utf8').trim().split('\n'), log, warned };
}

const BATCH = [status('watching'), event('10.1.0.0/16'), event('10.2.0.0/16')];

describe('the run of a program', () => {
  test('BEGIN stands before the first event, END after the last; the notices come at BEGIN', async () => {
    const { code, lines, log } = await ran(new SayingProgram(), of(BATCH));
    expect(lines).toEqual(['BEGIN', '10.1.0.0/16', '10.2.0.0/16', 'END']);
    expect(log).toEqual(['matched']);
    expect(code).toBe(0);
  });

  test('a recording that never says watching begins with its first event, an empty one at its end', async () => {
    const { lines } = await ran(new SayingProgram(), of([event('10.1.0.0/16')]));
    expect(lines).toEqual(['BEGIN', '10.1.0.0/16', 'END']);
    rmSync(path);
    expect((await ran(new SayingProgram(), of([]))).lines).toEqual(['BEGIN', 'END']);
  });

  test('exit ends it: the events after it are not fed, its status is the code, 8 bits wide', async () => {
    const program = new SayingProgram();
    program.exitsAt = '10.1.0.0/16';
    const { code, lines } = await ran(program, concat(of(BATCH), NEVER));
    expect(lines).toEqual(['BEGIN', '10.1.0.0/16', 'END']);
    expect(code).toBe(3);
  });

  test('exit in BEGIN opens no source and does not start the target', async () => {
    const program = new SayingProgram();
    program.exitsAt = 'BEGIN';
    let isStarted = false;
    const { code, lines } = await ran(program, NEVER, {
      beginsAtOnce: true,
      open: () => {
        throw new Error('opened');
      },
      target: {
        pid: 1,
        start: () => (isStarted = true),
        ended: new Promise(() => undefined),
        release: () => undefined,
      },
    });
    expect(lines).toEqual(['BEGIN', 'END']);
    expect(code).toBe(3);
    expect(isStarted).toBe(false);
  });

  test('count counts the events that pass the filter', async () => {
    const { lines } = await ran(new SayingProgram(), concat(of(BATCH), of(BATCH), NEVER), {
      count: 2,
      filter: (record) => record.type === 'route' && record.route.dst === '10.2.0.0/16',
    });
    expect(lines).toEqual(['BEGIN', '10.2.0.0/16', '10.2.0.0/16', 'END']);
  });

  test('ticks come by a timer while nothing else happens', async () => {
    const program = new SayingProgram();
    program.tickEveryNs = 1_000_000n;
    program.exitsAt = 'tick';
    const { lines } = await ran(program, NEVER, { isLive: true, beginsAtOnce: true });
    expect(lines).toEqual(['BEGIN', 'tick', 'END']);
  });

  test('the end of the target ends it, and is told', async () => {
    let end: (line: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => (end = resolve));
    const { lines, log } = await ran(new SayingProgram(), concat(of(BATCH), NEVER), {
      target: { pid: 7, start: () => end('pid 7 has exited'), ended, release: () => undefined },
    });
    expect(lines.at(-1)).toBe('END');
    expect(log).toEqual(['matched', 'routetap: pid 7 has exited']);
  });

  test('the source is told to wait while too much text does, but not once it has to stop', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const program = new SayingProgram();
    program.record = () => [text('x'.repeat(20 << 20))];
    const records = new Subject<readonly RoutetapRecord[]>();
    let control: SourceControl | null = null;
    const run = ran(program, records, {
      output: openTextOutput(fifo),
      open: (given) => {
        control = given;
        return records;
      },
    });
    const patience = (): Promise<void> | null => control?.patience() ?? null;
    records.next([status('watching')]);
    expect(patience()).toBeNull();
    records.next([event('10.1.0.0/16')]);
    const waited = patience();
    expect(waited).not.toBeNull();
    const reading = setInterval(() => {
      try {
        readSync(reader, Buffer.alloc(1 << 20));
      } catch {
        // EAGAIN: nothing there yet.
      }
    });
    await waited;
    records.next([event('10.2.0.0/16')]);
    expect(patience()).not.toBeNull();
    program.record = () => [{ kind: 'exit', status: 0 }];
    records.next([event('10.3.0.0/16')]);
    expect(patience()).toBeNull();
    clearInterval(reading);
    closeSync(reader);
    records.complete();
    expect((await run).code).toBe(0);
  });

  test('losses are told, and lines of faults, with the name in front', async () => {
    const program = new SayingProgram();
    program.record = () => [{ kind: 'error', line: 'error on enabled probe ID 2' }];
    const gap: GapRecord = {
      v: 1,
      type: 'gap',
      seq: 0,
      time: '2026-01-01T00:00:00.000000001Z',
      timeNs: 1_767_225_600_000_000_001n,
      host: 'r1',
      source: 'rtnetlink',
      lost: 5,
      zone: null,
      reason: 'overrun',
    };
    const { warned } = await ran(program, of([status('watching'), gap, event('10.1.0.0/16')]));
    expect(warned).toEqual([
      'routetap: 5 drops: rtnetlink, overrun',
      'routetap: error on enabled probe ID 2',
    ]);
  });

  test('a source that fails still gets END, and its error is thrown', async () => {
    const source = concat(
      of(BATCH),
      throwError(() => new Error('gone')),
    );
    await expect(ran(new SayingProgram(), source)).rejects.toThrow('gone');
    expect(readFileSync(path, 'utf8')).toMatch(/END\n$/);
  });

  test('a source that fails before anything was told gets neither BEGIN nor END', async () => {
    const source = throwError(() => new Error('no privilege'));
    await expect(ran(new SayingProgram(), source)).rejects.toThrow('no privilege');
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('an output that can not be written ends it with what is wrong', async () => {
    const records = new Subject<readonly RoutetapRecord[]>();
    const run = ran(new SayingProgram(), concat(of(BATCH), records), {
      output: openTextOutput('/dev/full'),
    });
    await expect(run).rejects.toThrow('/dev/full that can be written, got ENOSPC');
  });
});
