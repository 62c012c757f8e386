import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { packageRoot } from '../native.js';

/** What a BpfObject is opened with; all of it acts before loading. */
export interface BpfObjectOptions {
  /** Values of `const volatile` variables, as the kernel's memory has them. */
  readonly knobs?: Readonly<Record<string, Uint8Array>>;
  /** Programs to load; without it all of them. */
  readonly programs?: readonly string[];
  /** Kernel functions of fentry, fexit and tp_btf programs, in place of their section's. */
  readonly targets?: Readonly<Record<string, string>>;
  /** max_entries of maps; bytes for a ring buffer. */
  readonly entries?: Readonly<Record<string, number>>;
  /** Maps that are those of another object, which is loaded. */
  readonly share?: Readonly<Record<string, BpfObject>>;
}

/** How a ring buffer is read. */
export interface RingOptions {
  /** Length of every record; samples of another length are dropped and counted by `malformed`. */
  readonly recordBytes: number;
  /** Reading stops while so much waits to be taken: the ring fills, and the programs count what they lose. */
  readonly waitingBytes: number;
  readonly coalesceUs: number;
}

/**
 * An eBPF object (bpf/native). Wrong arguments throw a TypeError, the kernel's refusals a `BpfFailure`, everything
 * but `close` an Error once closed. What it holds is file descriptors only, so it goes with the process.
 */
export interface BpfObject {
  load(): void;
  /** Returns the link. `target`: the path of a cgroup, or the function of a kprobe in place of its section's. */
  attach(program: string, target?: string): number;
  /**
   * Attaches a loaded program to many functions of the kernel, each with its cookie; a link for each, or a negative
   * errno. Programs of fentry and fexit are loaded anew for each, which is `btfIds` in the kernel's BTF; kprobe.multi
   * takes all or none and gives one link.
   */
  attachFunctions(
    program: string,
    functions: readonly string[],
    btfIds: Uint32Array,
    cookies: Uint32Array,
  ): Int32Array;
  /** Without a link: all of them. */
  detach(link?: number): void;
  /** Runs an attached iterator; what it printed. */
  iterate(link: number): Uint8Array;
  /** null where there is no such key. A map per cpu gives the values of all possible cpus, each padded to 8 bytes. */
  lookup(map: string, key: Uint8Array): Uint8Array | null;
  update(map: string, key: Uint8Array, value: Uint8Array): void;
  /** True when there was one. */
  remove(map: string, key: Uint8Array): boolean;
  /** Starts a thread that reads the ring buffer; `onReady` is called when there is something to take. */
  consume(map: string, options: RingOptions, onReady: () => void): void;
  /** The records of the oldest batch, or null; after null `onReady` is called again. */
  take(): Uint8Array | null;
  /**
   * Reads what the ring holds now, in this thread: `take` gives it, to be called until null. Cheap when there is nothing.
   */
  drain(): void;
  /** Ends the reading; what was in the ring can still be taken. */
  stop(): void;
  malformed(): number;
  programs(): readonly { readonly name: string; readonly section: string }[];
  close(): void;
}

/** A refusal: `code` is the symbolic errno, `log` what libbpf and the verifier said. */
export interface BpfFailure extends Error {
  readonly errno: number;
  readonly code: string;
  readonly call: string;
  readonly subject: string;
  readonly log: string;
}

export interface Libbpf {
  readonly BpfObject: new (bytes: Uint8Array, options?: BpfObjectOptions) => BpfObject;
  /** CLOCK_REALTIME minus CLOCK_BOOTTIME, now. */
  bootToWallNs(): bigint;
  /** CONFIG_HZ of the kernel; 0 when it can't be told. */
  ticksPerSecond(): number;
  /** True: free memory stays with the process until false, which makes loading several objects much faster. */
  keepMemory(keep: boolean): void;
}

/** The addon, or one line saying why there is none. */
export function loadLibbpf(
  path = join(packageRoot(), 'build', 'libbpf.node'),
): Libbpf | { readonly missing: string } {
  if (!existsSync(path)) {
    return { missing: 'built without libbpf (Debian: libbpf-dev, then npm run build)' };
  }
  try {
    return createRequire(import.meta.url)(path) as Libbpf;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { missing: `the libbpf addon does not load: ${reason}` };
  }
}
