import type { GraphCall } from './function-graph.js';

/** Who called whom, in order. */
export interface Outline {
  readonly function: string;
  readonly calls: readonly Outline[];
}

/** A call as `trace --json` has it, or a hole. */
export type TraceNode =
  | {
      readonly function: string;
      readonly symbol: string;
      readonly origin: 'seen' | 'implied';
      readonly calls: readonly TraceNode[];
    }
  | { readonly lost: number };

/** The outline of a node with expected functions alone; calls of others are their caller's. A hole is a call of its own. */
export function outlinesOf(node: TraceNode, expected: ReadonlySet<string>): Outline[] {
  if ('lost' in node) return [{ function: `${node.lost} lost`, calls: [] }];
  const calls = node.calls.flatMap((call) => outlinesOf(call, expected));
  return expected.has(node.function) ? [{ function: node.function, calls }] : calls;
}

const names = (calls: readonly Outline[]): string =>
  calls.length === 0 ? 'nothing' : calls.map((call) => call.function).join(' ');

/** The first place where `trace` is other than what the kernel's tracer saw; null where they are the same. */
export function outlineDifference(
  seen: GraphCall | Outline,
  trace: Outline,
  path = '',
): string | null {
  const where = path === '' ? seen.function : `${path} > ${seen.function}`;
  if (seen.function !== trace.function) return `${where}: the trace has ${trace.function}`;
  const isSame =
    seen.calls.length === trace.calls.length &&
    seen.calls.every((call, index) => call.function === trace.calls[index]?.function);
  if (!isSame) return `${where} calls ${names(seen.calls)}; in the trace ${names(trace.calls)}`;
  for (const [index, call] of seen.calls.entries()) {
    const other = trace.calls[index];
    const difference = other === undefined ? null : outlineDifference(call, other, where);
    if (difference !== null) return difference;
  }
  return null;
}

/** Names of all functions in outlines. */
export function functionsIn(outlines: readonly Outline[]): Set<string> {
  const found = new Set<string>();
  for (const { function: name, calls } of outlines) {
    found.add(name);
    for (const inner of functionsIn(calls)) found.add(inner);
  }
  return found;
}
