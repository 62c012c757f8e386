import { readProcess } from '../attribution/process.js';
import type { BpfEvent } from '../bpf/read-event.js';
import type { Process } from '../event.js';
import type { EngineAsk } from './ask.js';

type Described = Pick<Process, 'exe' | 'cgroup' | 'unit' | 'container'>;

const UNKNOWN: Described = { exe: null, cgroup: null, unit: null, container: null };
const KEPT = 4096;
/** Threads of the kernel: the work they do is nobody's request. */
const KERNEL_THREAD = /^(?:kworker|ksoftirqd|kthreadd|ktimers)(?:\/|$)/;

/** What the outside knows of processes that programs saw: asked once for each. */
export class Descriptions {
  readonly #ask: EngineAsk['describe'];
  readonly #known = new Map<string, Described>();
  /** Answers a recording holds, by pid, in the order in which they were asked for. */
  readonly #recorded = new Map<number, Uint8Array[]>();

  constructor(ask: EngineAsk['describe']) {
    this.#ask = ask;
  }

  /** A PROCESS frame with port id 0: what was answered about `pid` once; empty for nothing. */
  recorded(pid: number, payload: Uint8Array): void {
    const answers = this.#recorded.get(pid);
    if (answers === undefined) this.#recorded.set(pid, [payload]);
    else answers.push(payload);
  }

  /** The process of a record, null where it names none. */
  processOf(event: BpfEvent): Process | null {
    const pid = event.u32('task_pid');
    if (pid === 0) return null;
    const comm = event.comm;
    if (KERNEL_THREAD.test(comm)) return null;
    return {
      pid,
      tid: event.u32('task_tid'),
      comm,
      uid: event.u32('task_uid'),
      ...this.#describe(pid, comm, event.u64('task_cgroup_id')),
      confidence: 'exact',
    };
  }

  #describe(pid: number, comm: string, cgroupId: bigint): Described {
    const key = `${pid} ${cgroupId} ${comm}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const payload = this.#ask?.(pid, cgroupId) ?? this.#nextRecorded(pid);
    const described = payload === null ? UNKNOWN : describedBy(pid, payload);
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(key, described);
    return described;
  }

  #nextRecorded(pid: number): Uint8Array | null {
    const answers = this.#recorded.get(pid);
    const next = answers?.shift() ?? null;
    if (answers?.length === 0) this.#recorded.delete(pid);
    return next;
  }
}

function describedBy(pid: number, payload: Uint8Array): Described {
  const process = readProcess(payload);
  if (process?.pid !== pid) return UNKNOWN;
  const { exe, cgroup, unit, container } = process;
  return { exe, cgroup, unit, container };
}
