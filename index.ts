/** routetap: every routing event of a Linux machine, as observables of records. See docs/library.md. */
export { PROBES } from './core/event.js';
export type * from './core/event.js';
export type { RouteBody, RouteParts } from './core/route-body.js';
export type { OpenSink, Sink, SinkCounters, SinkOptions } from './core/sink.js';
export { RoutetapError } from './core/errors.js';
export { routeBatches, routes, type RoutesOptions } from './sources/routes.js';
export type { BpfChoice } from './sources/bpf/choice.js';
export { replayBatches, type ReplayOptions } from './sources/replay/replay.js';
export { readNames } from './sources/names-files.js';
export type { Names } from './core/names/names.js';
export { recordFilter, type FilterOptions } from './core/filter.js';
export { batched } from './core/operators/batched.js';
export {
  churn,
  type ChurnCounts,
  type ChurnOptions,
  type ChurnWindow,
  type PrefixChurn,
} from './core/operators/churn.js';
export { d } from './core/operators/d.js';
export { events } from './core/operators/events.js';
export { flaps, type Flap, type FlapOptions } from './core/operators/flaps.js';
export type { PrefixId } from './core/operators/prefix-id.js';
export { unbatched } from './core/operators/unbatched.js';
export { where } from './core/operators/where.js';
export { compileProgram, type DProgram, type DProgramOptions } from './core/d/program/runtime.js';
export type { DOutput } from './core/d/program/output.js';
export { tap, type Tap, type TapOptions, type TapResult, type TapSource } from './core/tap.js';
export type { TapItem } from './core/tap-item.js';
export {
  completeEvent,
  type PartialRoute,
  type PartialRouteEvent,
} from './core/complete-record.js';
export type { PartialLookup, PartialRedirect, PartialTimeout } from './core/complete-section.js';
export { parseRecord } from './core/parse-record.js';
export { jsonLine, type JsonOptions } from './core/format/json.js';
export { textLine, type TextOptions } from './core/format/text.js';
export { openSink, type SinkContext } from './open-sink.js';
export { traceLookups, type TraceLookupsOptions } from './sources/trace/trace-lookups.js';
export type { TracedLookup } from './sources/trace/traced-lookup.js';
export type { CallNode, HoleNode, LookupTree, TreeNode } from './core/trace/tree.js';
export type { TracedFunction, TraceInfo, TraceZone } from './core/trace/model.js';
export { treeJson, type TreeJsonOptions } from './core/trace/json.js';
export { treeLines, type TreeTextOptions } from './core/trace/text.js';
