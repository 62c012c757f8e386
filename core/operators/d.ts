import { Observable, type OperatorFunction } from 'rxjs';
import { compileProgram, type DProgramOptions } from '../d/program/runtime.js';
import type { DOutput } from '../d/program/output.js';
import type { RoutetapRecord } from '../event.js';

/**
 * Runs a D program (docs/d.md) over the records and gives what it says, in order.
 *
 * Time is the records': BEGIN runs when the first one comes (at 0 when none does), ticks when a later one shows that
 * they are due, END when the stream ends or after exit(), which ends it. Every subscription runs the program anew.
 *
 * @throws {RoutetapError} usage, when called: the program or an option is wrong.
 */
export function d(
  text: string,
  options: DProgramOptions = {},
): OperatorFunction<RoutetapRecord, DOutput> {
  compileProgram(text, options);
  return (source) =>
    new Observable((subscriber) => {
      const program = compileProgram(text, options);
      let lastNs: bigint | null = null;
      const say = (outputs: readonly DOutput[]): void => {
        for (const output of outputs) subscriber.next(output);
      };
      const begin = (timeNs: bigint): void => {
        if (lastNs === null) say(program.begin(timeNs));
        lastNs = timeNs;
      };
      const end = (): void => {
        begin(lastNs ?? 0n);
        say(program.end(lastNs ?? 0n));
      };
      return source.subscribe({
        next: (record) => {
          if (subscriber.closed) return;
          begin(record.timeNs);
          say(program.record(record));
          if (program.exitStatus === null) return;
          end();
          subscriber.complete();
        },
        error: (error: unknown) => {
          end();
          subscriber.error(error);
        },
        complete: () => {
          end();
          subscriber.complete();
        },
      });
    });
}
