import { errnoName } from '../../core/bpf/errno.js';
import type { LeftOut } from '../../core/trace/model.js';
import type { BpfObject } from '../bpf/libbpf.js';
import type { Hooks } from './hooks.js';
import type { Traceable } from './resolve-functions.js';

/** A function both of whose ends are watched. */
export interface Watched {
  readonly traceable: Traceable;
  readonly hooks: Hooks;
}

export interface AttachedFunctions {
  readonly object: BpfObject;
  readonly watched: readonly Watched[];
  readonly leftOut: readonly LeftOut[];
}

const EOPNOTSUPP = 95;

/** A function that is being attached, and the ways that are left for it: the first is tried. */
interface Candidate {
  readonly traceable: Traceable;
  ways: readonly Hooks[];
  /** What the ways tried said. */
  readonly refusals: string[];
}

type Refusal = readonly [candidate: Candidate, errno: number];

function refuse([candidate, errno]: Refusal): void {
  const [way, ...others] = candidate.ways;
  if (way === undefined) return;
  candidate.refusals.push(`${way.mechanism}: ${errnoName(errno)}`);
  candidate.ways = others;
}

/** A link, or a negative errno, for each. */
function attach(object: BpfObject, program: string, candidates: readonly Candidate[]): number[] {
  return [
    ...object.attachFunctions(
      program,
      candidates.map(({ traceable }) => traceable.symbol),
      Uint32Array.from(candidates, ({ traceable }) => traceable.btfId ?? 0),
      Uint32Array.from(candidates, ({ traceable }) => traceable.id),
    ),
  ];
}

/** Attaches a program to those whose next way is `hooks`; gives those the kernel refuses. */
function attachThose(
  object: BpfObject,
  program: string,
  hooks: Hooks,
  candidates: readonly Candidate[],
): readonly Refusal[] {
  const those = candidates.filter(({ ways }) => ways[0] === hooks);
  if (those.length === 0) return [];
  let links = attach(object, program, those);
  if (hooks.isMulti && links.every((link) => link < 0)) {
    if (links.every((link) => link === -EOPNOTSUPP)) throw new Error('kprobe.multi: EOPNOTSUPP');
    // One function that the kernel refuses, and it takes none of them.
    if (those.length > 1) links = those.flatMap((one) => attach(object, program, [one]));
  }
  return those.flatMap((one, index) => {
    const link = links[index] ?? 0;
    return link < 0 ? [[one, link]] : [];
  });
}

/**
 * Ends first, then beginnings, roots last: no tree begins that is not seen whole. Gives the functions of which the
 * end is attached, and the beginning refused.
 */
function attachEnds(
  object: BpfObject,
  ways: readonly Hooks[],
  candidates: readonly Candidate[],
): readonly Refusal[] {
  // A function whose end is refused is tried the next way, which comes later.
  for (const hooks of ways) {
    attachThose(object, hooks.leave, hooks, candidates).forEach(refuse);
  }
  return [false, true].flatMap((isRoot) => {
    const some = candidates.filter(({ traceable }) => traceable.isRoot === isRoot);
    return ways.flatMap((hooks) =>
      attachThose(object, isRoot ? hooks.root : hooks.enter, hooks, some),
    );
  });
}

const candidateOf = (traceable: Traceable, ways: readonly Hooks[]): Candidate => {
  const own = ways.filter(({ mechanism }) => mechanism !== 'fentry' || traceable.btfId !== null);
  const refusals = own.length === 0 ? ['fentry: the kernel’s BTF does not have it'] : [];
  return { traceable, ways: own, refusals };
};

/**
 * Attaches every function in the first of `ways` that the kernel takes for it, both of its ends or none. `open` gives
 * the loaded object, anew where a function was half attached: what it has seen until then must not stay. Throws where
 * `ways` have kprobe.multi and the kernel has not.
 */
export function attachFunctions(
  open: () => BpfObject,
  ways: readonly Hooks[],
  functions: readonly Traceable[],
): AttachedFunctions {
  const candidates = functions.map((traceable) => candidateOf(traceable, ways));
  // Each half attached function has a way less in the next round, so there is a last one.
  for (;;) {
    const object = open();
    let half: readonly Refusal[];
    try {
      half = attachEnds(object, ways, candidates);
    } catch (error) {
      object.close();
      throw error;
    }
    if (half.length === 0) return { object, ...outcome(candidates) };
    object.close();
    half.forEach(refuse);
  }
}

function outcome(candidates: readonly Candidate[]): Omit<AttachedFunctions, 'object'> {
  const watched: Watched[] = [];
  const leftOut: LeftOut[] = [];
  for (const { traceable, ways, refusals } of candidates) {
    const [hooks] = ways;
    if (hooks !== undefined) watched.push({ traceable, hooks });
    else leftOut.push({ name: traceable.row.name, why: refusals.join('; ') });
  }
  return { watched, leftOut };
}
