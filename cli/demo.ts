import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { tap, type Observable } from 'rxjs';
import { RoutetapError } from '../core/errors.js';
import type { RoutetapRecord } from '../core/event.js';
import { readNames } from '../sources/names-files.js';
import { routeBatches } from '../sources/routes.js';
import { resolveOptions, type OptionSources } from './config.js';
import { ACTS } from './demo/acts.js';
import { DemoScene } from './demo/scene.js';
import { compileFilters } from './filters.js';
import { loadSinks } from './load-sinks.js';
import { say } from './say.js';
import { STREAM_OPTIONS } from './stream-options.js';
import { runStream, type SourceControl } from './stream.js';

/** An act is over when nothing was told for this long; inferred events wait for a dump. */
const QUIET_MS = 500;
/** Longer than any act needs on a loaded machine. */
const ACT_LIMIT_MS = 5000;

/** When records last came, and whether events flow. */
class Watch {
  #lastMs = performance.now();
  #watching = false;

  see(records: readonly RoutetapRecord[]): void {
    this.#lastMs = performance.now();
    this.#watching ||= records.some(
      (record) => record.type === 'status' && record.what === 'watching',
    );
  }

  async started(signal: AbortSignal): Promise<void> {
    while (!this.#watching && !signal.aborted) await sleep(20);
  }

  async quiet(signal: AbortSignal): Promise<void> {
    const begunMs = performance.now();
    while (!signal.aborted) {
      const nowMs = performance.now();
      const quietMs = nowMs - Math.max(this.#lastMs, begunMs);
      if (quietMs > QUIET_MS || nowMs - begunMs > ACT_LIMIT_MS) return;
      await sleep(50);
    }
  }
}

async function play(
  scene: DemoScene,
  watch: Watch,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  await watch.started(signal);
  for (const { shows, lines } of ACTS) {
    if (signal.aborted) return;
    log(`\n# ${shows}`);
    for (const line of lines) {
      log(`$ ip ${line}`);
      await scene.ip(line);
    }
    await watch.quiet(signal);
  }
  if (signal.aborted) return;
  log('\n# the namespace itself goes away, and everything with it');
  log(`$ ip netns del ${scene.name}`);
  await scene.remove();
  await watch.quiet(signal);
}

/** The events of the scene, which ends when the play is over, a signal came, or the play failed. */
function perform(
  scene: DemoScene,
  { signal, patience }: SourceControl,
  options: { readonly raw: boolean; readonly log: (line: string) => void },
  failed: (error: unknown) => void,
): Observable<readonly RoutetapRecord[]> {
  const over = new AbortController();
  const watch = new Watch();
  const ended = AbortSignal.any([signal, over.signal]);
  play(scene, watch, ended, options.log)
    .catch(failed)
    .finally(() => {
      over.abort();
    });
  return routeBatches({
    zone: scene.name,
    host: hostname(),
    raw: options.raw,
    signal: ended,
    patience,
  }).pipe(
    tap((records) => {
      watch.see(records);
    }),
  );
}

/** `routetap demo`: makes events for real in namespaces of its own, shows them, removes everything. */
export async function demo(sources: OptionSources): Promise<void> {
  const options = resolveOptions(
    sources,
    STREAM_OPTIONS.filter((row) => row.isLive !== true),
  );
  if (process.getuid?.() !== 0) {
    throw new RoutetapError(
      'privilege',
      `demo: expected root, which may make network namespaces, got uid ${process.getuid?.()}; try sudo routetap demo`,
    );
  }
  const names = readNames();
  const { test } = compileFilters(options, names);
  const log = options.quiet ? () => undefined : say;
  const scene = new DemoScene();
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
  };
  // Until the stream takes the signals over, and while things are removed.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const failures: Error[] = [];
  try {
    await scene.build();
    if (!stopped.signal.aborted) {
      const sinks = await loadSinks(options, names, log);
      await runStream(
        (control) =>
          perform(scene, control, { raw: options.raw, log }, (error) => {
            failures.push(error instanceof Error ? error : new Error(String(error)));
          }),
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
  } finally {
    await scene.remove();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}
