import { open, type FileHandle } from 'node:fs/promises';
import { usageError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';
import type { ProgramWord } from './flags.js';

/** A program as text, and what lines about it call it. */
export interface ProgramText {
  readonly kind: 'description' | 'script';
  /** The path of a script; of `-n` the probes it describes, as written. */
  readonly name: string;
  readonly text: string;
}

/** Longest program taken, and one byte more: the parser says what is wrong with a longer one. */
const LIMIT_BYTES = 65_537;

const isStdin = (path: string): boolean => path === '-' || path === '/dev/stdin';

async function readSome(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= LIMIT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, LIMIT_BYTES);
}

async function readFile(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await readSome(file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>);
  } finally {
    await file?.close();
  }
}

/** The line that names the interpreter goes; the numbers of the others stay. */
const withoutInterpreter = (text: string): string =>
  text.replace(/^\ufeff/, '').replace(/^#![^\n]*/, '');

async function readScript(path: string): Promise<string> {
  try {
    const bytes = isStdin(path)
      ? await readSome(process.stdin as AsyncIterable<Buffer>)
      : await readFile(path);
    return withoutInterpreter(bytes.toString('utf8'));
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    throw usageError(
      `failed to open script ${escapeText(path)}: expected a readable file, got ${code}`,
    );
  }
}

/** One line, whatever stands in the program. */
const oneLine = (text: string): string => escapeText(text.replace(/\s*\n\s*/g, ' '));

/** The probes a program describes, as dtrace(1) shows them: the text up to the first predicate or body. */
const descriptionOf = (text: string): string => text.split(/[{/;]/, 1)[0] ?? '';

/** Reads the programs of a command line. Throws a usage RoutetapError when a file can't be read. */
export async function readPrograms(words: readonly ProgramWord[]): Promise<readonly ProgramText[]> {
  const programs: ProgramText[] = [];
  for (const { flag, word } of words) {
    programs.push(
      flag === 'n'
        ? { kind: 'description', name: oneLine(descriptionOf(word)), text: word }
        : { kind: 'script', name: escapeText(word), text: await readScript(word) },
    );
  }
  return programs;
}

const SHOWN = 200;

/** What stands before the words about an error in this program. */
export function blame({ kind, name, text }: ProgramText): string {
  if (kind === 'script') return `failed to compile script ${name}`;
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `invalid probe specifier ${oneLine(shown)}`;
}

/** How many probes a program enables, as dtrace(1) says it. */
export const matchedLine = ({ kind, name }: ProgramText, matched: number): string =>
  `routetap: ${kind} '${name}' matched ${matched} probe${matched === 1 ? '' : 's'}`;
