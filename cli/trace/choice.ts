import { directionOf } from '../../core/trace/json.js';
import { matchesTree } from '../../core/trace/match.js';
import type { TraceZone } from '../../core/trace/model.js';
import type { LookupTree } from '../../core/trace/tree.js';
import type { TraceFilters } from '../../sources/trace/open-trace.js';
import type { LookupChoice } from '../../sources/trace/traced-lookup.js';
import type { TraceOptions } from '../trace-options.js';

/** A forwarded packet was received. */
const goes = (tree: LookupTree, way: 'output' | 'input'): boolean =>
  (directionOf(tree) === 'output') === (way === 'output');

/** Which lookups are shown: exactly, where the kernel filters what a record happens to know. */
export function lookupChoice(
  options: TraceOptions,
  inZone: (zone: TraceZone) => boolean,
): LookupChoice {
  const { dst, src, dev, way, follow } = options;
  const wanted = {
    ...(dst !== null && { dst }),
    ...(src !== null && { src }),
    ...(dev !== null && { dev }),
  };
  return {
    matches: (tree, zone) =>
      inZone(zone) && (way === null || goes(tree, way)) && matchesTree(tree, wanted),
    // Who names a function wants to see it, also in a lookup that needed no route.
    withCached: follow !== null,
  };
}

/** What the kernel is to leave out. `netns`: inode, null for all. */
export function kernelFilters(
  { dst, src, pid, way, command }: TraceOptions,
  netns: number | null,
): TraceFilters {
  return {
    ...(dst !== null && { dst }),
    ...(src !== null && { src }),
    ...(netns !== null && { netns }),
    ...(pid !== null && { pid }),
    ...(way !== null && { way }),
    ...(command.length > 0 && { isFollowing: true }),
  };
}
