import { configPaths, readConfigFiles, type ConfigFile } from './config-file.js';
import {
  environmentName,
  STREAM_OPTIONS,
  type OptionRow,
  type StreamOptions,
} from './stream-options.js';

/** What stood on the command line: texts by option name. A switch is `true` or `false`. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

/** Everything options come from. */
export interface OptionSources {
  readonly flags: GivenFlags;
  readonly environment: NodeJS.ProcessEnv;
  /** `--config`, else null. */
  readonly configFile: string | null;
  /** Config files looked for without `--config`, the one that wins first. */
  readonly paths?: readonly string[];
}

/** Whitespace separates the SPECs of ROUTETAP_SINK. */
const splitRepeated = (row: OptionRow, text: string): readonly string[] =>
  row.many === 'repeat' ? text.split(/\s+/).filter((part) => part !== '') : [text];

/** An empty variable is how a shell or a unit file unsets one. */
const variable = (environment: NodeJS.ProcessEnv, name: string): string | null => {
  const text = environment[name] ?? '';
  return text === '' ? null : text;
};

function givenTexts(
  row: OptionRow,
  { flags, environment }: OptionSources,
  files: readonly ConfigFile[],
): { readonly name: string; readonly texts: readonly string[] } | null {
  const flag = flags.get(row.name);
  if (flag !== undefined) return { name: `--${row.name}`, texts: flag };
  const name = environmentName(row);
  const text = variable(environment, name);
  if (text !== null) return { name, texts: splitRepeated(row, text) };
  for (const { path, values } of files) {
    const texts = values.get(row.name);
    if (texts !== undefined) return { name: `${path}: ${row.name}`, texts };
  }
  return null;
}

function readRow(row: OptionRow, sources: OptionSources, files: readonly ConfigFile[]): unknown {
  const given = givenTexts(row, sources, files);
  if (given === null) return row.fallback;
  if (row.many === 'repeat') return given.texts.map((text) => row.read(given.name, text));
  const text = row.many === 'list' ? given.texts.join(',') : (given.texts.at(-1) ?? '');
  return row.read(given.name, text);
}

/**
 * The options in force: flag, else ROUTETAP_* variable, else the user's config file, else /etc.
 * Throws a usage RoutetapError for the first value that can't be read.
 */
export function resolveOptions(
  sources: OptionSources,
  rows: readonly OptionRow[] = STREAM_OPTIONS,
): StreamOptions {
  const asked = sources.configFile ?? variable(sources.environment, 'ROUTETAP_CONFIG');
  const files = readConfigFiles(
    asked,
    sources.paths ?? configPaths(sources.environment),
    STREAM_OPTIONS,
  );
  const options: Record<string, unknown> = {};
  for (const row of STREAM_OPTIONS) {
    options[row.member] = rows.includes(row) ? readRow(row, sources, files) : row.fallback;
  }
  return options as unknown as StreamOptions;
}
