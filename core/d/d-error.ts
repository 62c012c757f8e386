/** What is wrong with a D text, and where; the caller knows which option the text came from. */
export class DError extends Error {
  /** Offset into the text, from 0. */
  readonly at: number;
  readonly expected: string;
  readonly got: string;
  readonly suggestion: string | null;
  /** Said instead of what was expected and got: the text is D, but means nothing here. */
  readonly reason: string | null;

  constructor(
    at: number,
    expected: string,
    got: string,
    suggestion: string | null = null,
    reason: string | null = null,
  ) {
    super(reason ?? `expected ${expected}, got ${got}`);
    this.name = 'DError';
    this.at = at;
    this.expected = expected;
    this.got = got;
    this.suggestion = suggestion;
    this.reason = reason;
  }

  /** What stands at `at` is refused; `reason` names it and says why. */
  static refused(at: number, reason: string, suggestion: string | null = null): DError {
    return new DError(at, '', '', suggestion, reason);
  }

  /** One line: what was expected, where, what was got, what was probably meant. */
  line(text: string): string {
    const before = text.slice(0, this.at).split('\n');
    const column = `column ${String((before.at(-1) ?? '').length + 1)}`;
    const place = text.includes('\n') ? `line ${String(before.length)}, ${column}` : column;
    if (this.reason !== null) {
      const meant = this.suggestion === null ? '' : `; did you mean ${this.suggestion}?`;
      return `${place}: ${this.reason}${meant}`;
    }
    const hint = this.suggestion === null ? '' : `; did you mean ${quoted(this.suggestion)}?`;
    return `expected ${this.expected} at ${place}, got ${this.got}${hint}`;
  }
}

/** Text from outside between double quotes, control characters escaped, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
