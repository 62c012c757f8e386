import { u32, u64 } from '../bpf/native-bytes.js';
import type {
  FunctionRow,
  LeftOut,
  TracedFunction,
  TraceMechanism,
} from '../../core/trace/model.js';
import { failureLine } from '../bpf/failure.js';
import type { BpfObject, BpfObjectOptions, Libbpf } from '../bpf/libbpf.js';
import { attachFunctions, type Watched } from './attach-functions.js';
import {
  attachPoints,
  pointFunctions,
  pointSets,
  type PointProgram,
  type PointSet,
} from './attach-points.js';
import { FOLLOWING, waysOf, type Ways } from './hooks.js';
import type { RunningKernel, Trampolines } from './kernel-functions.js';
import { resolveFunctions, type Interest, type Resolved } from './resolve-functions.js';

/** A loaded bpf/trace.bpf.o whose programs are attached. */
export interface LoadedTrace {
  readonly object: BpfObject;
  readonly functions: readonly TracedFunction[];
  readonly leftOut: readonly LeftOut[];
}

export interface LoadOptions {
  readonly libbpf: Libbpf;
  /** bpf/trace.bpf.o */
  readonly bytes: Uint8Array;
  /** Knobs and sizes; programs are chosen here. */
  readonly object: Pick<BpfObjectOptions, 'knobs' | 'entries'>;
  readonly isFollowing: boolean;
  /** Nothing that softirqs do is wanted. */
  readonly isOfTasks: boolean;
  /** Those that this host does not refuse. */
  readonly mechanisms: readonly TraceMechanism[];
  readonly rows: readonly FunctionRow[];
  readonly interest: Interest;
  /** Read when functions are to be watched. */
  readonly kernel: () => RunningKernel;
}

/** Throws what refused, with nothing left behind. */
function load(
  { libbpf, bytes, object: options, isFollowing }: LoadOptions,
  programs: readonly string[],
  knobs: Readonly<Record<string, Uint8Array>>,
): BpfObject {
  const object = new libbpf.BpfObject(bytes, {
    ...options,
    knobs: { ...options.knobs, ...knobs },
    programs: [...programs, ...(isFollowing ? FOLLOWING : [])],
  });
  return closedOnError(object, () => {
    object.load();
  });
}

function closedOnError(object: BpfObject, work: () => void): BpfObject {
  try {
    work();
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

function attachFollowing(object: BpfObject, { isFollowing }: LoadOptions): void {
  if (isFollowing) for (const name of FOLLOWING) object.attach(name);
}

const tracedFunction = ({ traceable, hooks }: Watched): TracedFunction => ({
  id: traceable.id,
  name: traceable.row.name,
  symbol: traceable.symbol,
  mechanism: hooks.mechanism,
  parameters: traceable.parameters,
  returns: traceable.returns,
});

const NO_TRAMPOLINES: Trampolines = { own: 0n, graph: 0n };

function loadFunctions(
  options: LoadOptions,
  ways: Ways,
  { traceable, leftOut }: Resolved,
  trampolines: Trampolines,
): LoadedTrace {
  const programs = ways.flatMap(({ leave, enter, root }) => [leave, enter, root]);
  const open = (): BpfObject => {
    const object = load(options, programs, {
      return_trampoline: u64(trampolines.own),
      graph_trampoline: u64(trampolines.graph),
    });
    return closedOnError(object, () => {
      for (const { id, shape } of traceable) object.update('shapes', u32(id), shape);
    });
  };
  const attached = attachFunctions(open, ways, traceable);
  const object = closedOnError(attached.object, () => {
    if (!attached.watched.some(({ traceable: { isRoot } }) => isRoot)) {
      const [first] = attached.leftOut;
      throw new Error(
        `no function that a lookup begins with can be watched${first === undefined ? '' : `: ${first.name}: ${first.why}`}`,
      );
    }
    attachFollowing(attached.object, options);
  });
  return {
    object,
    functions: attached.watched.map(tracedFunction),
    leftOut: [...leftOut, ...attached.leftOut],
  };
}

function loadPoints(options: LoadOptions, set: PointSet): LoadedTrace {
  const { programs, knobs } = set;
  const object = load(
    options,
    programs.map(({ name }) => name),
    knobs,
  );
  closedOnError(object, () => {
    attachPoints(object, programs);
    attachFollowing(object, options);
  });
  return { object, ...pointFunctions(set) };
}

function programsOf({ libbpf, bytes }: LoadOptions): readonly PointProgram[] {
  const object = new libbpf.BpfObject(bytes);
  try {
    return object.programs();
  } finally {
    object.close();
  }
}

/** What can be tried for a tier, best first. */
function trialsOf(tier: TraceMechanism, options: LoadOptions): readonly (() => LoadedTrace)[] {
  if (tier === 'tracepoint') {
    const { interest, isOfTasks } = options;
    return pointSets(programsOf(options), { ...interest, isOfTasks }).map(
      (set) => () => loadPoints(options, set),
    );
  }
  const kernel = options.kernel();
  const resolved = resolveFunctions(options.rows, kernel, options.interest);
  const mayBreak = options.mechanisms.includes('kprobe');
  const kprobes = !mayBreak ? 'none' : kernel.hasMulti ? 'multi' : 'one by one';
  return waysOf(tier, kprobes).map((ways) => () => {
    const breakpoints = ways.find(({ mechanism }) => mechanism === 'kprobe');
    const trampolines =
      breakpoints === undefined ? NO_TRAMPOLINES : kernel.trampolinesOf(breakpoints);
    return loadFunctions(options, ways, resolved, trampolines);
  });
}

/**
 * Loads and attaches the first tier that the kernel takes. `refusals` is told of each tier that it does not take, with
 * the reason; null: it takes none.
 */
export function loadTrace(
  options: LoadOptions,
  refusals: Map<TraceMechanism, string>,
): LoadedTrace | null {
  for (const tier of options.mechanisms) {
    let trials: readonly (() => LoadedTrace)[] = [];
    try {
      trials = trialsOf(tier, options);
    } catch (error) {
      refusals.set(tier, failureLine(error));
    }
    for (const trial of trials) {
      try {
        const trace = trial();
        refusals.delete(tier);
        return trace;
      } catch (error) {
        refusals.set(tier, failureLine(error));
      }
    }
  }
  return null;
}
