import { takeUntil, fromEvent } from 'rxjs';
import { readNames } from '../sources/names-files.js';
import { replayBatches } from '../sources/replay/replay.js';
import { resolveOptions, type OptionSources } from './config.js';
import { compileFilters } from './filters.js';
import { loadSinks } from './load-sinks.js';
import { say } from './say.js';
import { STREAM_OPTIONS } from './stream-options.js';
import { runStream } from './stream.js';

/** Options that mean something without a kernel. */
export const REPLAY_OPTIONS = STREAM_OPTIONS.filter((row) => row.isLive !== true);

/** `routetap replay FILE`: the records of a recording, filtered and written as those of the kernel are. */
export async function replay(file: string, sources: OptionSources): Promise<void> {
  const options = resolveOptions(sources, REPLAY_OPTIONS);
  const names = readNames();
  const { test } = compileFilters(options, names);
  const log = options.quiet ? () => undefined : say;
  const sinks = await loadSinks(options, names, log);
  await runStream(
    ({ signal, patience }) =>
      replayBatches({
        file,
        raw: options.raw,
        warn: log,
        ready: () => patience() ?? undefined,
      }).pipe(takeUntil(fromEvent(signal, 'abort'))),
    {
      filter: test,
      sinks,
      count: options.count,
      durationMs: options.durationMs,
      log,
      verbose: options.verbose,
    },
  );
}
