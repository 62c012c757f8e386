import { RoutetapError } from '../errors.js';
import type { TracedFunction } from './model.js';
import { readTracedFunction } from './trace-header.js';
import type { CallNode, ImpliedWay, LookupTree, TreeNode } from './tree.js';

/**
 * What was added to a tree that tracepoints show in part, as JSON data: the kernel is asked for it at the time, so a
 * saved trace has to hold it. Seen calls stand as their number in the tree, top down.
 */
export interface ImpliedCalls {
  /** `LookupTree.id`, decimal. */
  readonly lookup: string;
  /** Null: nothing could be added, and `why`. */
  readonly calls: readonly SavedNode[] | null;
  readonly why: string | null;
}

type SavedNode =
  | { readonly seen: number; readonly calls: readonly SavedNode[] }
  | { readonly hole: number }
  | {
      readonly implied: TracedFunction;
      readonly words: CallNode['words'];
      readonly gives?: ImpliedWay;
      readonly calls: readonly SavedNode[];
    };

/** Seen calls of a tree, top down. */
function seenCalls(nodes: readonly TreeNode[], into: CallNode[] = []): CallNode[] {
  for (const node of nodes) {
    if (node.kind === 'hole') continue;
    into.push(node);
    seenCalls(node.calls, into);
  }
  return into;
}

/** What tells a seen call from the others. Only the system call around all has none. */
const recordOf = ({ enter, leave }: CallNode) => enter ?? leave;

/** What makes `completed` of `tree`. */
export function impliedCalls(tree: LookupTree, completed: LookupTree): ImpliedCalls {
  const numbers = new Map(seenCalls(tree.calls).map((node, number) => [recordOf(node), number]));
  const save = (node: TreeNode): SavedNode => {
    if (node.kind === 'hole') return { hole: node.lost };
    const calls = node.calls.map(save);
    const seen = node.origin === 'seen' ? numbers.get(recordOf(node)) : undefined;
    return seen === undefined
      ? {
          implied: node.function,
          words: node.words,
          ...(node.gives === undefined ? {} : { gives: node.gives }),
          calls,
        }
      : { seen, calls };
  };
  return { lookup: String(tree.id), calls: completed.calls.map(save), why: null };
}

/** The tree goes without; `why` is shown. */
export const nothingImplied = (tree: LookupTree, why: string): ImpliedCalls => ({
  lookup: String(tree.id),
  calls: null,
  why,
});

type Members = Readonly<Record<string, unknown>>;

const refuse = (): never => {
  throw new RoutetapError('runtime', 'expected the calls of a lookup, got something else');
};

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : refuse();

function readWords(value: unknown): CallNode['words'] {
  if (value === null) return null;
  const { call, result } = members(value);
  if (typeof call !== 'string' || (result !== null && typeof result !== 'string')) return refuse();
  return { call, result };
}

function readGives(value: unknown): ImpliedWay {
  const { dst, gateway, oif, dev, src } = members(value);
  const isText = (one: unknown): one is string | null => one === null || typeof one === 'string';
  if (typeof dst !== 'string' || typeof dev !== 'string' || typeof oif !== 'number')
    return refuse();
  return isText(gateway) && isText(src) ? { dst, gateway, oif, dev, src } : refuse();
}

/** Which lookup saved JSON data is for. Throws a runtime RoutetapError where it is no such data. */
export function impliedLookup(implied: unknown): bigint {
  const { lookup } = members(implied);
  return typeof lookup === 'string' && /^\d{1,20}$/.test(lookup) ? BigInt(lookup) : refuse();
}

/** A tree as it was completed, from saved JSON data; `why` it was not, else null. Throws as `impliedLookup`. */
export function withImplied(
  tree: LookupTree,
  implied: unknown,
): { readonly tree: LookupTree; readonly why: string | null } {
  const { calls, why } = members(implied);
  if (calls === null) return { tree, why: typeof why === 'string' ? why : refuse() };
  const seen = seenCalls(tree.calls);
  const readAll = (value: unknown): TreeNode[] =>
    Array.isArray(value) ? value.map(read) : refuse();
  const read = (value: unknown): TreeNode => {
    const given = members(value);
    if (typeof given['hole'] === 'number') return { kind: 'hole', lost: given['hole'] };
    const within = readAll(given['calls']);
    if (typeof given['seen'] === 'number') {
      const node = seen[given['seen']];
      return node === undefined ? refuse() : { ...node, calls: within };
    }
    return {
      kind: 'call',
      function: readTracedFunction(given['implied']),
      origin: 'implied',
      enter: null,
      leave: null,
      durationNs: null,
      calls: within,
      words: readWords(given['words']),
      ...(given['gives'] === undefined ? {} : { gives: readGives(given['gives']) }),
    };
  };
  return { tree: { ...tree, calls: readAll(calls) }, why: null };
}
