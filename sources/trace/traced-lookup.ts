import type { TraceInfo, TraceZone } from '../../core/trace/model.js';
import { hasLookup } from '../../core/trace/match.js';
import type { LookupTree } from '../../core/trace/tree.js';

/** A lookup of a trace. */
export interface TracedLookup {
  readonly tree: LookupTree;
  readonly zone: TraceZone;
  /** What the trace watches, and how. */
  readonly info: TraceInfo;
  /** Why the steps the tracepoints do not show are not told either; null: they are, or nothing is left to tell. */
  readonly unimplied: string | null;
}

/** Which lookups of a trace are taken. */
export interface LookupChoice {
  readonly matches: (tree: LookupTree, zone: TraceZone) => boolean;
  /** Also those without a route lookup: the socket's route was still good, or early demux found the socket. */
  readonly withCached: boolean;
}

/** What a trace has seen so far. */
export interface TraceCounters {
  /** Records lost in the kernel. */
  lost: number;
  /** Trees that matched and had no route lookup. */
  withoutLookup: number;
  /** Trees given up because too many waited. */
  dropped: number;
}

/** Applies the choice, and counts. */
export function isChosen(
  tree: LookupTree,
  zone: TraceZone,
  choice: LookupChoice,
  counters: TraceCounters,
): boolean {
  if (!choice.matches(tree, zone)) return false;
  if (choice.withCached || hasLookup(tree)) return true;
  counters.withoutLookup += 1;
  return false;
}
