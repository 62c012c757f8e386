import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { nearestName } from '../core/d/nearest-name.js';
import { usageError } from '../core/errors.js';
import { escapeText } from '../core/format/escape.js';
import type { OptionRow } from './stream-options.js';
import { got } from './say.js';

/** One config file: its values as text, by option name. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

const scalar = v.union([v.string(), v.pipe(v.number(), v.integer())]);

/** What a key may hold: a switch takes a boolean, an option with many values also an array. */
function valueSchema(row: OptionRow) {
  if (row.value === null) return v.boolean();
  return row.many === undefined ? scalar : v.union([scalar, v.array(scalar)]);
}

const expectedOf = (row: OptionRow): string => {
  if (row.value === null) return 'true or false';
  return row.many === undefined ? 'a string or whole number' : 'a string or an array of strings';
};

function textsOf(row: OptionRow, value: v.InferOutput<ReturnType<typeof valueSchema>>): string[] {
  if (!Array.isArray(value)) return [String(value)];
  // An option that joins its values by commas is read as the command line would write it.
  return row.many === 'list' ? [value.map(String).join(',')] : value.map(String);
}

/** Reads the text of a config file. Throws a usage RoutetapError naming the file, the key and what was expected. */
function parseConfig(path: string, text: string, rows: readonly OptionRow[]): ConfigFile {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? `:${cause.line}:${cause.column}` : '';
    const what = (cause as Error).message.split('\n')[0] ?? '';
    throw usageError(`${escapeText(path)}${where}: expected TOML: ${escapeText(what)}`);
  }
  const values = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(table)) {
    const row = rows.find(({ name }) => name === key);
    if (row === undefined) {
      const near = nearestName(
        key,
        rows.map(({ name }) => name),
      );
      const hint = near === null ? '' : ` (did you mean ${near}?)`;
      throw usageError(
        `${escapeText(path)}: expected the name of an option, got ${got(key)}${hint}`,
      );
    }
    const checked = v.safeParse(valueSchema(row), value);
    if (!checked.success) {
      throw usageError(
        `${escapeText(path)}: ${key}: expected ${expectedOf(row)}, got ${escapeText(JSON.stringify(value))}`,
      );
    }
    values.set(key, textsOf(row, checked.output));
  }
  return { path, values };
}

function readText(path: string, isAsked: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    // HOME of another user is what sudo and setpriv leave behind.
    if (!isAsked && ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return null;
    throw usageError(`--config: expected a readable file, got ${code} for ${got(path)}`);
  }
}

/** Where config files stand, the one that wins first. */
export function configPaths(environment: NodeJS.ProcessEnv): readonly string[] {
  const { XDG_CONFIG_HOME = '', HOME = '' } = environment;
  const ofUser = HOME === '' ? '' : join(HOME, '.config');
  const home = XDG_CONFIG_HOME === '' ? ofUser : XDG_CONFIG_HOME;
  return [
    ...(home === '' ? [] : [join(home, 'routetap', 'config.toml')]),
    '/etc/routetap/routetap.toml',
  ];
}

/** The config files that exist; with `asked` that file and no other. */
export function readConfigFiles(
  asked: string | null,
  paths: readonly string[],
  rows: readonly OptionRow[],
): readonly ConfigFile[] {
  const files: ConfigFile[] = [];
  for (const path of asked === null ? paths : [asked]) {
    const text = readText(path, asked !== null);
    if (text !== null) files.push(parseConfig(path, text, rows));
  }
  return files;
}
