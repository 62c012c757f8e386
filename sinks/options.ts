import { usageError } from '../core/errors.js';
import { quoted } from './quoted.js';

/** Reads one option's text; `name` is what the user calls it, for the error. */
export type OptionReader<T> = (name: string, text: string) => T;

type Values<Table extends Readonly<Record<string, OptionReader<unknown>>>> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]> | undefined;
};

/**
 * Reads a sink's options by its table.
 * @throws {RoutetapError} usage: an unknown option or a value its reader refuses.
 */
export const readOptions = <Table extends Readonly<Record<string, OptionReader<unknown>>>>(
  sink: string,
  table: Table,
  options: Readonly<Record<string, string>>,
): Values<Table> => {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(options)) {
    const reader = Object.hasOwn(table, name) ? table[name] : undefined;
    if (reader === undefined) {
      const names = Object.keys(table);
      throw usageError(
        `sink ${sink}: no option ${quoted(name)}${didYouMean(name, names)}: expected ${names.join(', ')}`,
      );
    }
    values[name] = reader(`sink ${sink}: ${name}`, text);
  }
  return values as Values<Table>;
};

const refuse = (name: string, expected: string, got: string): never => {
  throw usageError(`${name} must be ${expected}, got ${quoted(got)}`);
};

/** One of a few words. */
export const oneOf =
  <const Word extends string>(...words: readonly Word[]): OptionReader<Word> =>
  (name, text) =>
    words.find((word) => word === text) ??
    refuse(name, words.length > 1 ? `one of ${words.join(', ')}` : String(words[0]), text);

/** `yes` or `no`. */
export const yesNo: OptionReader<boolean> = (name, text) =>
  oneOf('yes', 'no')(name, text) === 'yes';

/** A whole number in a range. */
export const integer =
  (least: number, most: number): OptionReader<number> =>
  (name, text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    return value >= least && value <= most
      ? value
      : refuse(name, `a whole number from ${least} to ${most}`, text);
  };

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes, with k, M or G for powers of 1024. */
export const byteSize =
  (least: number, most = 1024 ** 4): OptionReader<number> =>
  (name, text) => {
    const [, digits, unit] = /^(\d{1,13})([kmg]?)$/i.exec(text) ?? [];
    const bytes = Number(digits ?? -1) * (SIZE_UNITS[(unit ?? '').toLowerCase()] ?? 1);
    return bytes >= least && bytes <= most
      ? bytes
      : refuse(name, `a size like 100M (k, M, G; ${least} to ${most} bytes)`, text);
  };

const TIME_UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A span of time in milliseconds, written with s, m, h or d. */
export const duration: OptionReader<number> = (name, text) => {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(digits ?? 0) * (TIME_UNITS[unit ?? ''] ?? 0);
  return milliseconds > 0 ? milliseconds : refuse(name, 'a time like 1h or 1d (s, m, h, d)', text);
};

/** Printable ASCII without spaces, as RFC 5424 wants its header fields. */
export const printable =
  (maxLength: number): OptionReader<string> =>
  (name, text) =>
    text.length <= maxLength && /^[!-~]+$/.test(text)
      ? text
      : refuse(name, `1 to ${maxLength} printable ASCII characters without spaces`, text);

/** ` (did you mean X?)` for a word close to one of `names`, else nothing. */
export const didYouMean = (word: string, names: readonly string[]): string => {
  const near = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? '' : ` (did you mean ${near.name}?)`;
};

const editDistance = (a: string, b: string): number => {
  if (Math.abs(a.length - b.length) > 8) return 9;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
