/** What is wrong with a D text, and where; the caller knows which option the text came from. */
export class DError extends Error {
  /** Offset into the text, from 0. */
  readonly at: number;
  readonly expected: string;
  readonly got: string;
  readonly suggestion: string | null;

  constructor(at: number, expected: string, got: string, suggestion: string | null = null) {
    super(`expected ${expected}, got ${got}`);
    this.name = 'DError';
    this.at = at;
    this.expected = expected;
    this.got = got;
    this.suggestion = suggestion;
  }

  /** One line: what was expected, where, what was got, what was probably meant. */
  line(text: string): string {
    const before = text.slice(0, this.at).split('\n');
    const column = `column ${String((before.at(-1) ?? '').length + 1)}`;
    const place = before.length > 1 ? `line ${String(before.length)}, ${column}` : column;
    const hint = this.suggestion === null ? '' : `; did you mean ${quoted(this.suggestion)}?`;
    return `expected ${this.expected} at ${place}, got ${this.got}${hint}`;
  }
}

/** Text from outside between double quotes, control characters escaped, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
