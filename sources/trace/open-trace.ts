import { u32 } from '../bpf/native-bytes.js';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

import { RoutetapError } from '../../core/errors.js';
import type { Family } from '../../core/event.js';
import { FUNCTIONS } from '../../core/trace/functions.js';
import type { TracedFunction, TraceInfo, TraceMechanism } from '../../core/trace/model.js';
import { isInitialPidNamespace, lookAtBpfHost, ownTgid, refusalOf } from '../bpf/host.js';
import { loadLibbpf, type Libbpf } from '../bpf/libbpf.js';
import { refusedMechanisms } from '../bpf/refused.js';
import { packageRoot } from '../native.js';
import { readNames } from '../procfs/proc.js';
import { deliverSteps } from './deliver-steps.js';
import { readRunningKernel, type RunningKernel } from './kernel-functions.js';
import { filterKnobs } from './knobs.js';
import { loadTrace, type LoadedTrace } from './load-trace.js';

/** The first bits of an address of 4 or 16 bytes. */
export interface TracePrefix {
  readonly address: Uint8Array;
  /** In bits. */
  readonly length: number;
}

/** What is traced; all of it must match. */
export interface TraceFilters {
  readonly dst?: TracePrefix;
  /** Of the same family as `dst`. */
  readonly src?: TracePrefix;
  /** Inode of the one network namespace; without it all of them. */
  readonly netns?: number;
  /** Of the one process, as the initial pid namespace counts. */
  readonly pid?: number;
  /** Only tasks told by `follow`, and what they fork. */
  readonly isFollowing?: boolean;
  /** Without it both. */
  readonly way?: 'output' | 'input';
}

export interface OpenTraceOptions {
  /** To be tried, best first. */
  readonly mechanisms: readonly TraceMechanism[];
  readonly filters: TraceFilters;
  /**
   * Whole records of struct rt_step (core/bpf/layout.gen.ts), in the ring's order, yours to keep; and how many more
   * were lost since the last call. One of the two may be empty.
   */
  readonly onBatch: (bytes: Uint8Array, lost: number) => void;
  /** A power of two, at least a page. */
  readonly ringBytes?: number;
}

/** Attached programs. They are gone when it is closed, or with the process, however that ends. */
export interface OpenedTrace {
  readonly info: TraceInfo;
  /** To be added to `time_ns` to get nanoseconds of the Unix epoch; measured anew each time, as the clock may be set. */
  wallOffsetNs(): bigint;
  /** With `isFollowing`: from now on this process, too. */
  follow(pid: number): void;
  /** Hands everything sent so far to `onBatch`, before it returns. */
  drain(): void;
  /** Detaches and closes; what has not been drained is not told any more. */
  close(): void;
}

const refused = (why: string): RoutetapError =>
  new RoutetapError('privilege', `trace: expected an eBPF tier, got none: ${why}`);

function bytecode(name: string): Uint8Array {
  const path = join(packageRoot(), 'bpf', `${name}.bpf.o`);
  try {
    return readFileSync(path);
  } catch {
    throw refused(`no bytecode at ${path}`);
  }
}

function readyLibbpf(filters: TraceFilters): Libbpf {
  const refusal = refusalOf(lookAtBpfHost());
  if (refusal !== null) throw refused(refusal);
  if ((filters.pid !== undefined || filters.isFollowing === true) && !isInitialPidNamespace()) {
    throw new RoutetapError(
      'privilege',
      'trace: expected to follow processes from the initial pid namespace, got another one',
    );
  }
  const libbpf = loadLibbpf();
  if ('missing' in libbpf) throw refused(libbpf.missing);
  return libbpf;
}

const familyOf = ({ address }: TracePrefix): Family => (address.length === 4 ? 'inet' : 'inet6');

