import { sourceName } from './functions.js';

/** A call that the function-graph tracer saw. */
export interface GraphCall {
  /** Name in the source. */
  readonly function: string;
  readonly place: 'task' | 'softirq';
  readonly pid: number;
  readonly cpu: number;
  /** Microseconds of CLOCK_BOOTTIME. */
  readonly timeUs: number;
  /** In order; calls of a softirq that came in between are roots of their own. */
  readonly calls: readonly GraphCall[];
}

export interface GraphMark {
  readonly timeUs: number;
  readonly text: string;
}

export interface FunctionGraph {
  readonly roots: readonly GraphCall[];
  readonly marks: readonly GraphMark[];
  /** Records the tracer lost. */
  readonly lost: number;
  /** Lines that are nothing known. */
  readonly strange: readonly string[];
}

/** Time, CPU, task, latency flags, duration, what happened: with the options of recorder.ts. */
const LINE =
  /^\s*(\d+)\.(\d{6}) \|\s+(\d+)\)\s+(\S.*?)-(\d+)\s+\|\s+([^\s|]+) \|\s*[^|]*\|\s+(\S.*?)\s*$/;
const LOST = /LOST (\d+) EVENTS/;
const MARK = /^\/\* (.*) \*\/$/;
const CALL = /^([\w.]+)\(\)(;| \{)$/;
const END = /^\} \/\* ([\w.]+) \*\/$/;
/** Headings, empty lines, and the boxes in which a change of task is told. */
const OTHER = /^#|^\s*$|^\s*-+$|=>/;

interface OpenCall extends GraphCall {
  readonly calls: OpenCall[];
  readonly symbol: string;
}

/** Third of the flags: `s` in a softirq, `H` in an interrupt within one. */
const placeOf = (flags: string): GraphCall['place'] =>
  flags[2] === 's' || flags[2] === 'H' ? 'softirq' : 'task';

/** Reads what the tracer wrote. Lines of one task are in the order of its calls; the idle task is one of each CPU. */
export function parseFunctionGraph(text: string): FunctionGraph {
  const roots: GraphCall[] = [];
  const marks: GraphMark[] = [];
  const strange: string[] = [];
  const stacks = new Map<string, OpenCall[]>();
  let lost = 0;
  for (const line of text.split('\n')) {
    const found = LINE.exec(line);
    if (found === null) {
      const count = LOST.exec(line)?.[1];
      if (count !== undefined) lost += Number(count);
      else if (!OTHER.test(line)) strange.push(line);
      continue;
    }
    const [, seconds, micros, cpu, , pid, flags = '', what = ''] = found;
    const timeUs = Number(seconds) * 1e6 + Number(micros);
    const mark = MARK.exec(what)?.[1];
    if (mark !== undefined) {
      marks.push({ timeUs, text: mark });
      continue;
    }
    const key = pid === '0' ? `idle ${cpu}` : `task ${pid}`;
    const stack = stacks.get(key) ?? [];
    stacks.set(key, stack);
    const end = END.exec(what)?.[1];
    if (end !== undefined) {
      const depth = stack.findLastIndex(({ symbol }) => symbol === end);
      // Begun before the recording.
      if (depth >= 0) stack.length = depth;
      continue;
    }
    const [, symbol, rest] = CALL.exec(what) ?? [];
    if (symbol === undefined) {
      strange.push(line);
      continue;
    }
    const call: OpenCall = {
      ...{ function: sourceName(symbol), symbol, place: placeOf(flags) },
      ...{ pid: Number(pid), cpu: Number(cpu), timeUs, calls: [] },
    };
    const parent = stack.at(-1);
    if (parent?.place === call.place) parent.calls.push(call);
    else roots.push(call);
    if (rest !== ';') stack.push(call);
  }
  return { roots, marks, lost, strange };
}

/** Each of `calls` and all within them, a call before those it makes. */
export function* eachCall(calls: readonly GraphCall[]): Generator<GraphCall> {
  for (const call of calls) {
    yield call;
    yield* eachCall(call.calls);
  }
}
