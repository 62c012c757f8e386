import { usageError } from '../core/errors.js';
import { PROBES, type Family, type Probe } from '../core/event.js';
import { nearestName } from '../core/d/nearest-name.js';
import { got } from './say.js';

/** Reads the text of one option; `name` is how the user wrote it (`--count`, `ROUTETAP_COUNT`, `config.toml: count`). */
export type ReadValue<T> = (name: string, text: string) => T;

const refuse = (name: string, expected: string, text: string, words: readonly string[]): never => {
  const near = nearestName(text, words);
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  throw usageError(`${name}: expected ${expected}, got ${got(text)}${hint}`);
};

/** One of a few words. */
export const oneOf =
  <const Word extends string>(...words: readonly Word[]): ReadValue<Word> =>
  (name, text) =>
    words.find((word) => word === text) ??
    refuse(name, `${words.slice(0, -1).join(', ')} or ${String(words.at(-1))}`, text, words);

/** Any text but none. */
export const someText =
  (expected: string): ReadValue<string> =>
  (name, text) =>
    text === '' ? refuse(name, expected, text, []) : text;

/** IFNAMSIZ less its final zero (include/uapi/linux/if.h). */
const MAX_NAME_BYTES = 15;

/** The name of an interface, as dev_valid_name in net/core/dev.c has it. */
export const interfaceName: ReadValue<string> = (name, text) =>
  text !== '' && Buffer.byteLength(text) <= MAX_NAME_BYTES && !/[/:\s]/.test(text)
    ? text
    : refuse(
        name,
        `an interface name (at most ${MAX_NAME_BYTES} bytes, no / : or space)`,
        text,
        [],
      );

const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Words with commas between them. */
export const list =
  (expected: string): ReadValue<readonly string[]> =>
  (name, text) => {
    const words = splitList(text);
    return words.length === 0 ? refuse(name, expected, text, []) : words;
  };

/** Probes with commas between them. */
export const probeList: ReadValue<readonly Probe[]> = (name, text) => {
  const words = splitList(text);
  const expected = `probes of ${PROBES.join(', ')}`;
  if (words.length === 0) refuse(name, expected, text, []);
  return words.map(
    (word) => PROBES.find((probe) => probe === word) ?? refuse(name, expected, word, PROBES),
  );
};

/** `inet` or `inet6`, also as iproute2's flags have them. */
export const family: ReadValue<Family> = (name, text) => {
  if (text === '4' || text === 'ipv4') return 'inet';
  if (text === '6' || text === 'ipv6') return 'inet6';
  return oneOf('inet', 'inet6')(name, text);
};

/** A whole number from `least` on. */
export const wholeNumber =
  (least: number): ReadValue<number> =>
  (name, text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    return value >= least ? value : refuse(name, `a whole number, at least ${least}`, text, []);
  };

const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Longest timer Node has. */
const MAX_MS = 2 ** 31 - 1;

/** A span of time in milliseconds: `500ms`, `10s`, `1.5m`, `2h`. */
export const duration: ReadValue<number> = (name, text) => {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const milliseconds = Math.round(Number(digits) * (TIME_UNITS[unit] ?? 0));
  return milliseconds > 0 && milliseconds <= MAX_MS
    ? milliseconds
    : refuse(name, 'a time like 500ms, 10s or 5m (ms, s, m, h, at most 24d)', text, []);
};

/** A span of time, or `off` for 0. */
export const durationOrOff: ReadValue<number> = (name, text) =>
  text === 'off' || text === '0' ? 0 : duration(name, text);

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** Bytes; k, M and G are powers of 1024. The kernel takes a buffer size as a signed 32-bit number. */
export const byteSize: ReadValue<number> = (name, text) => {
  const [, digits = '', unit = ''] = /^(\d{1,10})([kmg]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (SIZE_UNITS[unit.toLowerCase()] ?? 0);
  return bytes >= 1 && bytes < 2 ** 31
    ? bytes
    : refuse(name, 'a size like 4M (k, M, G; less than 2G)', text, []);
};

const YES = ['1', 'true', 'yes', 'on'];
const NO = ['', '0', 'false', 'no', 'off'];

/** A switch as environment variables have it. */
export const yesNo: ReadValue<boolean> = (name, text) => {
  const word = text.toLowerCase();
  if (YES.includes(word)) return true;
  return NO.includes(word) ? false : refuse(name, 'yes or no', text, []);
};
