/** A D program, from its text to its last line. */
export { compileProgram } from './compile-program.js';
export type { DProgram, DProgramOptions } from './d-program.js';
