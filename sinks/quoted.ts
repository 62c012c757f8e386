import { getSystemErrorMap } from 'node:util';
import { escapeText } from '../core/format/escape.js';

/** Text from outside for a message: in quotes, control characters escaped, cut at 200 characters. */
export const quoted = (text: string): string => `"${plain(text)}"`;

/** Text from outside on one line: control characters escaped, cut at 200 characters. */
export const plain = (text: string): string =>
  escapeText(text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** An errno (negative, as libuv has it) as `no space left on device (ENOSPC)`. */
export const errnoReason = (errno: number): string => {
  const [name, words] = getSystemErrorMap().get(errno) ?? [];
  return name === undefined ? `errno ${-errno}` : `${words ?? ''} (${name})`;
};

/** A system error by its errno, any other error by the first line of its message. */
export const reason = (error: unknown): string => {
  const { message, errno } = Object(error) as { message?: unknown; errno?: unknown };
  if (typeof errno === 'number') return errnoReason(errno);
  return plain(typeof message === 'string' ? (message.split('\n')[0] ?? '') : String(error));
};
