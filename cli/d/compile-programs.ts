import { DError } from '../../core/d/d-error.js';
import { settingsOf } from '../../core/d/program/options.js';
import type { ProgramTree } from '../../core/d/program/program-ast.js';
import {
  compileProgram,
  type DProgram,
  type DProgramOptions,
} from '../../core/d/program/runtime.js';
import { RoutetapError } from '../../core/errors.js';
import { Described, processMacros } from './described.js';
import type { DRequest } from './flags.js';
import { complaint, parsedProgram } from './parsed-program.js';
import { matchedLine, type ProgramText } from './program-text.js';
import { stabilityReport } from './report.js';

/** What `-n` and `-s` ask for, ready to run. */
export interface CompiledPrograms {
  readonly program: DProgram;
  /** By `-q`, `-x quiet` or a pragma. */
  readonly isQuiet: boolean;
  /** How many probes each program enables. */
  readonly matchedLines: readonly string[];
  /** What `-v` prints. */
  readonly report: string;
}

/** One program and where its text begins in the joined one. */
interface Part {
  readonly source: ProgramText;
  readonly tree: ProgramTree;
  readonly start: number;
}

interface Joined {
  readonly text: string;
  readonly parts: readonly Part[];
}

/** A clause without a body ends where the next program begins. */
const isOpen = ({ items }: ProgramTree): boolean => {
  const last = items.at(-1);
  return last?.kind === 'clause' && last.statements === null;
};

function joined(sources: readonly ProgramText[]): Joined {
  let text = '';
  const parts = sources.map((source): Part => {
    const tree = parsedProgram(source);
    const start = text.length;
    text += `${source.text}${isOpen(tree) ? ';' : ''}\n`;
    return { source, tree, start };
  });
  // One program stays as it was written, also where it ends.
  return { text: sources.length === 1 ? (sources[0]?.text ?? '') : text, parts };
}

/** The error of the joined text as one of the program it stands in. */
function placed(parts: readonly Part[], error: DError): Error {
  const part = parts.findLast(({ start }) => start <= error.at);
  if (part === undefined) return error;
  const { expected, got, suggestion, reason } = error;
  return complaint(
    part.source,
    new DError(error.at - part.start, expected, got, suggestion, reason),
  );
}

/** What the programs and the command line say together, the command line last. */
function isQuiet(parts: readonly Part[], options: Readonly<Record<string, string>>): boolean {
  const set = new Map<string, string>();
  for (const item of parts.flatMap(({ tree }) => tree.items)) {
    if (item.kind === 'pragma' && item.name !== null) set.set(item.name, item.value ?? '');
  }
  for (const [name, value] of Object.entries(options)) set.set(name, value);
  return settingsOf(set).isQuiet;
}

/**
 * Compiles what `-n` and `-s` ask for as one program. Throws a usage RoutetapError naming the program that is wrong and
 * the place in it.
 */
export function compilePrograms(
  { args, options }: DRequest,
  sources: readonly ProgramText[],
  target: number | null,
): CompiledPrograms {
  const { text, parts } = joined(sources);
  const program = compiled(text, parts, {
    args,
    options,
    macros: processMacros(),
    ...(target !== null && { target }),
  });
  const described = new Described(args, target);
  const rows = parts.map(({ tree }) => described.rows(tree, () => undefined));
  return {
    program,
    isQuiet: isQuiet(parts, options),
    matchedLines: parts.map(({ source }, index) => matchedLine(source, rows[index]?.length ?? 0)),
    report: parts
      .map(({ source, tree }, index) => stabilityReport(source, tree, rows[index] ?? []))
      .join(''),
  };
}

function compiled(text: string, parts: readonly Part[], options: DProgramOptions): DProgram {
  try {
    return compileProgram(text, options);
  } catch (error) {
    if (error instanceof RoutetapError && error.cause instanceof DError) {
      throw placed(parts, error.cause);
    }
    throw error;
  }
}
