import { hostname } from 'node:os';
import { finalize, tap, type Observable } from 'rxjs';
import { RoutetapError } from '../core/errors.js';
import type { RoutetapRecord } from '../core/event.js';
import { readNames } from '../sources/names-files.js';
import { routeBatches } from '../sources/routes.js';
import { resolveOptions, type OptionSources } from './config.js';
import { ACTS, type Act } from './demo/acts.js';
import { DemoScene } from './demo/scene.js';
import { Watch } from './demo/watch.js';
import { compileFilters } from './filters.js';
import { loadSinks } from './load-sinks.js';
import { say } from './say.js';
import { STREAM_OPTIONS, type StreamOptions } from './stream-options.js';
import { runStream, type SourceControl } from './stream.js';

interface Stage {
  /** Aborted: the demo ends where it is. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

async function playAct(act: Act, scene: DemoScene, watch: Watch, stage: Stage): Promise<void> {
  const { shows, needs, steps, awaits } = act;
  const blind = needs === undefined ? null : watch.blindness(needs);
  if (blind !== null) {
    stage.log(`\n# left out: ${shows}; ${blind}`);
    return;
  }
  stage.log(`\n# ${shows}`);
  const before = needs === undefined ? 0 : watch.seen(needs);
  for (const step of steps) {
    if (stage.signal.aborted) return;
    stage.log(`$ ${scene.show(step)}`);
    await scene.take(step);
  }
  if (needs !== undefined && awaits !== undefined) {
    await watch.until(() => watch.seen(needs) - before >= awaits.events, awaits.limitMs);
  }
  await watch.quiet();
}

async function play(scene: DemoScene, watch: Watch, stage: Stage): Promise<void> {
  await watch.started();
  for (const act of ACTS) {
    if (stage.signal.aborted) return;
    await playAct(act, scene, watch, stage);
  }
  if (stage.signal.aborted) return;
  stage.log('\n# the namespace itself goes away, and everything with it');
  stage.log(`$ ip netns del ${scene.name}`);
  await scene.removeHost();
  await watch.quiet();
}

/** The events of the scene, which ends when the play is over, a signal came, or the play failed. */
function perform(
  scene: DemoScene,
  { signal, patience }: SourceControl,
  options: Pick<StreamOptions, 'raw' | 'bpf'> & { readonly log: (line: string) => void },
  failed: (error: unknown) => void,
): Observable<readonly RoutetapRecord[]> {
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  const watch = new Watch(ended);
  play(scene, watch, { signal: ended, log: options.log })
    .catch((error: unknown) => {
      // Once it is ended things are removed under it.
      if (!ended.aborted) failed(error);
    })
    .finally(() => {
      over.abort();
    });
  return routeBatches({
    zone: scene.name,
    bpf: options.bpf,
    host: hostname(),
    raw: options.raw,
    signal: ended,
    patience,
  }).pipe(
    tap((records) => {
      watch.see(records);
    }),
    finalize(() => {
      over.abort();
    }),
  );
}

/** `routetap demo`: makes events for real in namespaces of its own, shows them, removes everything. */
export async function demo(sources: OptionSources): Promise<void> {
  const options = resolveOptions(
    sources,
    STREAM_OPTIONS.filter((row) => row.isLive !== true || row.member === 'bpf'),
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
    await scene.build().catch((error: unknown) => {
      // A Ctrl-C ends the commands of the build as well.
      if (!stopped.signal.aborted) throw error;
    });
    if (!stopped.signal.aborted) {
      const sinks = await loadSinks(options, names, log);
      await runStream(
        (control) =>
          perform(scene, control, { raw: options.raw, bpf: options.bpf, log }, (error) => {
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
