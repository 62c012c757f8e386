import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { RT_EVENT_BYTES } from '../../core/bpf/layout.gen.js';
import { RoutetapError } from '../../core/errors.js';
import { packageRoot } from '../native.js';
import { attachObject, unseen, type Attached, type Candidates } from './attach-object.js';
import { lookAtBpfHost, ownTgid, refusalOf } from './host.js';
import { loadLibbpf, type BpfObject, type BpfObjectOptions, type Libbpf } from './libbpf.js';
import { u32 } from './native-bytes.js';
import { refusedMechanisms } from './refused.js';
import { ringLosses } from './ring-losses.js';
import { BPF_PROBES, MECHANISMS, type BpfProbe, type Mechanism, type Tier } from './tiers.js';

const WAITING_BYTES = 8 * 1024 * 1024;
const COALESCE_US = 1000;

export interface OpenBpfOptions {
  /** `require`: an error when no program at all can be loaded. */
  readonly mode: 'auto' | 'require';
  /** What to watch; without it everything. A probe not asked for costs nothing. */
  readonly probes?: readonly BpfProbe[];
  /** Those to be tried, in the order of MECHANISMS; without it all of them. */
  readonly mechanisms?: readonly Mechanism[];
  /** Inode of the one network namespace to watch; without it all of them. */
  readonly onlyNetns?: number;
  /**
   * Whole records of struct rt_event (core/bpf/layout.gen.ts), in the ring's order, yours to keep; and how many more
   * events were lost since the last call. One of the two may be empty.
   */
  readonly onBatch: (bytes: Uint8Array, lost: number) => void;
  /** Asked after each batch that comes by itself: a promise to wait for when a consumer is behind, else null. */
  readonly patience?: () => Promise<void> | null;
  /** Values of the objects' `const volatile` variables, by probe and name. */
  readonly knobs?: Partial<Record<BpfProbe, Readonly<Record<string, Uint8Array>>>>;
  /** A power of two, at least a page. */
  readonly ringBytes?: number;
  /** The folder with the .bpf.o files; the package's own without it. */
  readonly objects?: string;
  /** The addon's path, as for `loadLibbpf`. */
  readonly addon?: string;
}

/** Loaded programs. They are gone when it is closed, or with the process, however that ends. */
export interface OpenedBpf {
  /** A row per probe asked for and family. */
  readonly tiers: readonly Tier[];
  /** To be added to `time_ns` to get nanoseconds of the Unix epoch; measured anew each time, as the clock may be set. */
  wallOffsetNs(): bigint;
  /** Hands everything sent so far to `onBatch`, before it returns. Cheap when there is nothing. */
  drain(): void;
  /** Detaches, hands over what the ring still holds, and closes. */
  close(): void;
}

/** Reads an object file; null when there is none. */
function objectBytes(folder: string, name: string): Uint8Array | null {
  try {
    return readFileSync(join(folder, `${name}.bpf.o`));
  } catch {
    return null;
  }
}

/** What every object is told that has a variable for it (bpf/common.bpf.h). */
const commonKnobs = (
  libbpf: Libbpf,
  { onlyNetns }: OpenBpfOptions,
): Record<string, Uint8Array> => ({
  own_tgid: u32(ownTgid()),
  only_netns: u32(onlyNetns ?? 0),
  hz: u32(libbpf.ticksPerSecond()),
});

/** Objects in the order loaded: the first one owns the maps all others share. */
function attachProbes(
  libbpf: Libbpf,
  options: OpenBpfOptions,
): { readonly objects: readonly Attached[]; readonly tiers: readonly Tier[] } {
  const folder = options.objects ?? join(packageRoot(), 'bpf');
  const mechanisms = MECHANISMS.filter((one) => options.mechanisms?.includes(one) ?? true);
  const trial = objectBytes(folder, 'tiers');
  const candidates: Candidates = {
    mechanisms,
    refused: trial === null ? new Map() : refusedMechanisms(libbpf, trial, mechanisms),
  };
  const common = commonKnobs(libbpf, options);
  const objects: Attached[] = [];
  const tiers: Tier[] = [];
  for (const probe of options.probes ?? BPF_PROBES) {
    const bytes = objectBytes(folder, probe);
    if (bytes === null) {
      tiers.push(...unseen(probe, `no bytecode at ${join(folder, `${probe}.bpf.o`)}`));
      continue;
    }
    const owner = objects[0]?.object;
    const maps: BpfObjectOptions =
      owner === undefined
        ? { entries: options.ringBytes === undefined ? {} : { events: options.ringBytes } }
        : { share: { events: owner, lost: owner } };
    const knobs = { ...common, ...options.knobs?.[probe] };
    const found = attachObject(libbpf, probe, bytes, { ...maps, knobs }, candidates);
    if (found.attached !== null) objects.push(found.attached);
    tiers.push(...found.tiers);
  }
  return { objects, tiers };
}

