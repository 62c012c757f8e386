/**
 * An error the user can act on: one line saying what was expected and what was got.
 * `kind` gives the exit code: usage 2, runtime 1, privilege 3.
 */
export class RoutetapError extends Error {
  readonly kind: 'usage' | 'runtime' | 'privilege';
  /** Symbolic errno (`EACCES`) where the kernel gave one. */
  readonly code: string | null;

  constructor(
    kind: 'usage' | 'runtime' | 'privilege',
    message: string,
    options: { readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'RoutetapError';
    this.kind = kind;
    this.code = options.code ?? null;
  }
}

export const usageError = (message: string): RoutetapError => new RoutetapError('usage', message);
