import { PROBES, type Probe } from '../../core/event.js';
import type { TierRow } from '../../core/frame.js';
import type { IcmpSockets } from '../rtnetlink/live.js';
import { mechanismsOf, objectsFor, type BpfChoice } from './choice.js';
import { bpfFrame } from './frames.js';
import { openBpf, type OpenedBpf } from './open-bpf.js';
import { seesRedirects, tierRows } from './tier-rows.js';
import { unseen } from './attach-object.js';

export interface LiveBpfOptions {
  readonly choice: BpfChoice;
  readonly probes?: readonly Probe[];
  /** Inode of the one network namespace to watch; without it all of them. */
  readonly onlyNetns?: number;
  /** Nanoseconds since the epoch, now. */
  readonly now: () => bigint;
  /** A BPF frame. */
  readonly onFrame: (frame: Uint8Array) => void;
  readonly patience?: () => Promise<void> | null;
}

/** The eBPF side of a live feed. */
export interface LiveBpf {
  /** Sockets of the zones have to see redirects: no program does, and they are asked for. */
  readonly needsIcmp: boolean;
  tierRows(icmp: IcmpSockets | null): readonly TierRow[];
  /** Brings the frames of everything seen so far, before it returns. */
  drain(): void;
  /** Detaches, and brings what is left. */
  close(): void;
}

/** Loads and attaches what the choice asks for. Throws a RoutetapError of kind `privilege` when required and refused. */
export function openLiveBpf(options: LiveBpfOptions): LiveBpf {
  const { choice, onlyNetns, now, onFrame, patience } = options;
  const probes = objectsFor(options.probes ?? PROBES);
  const opened: OpenedBpf | null =
    choice === 'off'
      ? null
      : openBpf({
          mode: choice === 'require' ? 'require' : 'auto',
          mechanisms: mechanismsOf(choice),
          probes,
          ...(onlyNetns === undefined ? {} : { onlyNetns }),
          ...(patience === undefined ? {} : { patience }),
          onBatch: (records, lost) => {
            onFrame(bpfFrame(records, lost, opened?.wallOffsetNs() ?? 0n, now()));
          },
        });
  const tiers =
    opened?.tiers ?? probes.flatMap((probe) => unseen(probe, 'eBPF is switched off (--bpf off)'));
  return {
    needsIcmp: probes.includes('redirect') && !seesRedirects(tiers),
    tierRows: (icmp) => tierRows(tiers, icmp),
    drain: () => opened?.drain(),
    close: () => opened?.close(),
  };
}
