/**
 * Frames: how bytes reach the engine, live or from a recording. The native reader writes them into
 * slabs (sources/rtnetlink/native/frame.h holds the same layout), little-endian, each padded to 8 bytes:
 *
 *    0 u32 payload length   8 u32 zone    16 u64 time, ns since the epoch   24 u32 portid
 *    4 u16 kind            12 u32 value                                     28 u32 extra
 *    6 u16 flags
 */

export const FRAME_HEADER_BYTES = 32;

export const FRAME_KIND = {
  /** A multicast datagram of the event socket, nlmsghdr and on. `value`: groups of the sender, `portid`: the sender's nl_pid (0 = kernel). */
  DATAGRAM: 1,
  /** A datagram of the query socket. `value`: token of the query. */
  REPLY: 2,
  /** `value` messages were dropped by the kernel (SO_MEMINFO), `extra`: errno of the receive, 0 for none. */
  LOSS: 3,
  /** Everything the event socket held when `barrier(token)` was asked stands before this frame. `value`: token. */
  BARRIER: 4,
  /** A zone appeared: JSON `ZoneIdentity`. */
  ZONE: 5,
  /** A zone is gone. */
  ZONE_GONE: 6,
  /** A process seen behind `portid`: u32 pid, u32 uid, u32 source (1 procfs by owner check, 2 exit record), then comm, exe, cgroup, each ended by NUL. */
  PROCESS: 7,
  /** Recordings only: what stands before it was fed as one batch. */
  BATCH: 8,
  /** A timer asked for by the engine is due. `value`: token. */
  TIMER: 9,
  /** A query could not be sent or its socket failed. `value`: token, `extra`: errno. */
  QUERY_FAILED: 10,
  /** The run ends: the last `status` record is due. */
  STOP: 11,
  /**
   * What eBPF programs saw, of all namespaces: i64 to be added to `time_ns` to get ns since the epoch, then whole
   * records of struct rt_event (core/bpf/layout.gen.ts). `value` more were lost.
   */
  BPF: 12,
  /** Which mechanisms serve which probe: JSON `TierRow[]`, in a zone of no meaning. */
  TIERS: 13,
  /** An ICMP redirect as a packet socket of the zone gave it: u32 family (2, 10), u32 ifindex, u8[16] sender, then the ICMP message. */
  ICMP: 14,
  /**
   * Saved traces only (core/trace/trace-file.ts): i64 to be added to `time_ns` to get ns since the epoch, then whole
   * records of struct rt_step (core/bpf/layout.gen.ts). `value` more were lost. The time: see `Steps.settledNs`.
   */
  STEPS: 15,
  /** Saved traces only: what was added to a lookup the tracepoints show in part: JSON `ImpliedCalls`. */
  IMPLIED: 16,
  /** Saved traces only: a network namespace met: JSON `TraceZone`. */
  ZONES: 17,
} as const;

/** frame flag: the datagram was longer than the room for it (MSG_TRUNC). */
export const FRAME_TRUNCATED = 1;

/** JSON payload of a ZONE frame. */
export interface ZoneIdentity {
  /** nsfs inode. */
  readonly id: number;
  readonly name: string | null;
  /** SO_NETNS_COOKIE as decimal text: unique for the boot. */
  readonly cookie: string;
  /** True for the host's initial namespace (cs_zoneid 0). */
  readonly initial: boolean;
}

/** One row of the payload of a TIERS frame: what serves a probe of a family. */
export interface TierRow {
  /** `miss`, `losing`, `redirect`, `request` (who asks for a change), `removed` (silent IPv4 removals). */
  readonly probe: string;
  readonly family: 'inet' | 'inet6';
  /** `fentry`, `kprobe`, `tracepoint`, `icmp-socket`, `procfs`, `dump`; null: nothing. */
  readonly mechanism: string | null;
  /** What to expect of it, in words. */
  readonly fidelity: string;
  /** What would serve better, and why it does not; null for the best. */
  readonly better: string | null;
}

/** Bytes a frame with this payload takes in a slab. */
export const frameBytes = (payloadLength: number): number =>
  FRAME_HEADER_BYTES + ((payloadLength + 7) & ~7);

export interface FrameFields {
  readonly kind: number;
  readonly flags?: number;
  readonly zone: number;
  readonly value?: number;
  readonly timeNs: bigint;
  readonly portid?: number;
  readonly extra?: number;
  readonly payload?: Uint8Array;
}

/** Builds one frame; for what is made in JavaScript (zones, timers, tests). */
export function buildFrame(fields: FrameFields): Uint8Array {
  const payload = fields.payload ?? new Uint8Array(0);
  const bytes = new Uint8Array(frameBytes(payload.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint16(4, fields.kind, true);
  view.setUint16(6, fields.flags ?? 0, true);
  view.setUint32(8, fields.zone, true);
  view.setUint32(12, fields.value ?? 0, true);
  view.setBigUint64(16, fields.timeNs, true);
  view.setUint32(24, fields.portid ?? 0, true);
  view.setUint32(28, fields.extra ?? 0, true);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}
