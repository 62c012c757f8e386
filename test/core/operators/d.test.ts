import { describe, expect, test } from '@jest/globals';
import { concat, from, lastValueFrom, NEVER, of, Subject, throwError, toArray } from 'rxjs';
import { RoutetapError } from '../../../core/errors.js';
import type { RoutetapRecord } from '../../../core/event.js';
import type { DOutput } from '../../../core/d/program/output.js';
import { d } from '../../../core/operators/d.js';
import { event } from '../d/events.js';

const QUIET = { options: { quiet: '' } };
const text = (outputs: readonly DOutput[]): string =>
  outputs.map((output) => (output.kind === 'text' ? output.text : `<${output.kind}>`)).join('');

describe('d', () => {
  test('gives what the program says, BEGIN first and END last', async () => {
    const records = from([event(), event({ probe: 'delete' })]);
    const said = await lastValueFrom(
      records.pipe(
        d('BEGIN { trace(1) } route:::* { trace(probename) } END { trace(2) }', QUIET),
        toArray(),
      ),
    );
    expect(text(said)).toBe('1adddelete2\n');
  });

  test('BEGIN and END run over a stream without records, too', async () => {
    const said = await lastValueFrom(
      from([]).pipe(d('BEGIN,END { trace(probename) }', QUIET), toArray()),
    );
    expect(text(said)).toBe('BEGINEND\n');
  });

  test('exit ends the stream, and lets go of its source', async () => {
    const source = new Subject<RoutetapRecord>();
    const all = lastValueFrom(
      source.pipe(d('route:::add { exit(4) } END { trace("end") }', QUIET), toArray()),
    );
    source.next(event());
    expect(await all).toEqual([
      { kind: 'exit', status: 4 },
      { kind: 'text', text: 'end' },
      { kind: 'text', text: '\n' },
    ]);
    expect(source.observed).toBe(false);
  });

  test('exit in BEGIN takes no record', async () => {
    const said = await lastValueFrom(
      concat(of(event()), NEVER).pipe(
        d('BEGIN { exit(0) } route:::add { trace("no") }', QUIET),
        toArray(),
      ),
    );
    expect(text(said)).toBe('<exit>\n');
  });

  test('an error of the source comes after END', () => {
    const said: DOutput[] = [];
    let failure: unknown;
    throwError(() => new Error('gone'))
      .pipe(d('END { trace("end") }', QUIET))
      .subscribe({
        next: (output) => said.push(output),
        error: (error: unknown) => (failure = error),
      });
    expect(text(said)).toBe('end\n');
    expect(failure).toEqual(new Error('gone'));
  });

  test('every subscription starts anew', async () => {
    const counted = of(event()).pipe(d('route:::add { n++; trace(n) }', QUIET), toArray());
    expect(text(await lastValueFrom(counted))).toBe('1\n');
    expect(text(await lastValueFrom(counted))).toBe('1\n');
  });

  test('ticks follow the time of the records', async () => {
    const records = from([event({ timeNs: 0n }), event({ timeNs: 2_500_000_000n })]);
    const said = await lastValueFrom(
      records.pipe(d('tick-1s { trace("t") } route:::add { trace("r") }', QUIET), toArray()),
    );
    expect(text(said)).toBe('rttr\n');
  });

  test('a wrong program is refused when the operator is made', () => {
    expect(() => d('route:::foo')).toThrow(RoutetapError);
  });
});
