import { DError } from '../../core/d/d-error.js';
import { parseProgram } from '../../core/d/parse.js';
import type { ProgramTree } from '../../core/d/program/program-ast.js';
import { usageError, type RoutetapError } from '../../core/errors.js';
import { blame, type ProgramText } from './program-text.js';

/** Which program is wrong, where, and how, as a usage error. */
export const complaint = (program: ProgramText, error: DError): RoutetapError =>
  usageError(`${blame(program)}: ${error.line(program.text)}`);

/** Reads a program. Throws a usage RoutetapError naming it and the place. */
export function parsedProgram(program: ProgramText): ProgramTree {
  try {
    return parseProgram(program.text);
  } catch (error) {
    throw error instanceof DError ? complaint(program, error) : error;
  }
}
