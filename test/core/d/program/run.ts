import { expect } from '@jest/globals';
import { RoutetapError } from '../../../../core/errors.js';
import type { RoutetapRecord } from '../../../../core/event.js';
import {
  compileProgram,
  type DProgram,
  type DProgramOptions,
} from '../../../../core/d/program/runtime.js';
import type { DOutput } from '../../../../core/d/program/output.js';
import { event } from '../events.js';

/** Everything a program says over these records, from BEGIN to END. */
export function outputs(
  text: string,
  records: readonly RoutetapRecord[] = [event()],
  options: DProgramOptions = {},
): DOutput[] {
  const program = compileProgram(text, options);
  const said = [...program.begin(records[0]?.timeNs ?? 0n)];
  for (const record of records) said.push(...program.record(record));
  return [...said, ...program.end(records.at(-1)?.timeNs ?? 0n)];
}

/** Its text alone, without the empty line that stands before the aggregations. */
export function printed(
  text: string,
  records?: readonly RoutetapRecord[],
  options?: DProgramOptions,
): string {
  const all = outputs(text, records, options);
  expect(all.filter(({ kind }) => kind === 'error')).toEqual([]);
  return textOf(all).replace(/\n$/, '');
}

export const textOf = (all: readonly DOutput[]): string =>
  all.map((output) => (output.kind === 'text' ? output.text : '')).join('');

export const errorsOf = (all: readonly DOutput[]): string[] =>
  all.flatMap((output) => (output.kind === 'error' ? [output.line] : []));

/** The same with -q. */
export const quiet = (
  text: string,
  records?: readonly RoutetapRecord[],
  options: DProgramOptions = {},
): string => printed(text, records, { ...options, options: { quiet: '', ...options.options } });

/** The line a program is refused with. */
export function refusal(text: string, options?: DProgramOptions): string {
  try {
    compileProgram(text, options);
  } catch (error) {
    expect(error).toBeInstanceOf(RoutetapError);
    expect((error as RoutetapError).kind).toBe('usage');
    const { message } = error as RoutetapError;
    expect(message).not.toContain('\n');
    return message;
  }
  return 'no error';
}

export const compiled = (text: string, options?: DProgramOptions): DProgram =>
  compileProgram(text, options);
