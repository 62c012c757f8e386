import { usageError } from '../../core/errors.js';
import type { RoutetapRecord } from '../../core/event.js';
import { PROBES } from '../../core/event.js';
import { didYouMean, type OptionReader } from '../options.js';
import { quoted } from '../quoted.js';

/** Facility names by code (RFC 5424 6.2.1, table 1; the names are those of syslog.h). */
const FACILITIES = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');

/** Severity names by code (RFC 5424 6.2.1, table 2). */
const SEVERITIES = 'emerg alert crit err warning notice info debug'.split(' ');

/** What a record is called in the severity table and, in capitals, in MSGID. */
export const kindOf = (record: RoutetapRecord): string =>
  record.type === 'route' ? record.probe : record.type;

const KINDS: readonly string[] = [...PROBES, 'gap', 'resync', 'status'];

/** Something was lost: warning. A route went away or traffic has no route: notice. The rest: info. */
const DEFAULT_SEVERITIES: Readonly<Record<string, string>> = {
  add: 'info',
  delete: 'notice',
  change: 'info',
  losing: 'warning',
  miss: 'notice',
  redirect: 'notice',
  gap: 'warning',
  resync: 'notice',
  status: 'info',
};

const codeOf = (what: string, names: readonly string[], name: string, word: string): number => {
  const code = names.indexOf(word);
  if (code !== -1) return code;
  throw usageError(
    `${name}: no ${what} ${quoted(word)}${didYouMean(word, names)}: expected ${names.join(', ')}`,
  );
};

/** `local0`, `daemon`, … as its code. */
export const facility: OptionReader<number> = (name, text) =>
  codeOf('facility', FACILITIES, name, text);

/** `warning` for every record, or `delete:warning,add:info` for some kinds; the others keep their default. */
export const severities: OptionReader<ReadonlyMap<string, number>> = (name, text) => {
  const codes = new Map(defaultSeverities);
  if (!text.includes(':')) {
    const code = codeOf('severity', SEVERITIES, name, text);
    for (const kind of KINDS) codes.set(kind, code);
    return codes;
  }
  for (const part of text.split(',')) {
    const [kind = '', word = ''] = part.split(':');
    codeOf('kind of record', KINDS, name, kind);
    codes.set(kind, codeOf('severity', SEVERITIES, name, word));
  }
  return codes;
};

/** Severity codes by kind of record. */
export const defaultSeverities: ReadonlyMap<string, number> = new Map(
  Object.entries(DEFAULT_SEVERITIES).map(([kind, word]) => [kind, SEVERITIES.indexOf(word)]),
);

/** local0. */
export const DEFAULT_FACILITY = FACILITIES.indexOf('local0');
