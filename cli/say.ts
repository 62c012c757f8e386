import { RoutetapError } from '../core/errors.js';
import { escapeText } from '../core/format/escape.js';

/** One line on stderr. A stderr that nobody reads any more ends nothing. */
export function say(line: string): void {
  try {
    process.stderr.write(`${line}\n`);
  } catch {
    // EAGAIN or EPIPE: the line is only for a reader who is there.
  }
}

const quoted = (text: string): string =>
  `"${escapeText(text.length > 200 ? `${text.slice(0, 200)}…` : text)}"`;

/** `"text"` for a message, harmless for a terminal; nothing for what is not there. */
export const got = (text: string | undefined): string =>
  text === undefined ? 'nothing' : quoted(text);

/** Any error as one line: what a RoutetapError says, else the first line of the message. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split('\n')[0] ?? '';
  // A RoutetapError escapes what comes from outside itself; escaping twice would double its backslashes.
  return `routetap: ${error instanceof RoutetapError ? line : escapeText(line)}`;
}
