import type { TracedFunction } from './model.js';
import type { CallNode, TreeNode } from './tree.js';

function kernelFunction(name: string): TracedFunction {
  return { id: 0, name, symbol: name, mechanism: 'tracepoint', parameters: [], returns: '' };
}

/** A call that was not seen. `given` stands between its brackets. */
export function implied(
  name: string,
  given: string,
  result: string | null,
  calls: readonly TreeNode[] = [],
): CallNode {
  return {
    kind: 'call',
    function: kernelFunction(name),
    origin: 'implied',
    enter: null,
    leave: null,
    durationNs: null,
    calls,
    words: { call: `${name}(${given})`, result },
  };
}

/** What was seen is not what the mirror says. `name`: the function they are about. */
export function contradiction(name: string, mirror: string, kernel: string): CallNode {
  const call = `the mirror says ${mirror}, the kernel did ${kernel}`;
  return { ...implied(name, '', null), words: { call, result: null } };
}