/** How the owner's ring is emptied. */
interface Delivery {
  drain(): void;
  close(): void;
}

function tellHeldBack({ object, sweeps }: Attached): void {
  try {
    for (const link of sweeps) object.iterate(link);
  } catch {
    // Short of memory: the end must not fail for the last repeats' sake.
  }
}

/** Delivers batches of the owner's ring until closed. */
function deliver(
  owner: BpfObject,
  objects: readonly Attached[],
  options: OpenBpfOptions,
): Delivery {
  let isClosed = false;
  const lostSince = ringLosses(owner);
  // A consumer may close us while it takes a batch.
  const next = (): Uint8Array | null => (isClosed ? null : owner.take());
  let isWaiting = false;
  const handOver = (): void => {
    if (isWaiting) return;
    for (let bytes = next(); bytes !== null; bytes = next()) {
      options.onBatch(bytes, lostSince());
      const wait = options.patience?.() ?? null;
      if (wait === null) continue;
      isWaiting = true;
      const goOn = (): void => {
        isWaiting = false;
        handOver();
      };
      wait.then(goOn, goOn);
      return;
    }
  };
  owner.consume(
    'events',
    { recordBytes: RT_EVENT_BYTES, waitingBytes: WAITING_BYTES, coalesceUs: COALESCE_US },
    handOver,
  );
  const close = (): void => {
    if (isClosed) return;
    for (const attached of objects) {
      tellHeldBack(attached);
      attached.object.detach();
    }
    owner.stop();
    isClosed = true;
    const rest: Uint8Array[] = [];
    for (let bytes = owner.take(); bytes !== null; bytes = owner.take()) rest.push(bytes);
    const lost = lostSince();
    for (const { object } of [...objects].reverse()) object.close();
    rest.forEach((bytes, index) => options.onBatch(bytes, index === 0 ? lost : 0));
    if (rest.length === 0 && lost > 0) options.onBatch(new Uint8Array(0), lost);
  };
  const drain = (): void => {
    if (isClosed) return;
    owner.drain();
    for (let bytes = next(); bytes !== null; bytes = next()) options.onBatch(bytes, lostSince());
  };
  return { drain, close };
}

const nothing = (tiers: readonly Tier[]): OpenedBpf => ({
  tiers,
  wallOffsetNs: () => 0n,
  drain: () => undefined,
  close: () => undefined,
});

function requireSome(options: OpenBpfOptions, tiers: readonly Tier[]): void {
  if (options.mode !== 'require') return;
  const why = tiers.find(({ whyNotBetter }) => whyNotBetter !== null)?.whyNotBetter ?? 'no probe';
  throw new RoutetapError('privilege', `--bpf require: expected an eBPF tier, got none: ${why}`);
}

function without(options: OpenBpfOptions, why: string): OpenedBpf {
  const tiers = (options.probes ?? BPF_PROBES).flatMap((probe) => unseen(probe, why));
  requireSome(options, tiers);
  return nothing(tiers);
}

function keepingMemory<T>(libbpf: Libbpf, work: () => T): T {
  libbpf.keepMemory(true);
  try {
    return work();
  } finally {
    libbpf.keepMemory(false);
  }
}

/**
 * Loads and attaches the best the kernel takes, probe by probe. Throws a RoutetapError of kind `privilege` when
 * `mode` is `require` and nothing loads; with `auto` the tiers say why.
 */
export function openBpf(options: OpenBpfOptions): OpenedBpf {
  const refusal = refusalOf(lookAtBpfHost());
  if (refusal !== null) return without(options, refusal);
  const libbpf = options.addon === undefined ? loadLibbpf() : loadLibbpf(options.addon);
  if ('missing' in libbpf) return without(options, libbpf.missing);
  const { objects, tiers } = keepingMemory(libbpf, () => attachProbes(libbpf, options));
  const owner = objects[0]?.object;
  if (owner === undefined) {
    requireSome(options, tiers);
    return nothing(tiers);
  }
  const delivery = deliver(owner, objects, options);
  return {
    tiers,
    wallOffsetNs: () => libbpf.bootToWallNs(),
    drain: () => {
      delivery.drain();
    },
    close: () => {
      delivery.close();
    },
  };
}
