import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import type { RoutetapRecord } from '../../../../core/event.js';
import { compileProgram } from '../../../../core/d/program/compile-program.js';
import type { DOutput } from '../../../../core/d/program/output.js';
import type { DProgramOptions } from '../../../../core/d/program/runtime.js';
import { parseRecord } from '../../../../core/parse-record.js';
import { replayBatches } from '../../../../sources/replay/replay.js';
import { folder, scenes } from '../../../tools/record-goldens.js';

/** When a program starts that runs over no recording. */
const NO_RECORDING_NS = 1_795_854_830_000_000_000n;

export interface Said {
  readonly text: string;
  readonly errors: readonly string[];
  readonly exit: number | null;
}

const recordings = new Map<string, Promise<readonly RoutetapRecord[]>>();

/** What the replay of a recording says. */
export const replayed = async (file: string): Promise<RoutetapRecord[]> =>
  (await lastValueFrom(replayBatches({ file: path.join(folder, file) }).pipe(toArray()))).flat();

/** The same from the lines of JSON beside it: plain objects, as a source of one's own would give. */
const told = (name: string): RoutetapRecord[] =>
  readFileSync(path.join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => parseRecord(line));

/** Records of a recording: of the golden scenes as a replay gives them, of the others as their lines say. */
export function recordsOf(name: string): Promise<readonly RoutetapRecord[]> {
  if (name === 'none') return Promise.resolve([]);
  const known = recordings.get(name);
  if (known !== undefined) return known;
  const read = scenes.includes(name) ? replayed(`${name}.rec`) : Promise.resolve(told(name));
  recordings.set(name, read);
  return read;
}

/** Without the spaces at the ends of lines, and with the newline at the end that a program may have left out. */
export const plainText = (text: string): string =>
  text.replace(/[ \t]+$/gm, '').replace(/([^\n])$/, '$1\n');

const textOf = (outputs: readonly DOutput[]): string =>
  outputs.map((output) => (output.kind === 'text' ? output.text : '')).join('');

/** What the end says, less the empty line that DTrace, quiet or not, sets before the aggregations. */
function withoutEmptyLine(outputs: readonly DOutput[]): string {
  const texts = outputs.flatMap((output) => (output.kind === 'text' ? [output.text] : []));
  const aggregations = texts.pop() ?? '';
  if (!aggregations.startsWith('\n')) throw new Error('no empty line before the aggregations');
  return texts.join('') + aggregations.slice(1);
}

/** A program from BEGIN to END over all records, time being the records'. */
export function runProgram(
  text: string,
  options: DProgramOptions,
  records: readonly RoutetapRecord[],
): Said {
  const program = compileProgram(text, options);
  const first = records[0]?.timeNs ?? NO_RECORDING_NS;
  const outputs: DOutput[] = [...program.begin(first)];
  for (const record of records) {
    if (program.exitStatus !== null) break;
    outputs.push(...program.record(record));
  }
  const before = textOf(outputs);
  const last = program.end(records.at(-1)?.timeNs ?? first);
  return {
    text: before + withoutEmptyLine(last),
    errors: [...outputs, ...last].flatMap((output) =>
      output.kind === 'error' ? [output.line] : [],
    ),
    exit: program.exitStatus,
  };
}
