import type { Names } from '../../core/names/names.js';
import { impliedCalls, nothingImplied, type ImpliedCalls } from '../../core/trace/implied-calls.js';
import { askedOf, completeTree } from '../../core/trace/imply.js';
import type { LookupTree } from '../../core/trace/tree.js';
import { Explainers } from './explainers.js';
import type { TraceCounters } from './traced-lookup.js';
import type { ZoneNames } from './zone-names.js';

/** Trees that wait for the kernel's tables; the steps of later ones are not filled in. */
const MOST_ASKED = 64;
/** Trees that wait at all. */
const MOST_WAITING = 4096;

/** A tree as it is told, and what was added to it, or why nothing was. */
interface Completed {
  readonly tree: LookupTree;
  readonly implied: ImpliedCalls;
}

/** Trees that tracepoints show in part, made whole one after the other, in the order they came. */
export class Completion {
  readonly #explainers: Explainers;
  readonly #zones: ZoneNames;
  readonly #counters: TraceCounters;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #asked = 0;

  constructor(names: Names, zones: ZoneNames, counters: TraceCounters) {
    this.#explainers = new Explainers(names);
    this.#zones = zones;
    this.#counters = counters;
  }

  /** Calls `done` later, in the order of the calls; never when too many wait, which is counted. */
  take(tree: LookupTree, isWanted: boolean, done: (completed: Completed) => void): void {
    if (this.#waiting >= MOST_WAITING) {
      this.#counters.dropped += 1;
      return;
    }
    this.#waiting += 1;
    const completed = this.#begin(tree, isWanted);
    this.#last = this.#last.then(async () => {
      done(await completed());
      this.#waiting -= 1;
    });
  }

  /** Resolves when nothing waits. */
  async close(): Promise<void> {
    await this.#last;
    await this.#explainers.close();
  }

  /** What is to be done when it is the tree's turn. */
  #begin(tree: LookupTree, isWanted: boolean): () => Completed | Promise<Completed> {
    const left = (why: string) => () => ({ tree, implied: nothingImplied(tree, why) });
    if (!isWanted) return left('it was not asked for');
    if (this.#asked >= MOST_ASKED) return left('too many lookups at once');
    const asked = askedOf(tree);
    if (asked === null) return left('its flow is not known');
    // A moment later the namespace may be gone.
    const path = this.#zones.path(tree.netns, tree.pid);
    if (path === undefined) return left('its network namespace is gone');
    this.#asked += 1;
    return async () => {
      try {
        const explanation = await this.#explainers.explain(tree.netns, path, asked);
        const whole = completeTree(tree, explanation);
        return { tree: whole, implied: impliedCalls(tree, whole) };
      } catch (error) {
        const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
        return left(why)();
      } finally {
        this.#asked -= 1;
      }
    };
  }
}
