import { eachCall, type FunctionGraph, type GraphCall } from './function-graph.js';
import { outlineDifference, outlinesOf, type Outline, type TraceNode } from './outline.js';

/** A line of `trace --json`, as far as it is compared; docs/trace.md has the members. */
export interface TraceRecord {
  readonly type: string;
  readonly tier: string;
  readonly time: string;
  readonly zone: { readonly id: number; readonly name: string | null };
  readonly process: { readonly pid: number; readonly tid: number } | null;
  readonly context: 'task' | 'softirq';
  readonly cpu: number;
  readonly lost: number;
  readonly direction: string;
  readonly flow: { readonly dst?: string | null } | null;
  readonly calls: readonly TraceNode[];
}

/** A call of a record that stands at the top, and when it began. */
interface Top {
  readonly record: TraceRecord;
  readonly outline: Outline;
  readonly timeUs: number;
}

/** What one case is compared by: its time in the recording, and the records of that time. */
export interface Window {
  readonly beginUs: number;
  readonly endUs: number;
}

/** Time between marks `begin TITLE` and `end TITLE`; null where one is missing. */
export function windowOf({ marks }: FunctionGraph, title: string): Window | null {
  const at = (text: string) => marks.find((mark) => mark.text === text)?.timeUs;
  const [beginUs, endUs] = [at(`begin ${title}`), at(`end ${title}`)];
  return beginUs === undefined || endUs === undefined ? null : { beginUs, endUs };
}

/** ISO time with nanoseconds to microseconds since the epoch. */
export function microsOf(time: string): number {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(9, '0')) / 1000;
}

const isIn = ({ beginUs, endUs }: Window, timeUs: number): boolean =>
  timeUs >= beginUs && timeUs <= endUs;

const topsOf = (
  records: readonly TraceRecord[],
  expected: ReadonlySet<string>,
  offsetUs: number,
): Top[] =>
  records.flatMap((record) =>
    record.calls
      .flatMap((call) => outlinesOf(call, expected))
      .map((outline) => ({ record, outline, timeUs: microsOf(record.time) - offsetUs })),
  );

const mayBe = ({ record, outline }: Top, call: GraphCall): boolean =>
  call.function === outline.function &&
  call.place === record.context &&
  (call.place === 'softirq' ? call.cpu === record.cpu : call.pid === record.process?.tid);

function median(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** The two see a call this much apart at most: one may be made to wait before the other comes. */
const APART_US = 50_000;

/**
 * Wall clock minus CLOCK_BOOTTIME, in microseconds, made exact by records of tasks: each began when the tracer saw the
 * same function of the same task begin.
 */
export function exactOffset(
  graph: FunctionGraph,
  records: readonly TraceRecord[],
  expected: ReadonlySet<string>,
  roughUs: number,
): number {
  const calls = [...eachCall(graph.roots)].filter(({ place }) => place === 'task');
  const errors = topsOf(records, expected, roughUs)
    .filter(({ record }) => record.context === 'task')
    .flatMap((top) => {
      const near = nearest(top, calls, APART_US);
      return near[0] === undefined ? [] : [top.timeUs - near[0].timeUs];
    });
  return roughUs + (median(errors) ?? 0);
}

function nearest(top: Top, calls: readonly GraphCall[], withinUs: number): GraphCall[] {
  const away = (call: GraphCall): number => Math.abs(call.timeUs - top.timeUs);
  return calls
    .filter((call) => away(call) <= withinUs && mayBe(top, call))
    .toSorted((a, b) => away(a) - away(b));
}

/** Functions whose calls are lookups: a trace of all lookups must have each of them. */
const LOOKUPS: ReadonlySet<string> = new Set([
  'ip_route_output_key_hash_rcu',
  'ip_route_input_slow',
  'fib6_rule_lookup',
]);

/** What is wrong with records of a time compared with what the kernel's tracer saw then. */
export interface Comparison {
  readonly differences: readonly string[];
  /** Top calls that are the same in both. */
  readonly same: readonly { readonly record: TraceRecord; readonly outline: Outline }[];
}

/**
 * Compares one to one: each call at the top of a record is a call that the tracer saw at that time in that context,
 * with the same calls in the same order within it; each lookup the tracer saw is in a record.
 */
export function compareTime(
  graph: FunctionGraph,
  records: readonly TraceRecord[],
  options: {
    readonly window: Window;
    /** Functions that count: those the tracer records. */
    readonly expected: ReadonlySet<string>;
    readonly offsetUs: number;
  },
): Comparison {
  const { window, expected, offsetUs } = options;
  const calls = [...eachCall(graph.roots)].filter(({ timeUs }) => isIn(window, timeUs));
  const taken = new Set<GraphCall>();
  const differences: string[] = [];
  const same: { record: TraceRecord; outline: Outline }[] = [];
  for (const top of topsOf(records, expected, offsetUs)) {
    if (!isIn(window, top.timeUs)) continue;
    const near = nearest(top, calls, APART_US).filter((call) => !taken.has(call));
    const equal = near.find((call) => outlineDifference(call, top.outline) === null);
    const call = equal ?? near[0];
    if (call === undefined) {
      differences.push(`${top.outline.function} in the trace was not seen by the tracer`);
      continue;
    }
    for (const inner of eachCall([call])) taken.add(inner);
    if (equal === undefined) differences.push(outlineDifference(call, top.outline) ?? '');
    else same.push(top);
  }
  for (const call of calls) {
    if (LOOKUPS.has(call.function) && !taken.has(call)) {
      differences.push(`${call.function} of ${call.place} ${call.pid} is not in the trace`);
    }
  }
  return { differences, same };
}
