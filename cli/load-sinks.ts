import type { Names } from '../core/names/names.js';
import type { GuardedSink } from '../core/guard-sink.js';
import { openSink } from '../open-sink.js';
import type { StreamOptions } from './stream-options.js';

/** `--json` asks the sink on stdout for JSON unless its SPEC says a format itself. */
export function withFormat(spec: string, json: boolean): string {
  const [head = '', query = ''] = spec.split(/\?(.*)/s);
  if (!json || (head !== 'stdout' && head !== 'stdout:') || /(^|&)format=/.test(query)) return spec;
  return `${head}?${query === '' ? '' : `${query}&`}format=json`;
}

/**
 * Opens every sink, in the order given. When one can't be opened those already open are closed.
 * Throws the RoutetapError of the sink.
 */
export async function loadSinks(
  options: Pick<StreamOptions, 'sink' | 'json' | 'full' | 'raw' | 'zone'>,
  names: Names,
  warn: (line: string) => void,
): Promise<readonly GuardedSink[]> {
  const sinks: GuardedSink[] = [];
  try {
    for (const spec of options.sink) {
      const { full, raw } = options;
      // Which namespace it was is the question only where there are several.
      const context = { warn, full, raw, names, showZone: options.zone === 'all' };
      sinks.push(await openSink(withFormat(spec, options.json), context));
    }
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
  return sinks;
}
