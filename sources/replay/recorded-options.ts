import type { EngineOptions } from '../../core/engine/engine.js';
import { RoutetapError } from '../../core/errors.js';
import { namesFrom, type Names } from '../../core/names/names.js';
import type { RecordingHeader } from '../../core/recording.js';
import { readNames } from '../names-files.js';

type Members = Readonly<Record<string, unknown>>;

/** Everything passes. */
const NO_FILTER = { family: null, tables: null, protocols: null } as const;

const MAX_BYTE = 0xff;
const MAX_U16 = 0xffff;

/** Lines of an iproute2 file for the numbers up to `max` which have a name. */
function nameLines(name: (n: number) => string, max: number): string {
  const lines: string[] = [];
  for (let n = 0; n <= max; n++) {
    const text = name(n);
    if (text !== String(n)) lines.push(`${n} ${text}`);
  }
  return lines.join('\n');
}

/** The engine's options as a recording's header carries them: what decides which records come out, names included. */
export function recordedOptions(options: EngineOptions): Readonly<Record<string, unknown>> {
  const { filter, snapshot, auditMs, allZones, names } = options;
  return {
    filter,
    snapshot,
    auditMs,
    allZones: allZones ?? false,
    names: {
      protos: nameLines((n) => names.protocol(n), MAX_BYTE),
      scopes: nameLines((n) => names.scope(n), MAX_BYTE),
      tables: nameLines((n) => names.table(n), MAX_U16),
      realms: nameLines((n) => names.realm(n), MAX_U16),
    },
  };
}

const wrong = (member: string, expected: string): RoutetapError =>
  new RoutetapError('runtime', `recording header: expected ${member} to be ${expected}`);

function numbers(value: unknown, member: string): readonly number[] | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && value.every((n) => typeof n === 'number')) return value;
  throw wrong(member, 'numbers');
}

function recordedNames(value: unknown): Names {
  if (typeof value !== 'object' || value === null) return readNames([]);
  const { protos, scopes, tables, realms } = value as Members;
  const file = (text: unknown): readonly string[] => (typeof text === 'string' ? [text] : []);
  return namesFrom({
    protos: file(protos),
    scopes: file(scopes),
    tables: file(tables),
    realms: file(realms),
  });
}

/** The options of the engine that was recorded. Throws a RoutetapError (`runtime`) for a header no routetap wrote. */
export function engineOptions({ host, options }: RecordingHeader, raw: boolean): EngineOptions {
  const filter = (options['filter'] ?? NO_FILTER) as Members;
  const family = filter['family'] ?? null;
  if (family !== null && family !== 'inet' && family !== 'inet6') {
    throw wrong('filter.family', 'inet or inet6');
  }
  const auditMs = options['auditMs'] ?? 0;
  if (typeof auditMs !== 'number') throw wrong('auditMs', 'a number');
  return {
    host,
    names: recordedNames(options['names']),
    filter: {
      family,
      tables: numbers(filter['tables'], 'filter.tables'),
      protocols: numbers(filter['protocols'], 'filter.protocols'),
    },
    snapshot: options['snapshot'] === true,
    raw,
    auditMs,
    allZones: options['allZones'] === true,
  };
}

/** For files of other tools: no filter, no snapshot, this machine's names. */
export function foreignEngineOptions(host: string, raw: boolean): EngineOptions {
  return { host, names: readNames(), filter: NO_FILTER, snapshot: false, raw, auditMs: 0 };
}
