import { POINT_FUNCTIONS } from '../../core/trace/point-table.js';
import type { Family } from '../../core/event.js';
import type { LeftOut, TracedFunction } from '../../core/trace/model.js';
import type { BpfObject } from '../bpf/libbpf.js';

/** A program of the tracepoint tier. */
export interface PointProgram {
  readonly name: string;
  /** `tp_btf/fib_table_lookup`. */
  readonly section: string;
}

/** Tracepoints that younger kernels have; without them a tree says less, but is none the less whole. */
const YOUNG: readonly string[] = ['trace_icmp_tp'];

/** Ends a tree where the kernel has no task work for programs (Linux 6.18); it slows down every system call. */
const CALL_END = 'trace_exit_tp';

/** Of packets received: without effect where only threads are traced. */
const OF_SOFTIRQS: readonly string[] = ['trace_receive_tp', 'trace_softirq_exit_tp'];

/** Without effect on the other family's lookups. */
const OF_ONE_FAMILY: ReadonlyMap<string, Family> = new Map([
  ['trace_fib_tp', 'inet'],
  ['trace_fib6_tp', 'inet6'],
]);

/** Those that begin a tree. */
const BEGINNING: readonly string[] = ['trace_fib_tp', 'trace_fib6_tp'];

const isPointProgram = ({ name }: PointProgram): boolean => name.endsWith('_tp');

/** What the filters leave to be seen by tracepoints. */
export interface PointInterest {
  /** Of the addresses asked for. */
  readonly family?: Family;
  /** Threads alone: nothing that a softirq does. */
  readonly isOfTasks: boolean;
}

/** Programs that are loaded together. */
export interface PointSet {
  readonly programs: readonly PointProgram[];
  /** Wanted, but younger than the kernels this set is for. */
  readonly tooYoung: readonly PointProgram[];
  /** Knobs they are loaded with. */
  readonly knobs: Readonly<Record<string, Uint8Array>>;
}

function isPointOfInterest({ name }: PointProgram, { family, isOfTasks }: PointInterest): boolean {
  if (isOfTasks && OF_SOFTIRQS.includes(name)) return false;
  const only = OF_ONE_FAMILY.get(name);
  return family === undefined || only === undefined || only === family;
}

/** Sets of programs to be tried, best first. Throws where there are none. */
export function pointSets(
  programs: readonly PointProgram[],
  interest: PointInterest,
): readonly PointSet[] {
  const all = programs.filter((one) => isPointProgram(one) && isPointOfInterest(one, interest));
  if (all.length === 0) throw new Error('the object has no programs of tracepoints');
  const old = all.filter(({ name }) => !YOUNG.includes(name));
  const tooYoung = (some: readonly PointProgram[]): readonly PointProgram[] =>
    all.filter((one) => !some.includes(one));
  const bySpeed = (some: readonly PointProgram[]): readonly PointSet[] => [
    {
      programs: some.filter(({ name }) => name !== CALL_END),
      tooYoung: tooYoung(some),
      knobs: { ends_by_work: new Uint8Array(Uint32Array.of(1).buffer) },
    },
    { programs: some, tooYoung: tooYoung(some), knobs: {} },
  ];
  return (old.length === all.length ? [all] : [all, old]).flatMap(bySpeed);
}

/** What ends a tree is attached first, what begins one last. */
export function attachPoints(object: BpfObject, programs: readonly PointProgram[]): void {
  const isBeginning = ({ name }: PointProgram): boolean => BEGINNING.includes(name);
  for (const { name } of programs.filter((one) => !isBeginning(one))) object.attach(name);
  for (const { name } of programs.filter(isBeginning)) object.attach(name);
}

const tracepointOf = (text: string): string => text.replace(/^.*[/:]/, '');

/** The tracepoints a set watches, and those that are left out. */
export function pointFunctions({ programs, tooYoung }: PointSet): {
  readonly functions: readonly TracedFunction[];
  readonly leftOut: readonly LeftOut[];
} {
  const pointsOf = (some: readonly PointProgram[]): readonly TracedFunction[] => {
    const names = new Set(some.map(({ section }) => tracepointOf(section)));
    return POINT_FUNCTIONS.filter(({ name }) => names.has(tracepointOf(name)));
  };
  return {
    functions: pointsOf(programs),
    leftOut: pointsOf(tooYoung).map(({ name }) => ({ name, why: 'not in this kernel' })),
  };
}
