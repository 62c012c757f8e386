import { readFileSync, writeFileSync } from 'node:fs';

import { EXPECTED_FUNCTIONS, sourceName } from './functions.js';

const TRACEFS = '/sys/kernel/tracing';

const write = (name: string, text: string): void => writeFileSync(`${TRACEFS}/${name}`, text);

/** Lines say when, on which CPU, which task, in which context (`s`: softirq), and closing ones of which function. */
const OPTIONS: readonly [string, boolean][] = [
  ['funcgraph-abstime', true],
  ['funcgraph-cpu', true],
  ['funcgraph-proc', true],
  ['funcgraph-tail', true],
  ['funcgraph-duration', true],
  ['funcgraph-overhead', false],
  ['latency-format', true],
];

/** The kernel's own function-graph tracer on the expected functions. */
export interface GraphRecorder {
  /** Symbols it records: all of the expected functions that this kernel lets be traced. */
  readonly symbols: readonly string[];
  /** Puts a line of text in between. */
  mark(text: string): void;
  /** Ends it; what the tracer wrote. */
  stop(): string;
}

/** Expected functions in `available_filter_functions` with their line from 1; a line may end in `[module]`. */
export const symbolsIn = (
  available: string,
): { readonly symbol: string; readonly line: number }[] =>
  available
    .split('\n')
    .map((text, index) => ({ symbol: text.split(/\s/, 1)[0] ?? '', line: index + 1 }))
    .filter(({ symbol }) => EXPECTED_FUNCTIONS.has(sourceName(symbol)));

export function startGraph(): GraphRecorder {
  const available = readFileSync(`${TRACEFS}/available_filter_functions`, 'utf8');
  const found = symbolsIn(available);
  write('tracing_on', '0');
  write('buffer_size_kb', '8192');
  write('trace_clock', 'boot');
  // By line: the kernel compares every name it has with each name it is given.
  write('set_ftrace_filter', found.map(({ line }) => line).join('\n'));
  write('max_graph_depth', '0');
  write('current_tracer', 'function_graph');
  for (const [name, isOn] of OPTIONS) write('trace_options', `${isOn ? '' : 'no'}${name}`);
  write('trace', '');
  write('tracing_on', '1');
  return {
    symbols: found.map(({ symbol }) => symbol),
    mark: (text) => write('trace_marker', text),
    stop() {
      write('tracing_on', '0');
      const text = readFileSync(`${TRACEFS}/trace`, 'utf8');
      write('current_tracer', 'nop');
      write('set_ftrace_filter', '');
      return text;
    },
  };
}
