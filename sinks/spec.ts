import { usageError } from '../core/errors.js';
import { didYouMean } from './options.js';
import { quoted } from './quoted.js';

/** A sink SPEC taken apart: which sink, its target, and the options after `?`. */
export interface SinkSpec {
  /** `module`: `target` is what the user's module is called by (a path or a package). */
  readonly sink: 'stdout' | 'file' | 'syslog' | 'module';
  /** For syslog, with its scheme: `syslog:/dev/log`, `syslog+udp://host:514`. */
  readonly target: string;
  readonly options: Readonly<Record<string, string>>;
}

const EXPECTED =
  'stdout, file:PATH, syslog:, syslog+udp://HOST, syslog+tcp://HOST, ./module.js or a package';

/**
 * Reads a SPEC as `--sink` takes it.
 * @throws {RoutetapError} usage: not a sink, or options that can't be read.
 */
export const parseSpec = (spec: string): SinkSpec => {
  const query = spec.indexOf('?');
  const head = query === -1 ? spec : spec.slice(0, query);
  const options = query === -1 ? {} : parseOptions(spec.slice(query + 1), spec);
  if (head === 'stdout' || head === 'stdout:') return { sink: 'stdout', target: '', options };
  if (head.startsWith('file:')) {
    const target = head.slice('file:'.length);
    if (target === '') throw usageError(`--sink file: expected file:PATH, got ${quoted(spec)}`);
    return { sink: 'file', target, options };
  }
  if (/^syslog(\+(udp|tcp))?:/.test(head)) return { sink: 'syslog', target: head, options };
  if (isModule(head)) return { sink: 'module', target: head, options };
  const word = /^[^:/]*/.exec(head)?.[0] ?? '';
  throw usageError(`--sink: no sink ${quoted(spec)}${suggestion(word)}: expected ${EXPECTED}`);
};

/** ` (did you mean syslog?)` for a word near a built-in sink's name, else nothing. */
export const suggestion = (word: string): string =>
  didYouMean(word, ['stdout', 'file', 'syslog', 'syslog+udp', 'syslog+tcp']);

const isModule = (head: string): boolean =>
  /^\.{0,2}\//.test(head) || /^(@[\w.~-]+\/)?[a-z0-9_~][\w.~-]*(\/[\w.~/-]+)?$/i.test(head);

const parseOptions = (query: string, spec: string): Readonly<Record<string, string>> => {
  const options: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    if (equals < 1) {
      throw usageError(
        `--sink ${quoted(spec)}: expected name=value after "?", got ${quoted(part)}`,
      );
    }
    if (name in options)
      throw usageError(`--sink ${quoted(spec)}: option ${quoted(name)} given twice`);
    options[name] = decoded(part.slice(equals + 1), name);
  }
  return { ...options };
};

const decoded = (text: string, name: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usageError(
      `--sink: option ${quoted(name)} must be percent-encoded text, got ${quoted(text)}`,
    );
  }
};