/** What serves most functions. */
function tierOf(functions: readonly TracedFunction[]): TraceMechanism {
  const count = (mechanism: TraceMechanism): number =>
    functions.filter((one) => one.mechanism === mechanism).length;
  if (count('tracepoint') > 0) return 'tracepoint';
  return count('fentry') >= count('kprobe') ? 'fentry' : 'kprobe';
}

/** What better tiers said, in their order; null for none. */
function whyNotBetter(
  mechanisms: readonly TraceMechanism[],
  refusals: ReadonlyMap<TraceMechanism, string>,
): string | null {
  const whys = mechanisms.flatMap((one) => {
    const why = refusals.get(one);
    return why === undefined ? [] : [`${one}: ${why}`];
  });
  return whys.length === 0 ? null : whys.join('; ');
}

interface Loaded {
  readonly trace: LoadedTrace;
  readonly info: TraceInfo;
}

function loadBest(libbpf: Libbpf, { mechanisms, filters, ringBytes }: OpenTraceOptions): Loaded {
  const refusals = new Map(refusedMechanisms(libbpf, bytecode('tiers'), mechanisms));
  const read: { kernel: RunningKernel | null } = { kernel: null };
  const prefix = filters.dst ?? filters.src;
  const hz = libbpf.ticksPerSecond();
  const trace = loadTrace(
    {
      libbpf,
      bytes: bytecode('trace'),
      object: {
        knobs: { ...filterKnobs(filters, ownTgid()), ...(hz === 0 ? {} : { hz: u32(hz) }) },
        ...(ringBytes === undefined ? {} : { entries: { steps: ringBytes } }),
      },
      isFollowing: filters.isFollowing ?? false,
      isOfTasks: filters.pid !== undefined || filters.isFollowing === true,
      mechanisms: mechanisms.filter((one) => !refusals.has(one)),
      rows: FUNCTIONS,
      interest: {
        ...(filters.way === undefined ? {} : { way: filters.way }),
        ...(prefix === undefined ? {} : { family: familyOf(prefix) }),
      },
      kernel: () => (read.kernel ??= readRunningKernel(FUNCTIONS)),
    },
    refusals,
  );
  const why = whyNotBetter(mechanisms, refusals);
  if (trace === null) throw refused(why ?? 'no mechanism to try');
  const { functions, leftOut } = trace;
  const tier = tierOf(functions);
  const dropReasons = Object.fromEntries(read.kernel?.dropReasons ?? []);
  const info = { kernel: release(), tier, why, functions, leftOut };
  return { trace, info: read.kernel === null ? info : { ...info, dropReasons } };
}

/** The variable `is_watching` of bpf/trace.bpf.h. */
const WATCHING = '.data.watching';

/** Of all its threads. */
const threadsOf = (pid: number): readonly number[] => [
  pid,
  ...readNames(`/proc/${pid}/task`)
    .map(Number)
    .filter((tid) => tid !== pid),
];

/**
 * Watches the kernel's route lookups by the best the kernel takes. Throws a RoutetapError of kind `privilege` where
 * nothing loads, one line saying why.
 */
export function openTrace(options: OpenTraceOptions): OpenedTrace {
  const libbpf = readyLibbpf(options.filters);
  libbpf.keepMemory(true);
  let loaded: Loaded;
  try {
    loaded = loadBest(libbpf, options);
  } finally {
    libbpf.keepMemory(false);
  }
  const { object } = loaded.trace;
  const delivery = deliverSteps(object, options.onBatch);
  const watch = (isWatching: boolean): void => {
    object.update(WATCHING, u32(0), u32(Number(isWatching)));
  };
  let isOpen = true;
  watch(true);
  return {
    info: loaded.info,
    wallOffsetNs: () => libbpf.bootToWallNs(),
    follow: (pid) => {
      for (const tid of threadsOf(pid)) object.update('followed', u32(tid), Uint8Array.of(1));
    },
    drain: () => {
      delivery.drain();
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      watch(false);
      delivery.close();
    },
  };
}
