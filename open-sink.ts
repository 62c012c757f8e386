import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RoutetapError, usageError } from './core/errors.js';
import { guardSink, type GuardableSink, type GuardedSink } from './core/guard-sink.js';
import type { OpenSink, SinkOptions } from './core/sink.js';
import type { TextStyle } from './sinks/line.js';
import { plain, quoted, reason } from './sinks/quoted.js';
import { parseSpec, suggestion, type SinkSpec } from './sinks/spec.js';
import { importCondition } from './sinks/import-condition.js';

/** What every sink is opened with, besides its SPEC. */
export interface SinkContext extends TextStyle {
  /** One clear line for the user; stderr in the command line. */
  readonly warn: (line: string) => void;
  readonly full: boolean;
  readonly raw: boolean;
}

/** Longest wait for a module's own opening. */
const OPEN_MS = 10_000;

/**
 * Opens a sink by its SPEC (docs/sinks.md): `stdout`, `file:PATH`, `syslog:`, `syslog+udp://HOST`, `syslog+tcp://HOST`,
 * the path of a module, or a package as Node finds it from the working directory. What comes back never throws.
 * @throws {RoutetapError} usage: no such sink, a wrong option, or a module without a default function;
 *   runtime: the target can't be opened.
 */
export async function openSink(spec: string, context: SinkContext): Promise<GuardedSink> {
  const parsed = parseSpec(spec);
  const open = await openerOf(parsed);
  const options: SinkOptions & TextStyle = {
    ...context,
    target: parsed.target,
    options: parsed.options,
  };
  if (parsed.sink !== 'module') return guardSink(await open(options), context.warn);
  return guardSink(await openModule(open, options), context.warn);
}

const openerOf = async ({ sink, target }: SinkSpec): Promise<OpenSink> => {
  switch (sink) {
    case 'stdout':
      return (await import('./sinks/stdout/stdout.js')).default;
    case 'file':
      return (await import('./sinks/file/file.js')).default;
    case 'syslog':
      return (await import('./sinks/syslog/syslog.js')).default;
    case 'module':
      return moduleOpener(target);
  }
};

const moduleOpener = async (target: string): Promise<OpenSink> => {
  const path = resolveModule(target);
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new RoutetapError(
      'runtime',
      `--sink ${plain(target)}: cannot load it: ${reason(error)}`,
      {
        cause: error,
      },
    );
  }
  const open = defaultOf(loaded);
  if (typeof open === 'function') return open as OpenSink;
  throw usageError(
    `--sink ${plain(target)}: expected a module whose default export is a function, got ${typeof open}`,
  );
};

/** A CommonJS module made by a compiler has its default export one level down. */
const defaultOf = (loaded: { readonly default?: unknown }): unknown => {
  const outer = loaded.default;
  if (typeof outer !== 'object' || outer === null || !('default' in outer)) return outer;
  return outer.default;
};

const resolveModule = (target: string): string => {
  try {
    return createRequire(join(process.cwd(), 'routetap')).resolve(target);
  } catch (error) {
    const path = importCondition(process.cwd(), target);
    if (path !== null) return path;
    const isPath = /^\.{0,2}\//.test(target);
    const what = isPath ? 'no module at' : 'neither a sink nor a package from here:';
    throw new RoutetapError(
      'usage',
      `--sink: ${what} ${quoted(target)}${isPath ? '' : suggestion(target)}: expected stdout, file:PATH, syslog:, ./module.js or a package`,
      { cause: error },
    );
  }
};

const openModule = async (open: OpenSink, options: SinkOptions): Promise<GuardableSink> => {
  const name = plain(options.target);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`did not open within ${OPEN_MS / 1000} s`));
    }, OPEN_MS);
  });
  try {
    const sink: unknown = await Promise.race([Promise.resolve(open(options)), timeout]);
    const lack = lacking(sink);
    if (lack !== null) throw usageError(`--sink ${name}: expected a sink with ${lack}`);
    return sink as GuardableSink;
  } catch (error) {
    if (error instanceof RoutetapError) throw error;
    // A module's RoutetapError may come from another copy of this package than the one that runs.
    const { name: errorName, kind } = Object(error) as { name?: unknown; kind?: unknown };
    const isUsage = errorName === 'RoutetapError' && kind === 'usage';
    throw new RoutetapError(isUsage ? 'usage' : 'runtime', `--sink ${name}: ${reason(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
};

/** The first member of the contract (core/sink.ts) that is not there, in words. */
const lacking = (sink: unknown): string | null => {
  if (typeof sink !== 'object' || sink === null) return 'write, flush and close';
  const members = sink as Readonly<Record<string, unknown>>;
  for (const name of ['write', 'flush', 'close']) {
    if (typeof members[name] !== 'function') return `a function ${name}`;
  }
  if (typeof members['name'] !== 'string' || members['name'] === '') return 'a name';
  const { counters } = members;
  return typeof counters === 'object' && counters !== null ? null : 'counters';
};
