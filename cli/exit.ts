import { RoutetapError } from '../core/errors.js';

/** What the exit code says: done, failed at runtime, wrong usage, a privilege or kernel feature is missing. */
export const EXIT = { done: 0, runtime: 1, usage: 2, privilege: 3 } as const;

/** The exit code of whatever ended a command. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof RoutetapError ? EXIT[error.kind] : EXIT.runtime;

/** Ends the process now, whatever still waits; for a second SIGINT and for the end of a command. */
export function exit(code: number): never {
  process.exit(code);
}
