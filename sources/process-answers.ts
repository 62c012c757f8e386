import { buildFrame, FRAME_KIND } from '../core/frame.js';
import { cgroupRoot } from './bpf/cgroup-root.js';
import { isInitialPidNamespace } from './bpf/host.js';
import { CgroupPaths } from './procfs/cgroups.js';
import { describeTask } from './procfs/describe-task.js';
import { findProcess } from './procfs/find-process.js';

export interface ProcessAnswersOptions {
  /** Inode of a zone's nsfs file, null for no open zone. */
  readonly netnsOf: (zone: number) => number | null;
  readonly now: () => bigint;
  /** A recording is made, which has each answer before the batch it was asked in. */
  readonly areKept: boolean;
}

/** Answers the engine's questions about processes. */
export class ProcessAnswers {
  readonly #options: ProcessAnswersOptions;
  readonly #cgroups = new CgroupPaths(cgroupRoot());
  readonly #countsAlike = isInitialPidNamespace();
  #frames: Uint8Array[] = [];

  constructor(options: ProcessAnswersOptions) {
    this.#options = options;
  }

  /** See EngineAsk.process. */
  process(zone: number, portid: number): Uint8Array | null {
    const netnsInode = this.#options.netnsOf(zone);
    if (netnsInode === null) return null;
    const payload = findProcess({ netnsInode }, portid);
    if (payload !== null) this.#keep(zone, portid, 0, payload);
    return payload;
  }

  /** See EngineAsk.describe. */
  describe(pid: number, cgroupId: bigint): Uint8Array | null {
    const payload = describeTask(pid, cgroupId, this.#cgroups, this.#countsAlike);
    this.#keep(0, 0, pid, payload ?? new Uint8Array(0));
    return payload;
  }

  /** Frames of the answers given since the last call, for a recording. */
  takeFrames(): readonly Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  #keep(zone: number, portid: number, value: number, payload: Uint8Array): void {
    if (!this.#options.areKept) return;
    const timeNs = this.#options.now();
    this.#frames.push(
      buildFrame({ kind: FRAME_KIND.PROCESS, zone, portid, value, timeNs, payload }),
    );
  }
}
