import type { CauseKind, Process, Trigger } from '../event.js';
import type { RouteBody } from '../route-body.js';

/** A link, address or nexthop message that may set routes moving. */
export interface LoggedTrigger {
  readonly timeNs: bigint;
  readonly kind: CauseKind;
  /** 0 where the message names no interface. */
  readonly ifindex: number;
  /** 0 where the message names no nexthop object. */
  readonly nhid: number;
  /** Address without prefix length, null for other messages. */
  readonly address: string | null;
  readonly trigger: Trigger;
  /** nlmsg_pid of the message; 0: the kernel itself. */
  readonly portid: number;
  /** Who sent it, already marked `cascade`. */
  readonly process: Process | null;
}

const KEPT = 512;

/** How well a kind explains a route going away, coming, or changing: the higher explains more. */
const WEIGHT: Record<'add' | 'delete' | 'change', Partial<Record<CauseKind, number>>> = {
  delete: {
    'link-removed': 9,
    vrf: 8,
    'nexthop-removed': 7,
    'link-down': 6,
    'address-removed': 5,
    carrier: 4,
    'nexthop-changed': 3,
  },
  add: { vrf: 8, 'link-up': 6, 'address-added': 5, carrier: 4, 'nexthop-changed': 3 },
  change: {
    'link-removed': 9,
    vrf: 8,
    'nexthop-removed': 7,
    'link-down': 6,
    'link-up': 6,
    'nexthop-changed': 5,
    carrier: 4,
    'address-removed': 3,
    'address-added': 2,
  },
};

/** The recent triggers of one zone, and which of them explains a route event. */
export class TriggerLog {
  #entries: LoggedTrigger[] = [];

  add(entry: LoggedTrigger): void {
    this.#entries.push(entry);
    if (this.#entries.length > KEPT * 2) this.#entries = this.#entries.slice(-KEPT);
  }

  /** The trigger from `sinceNs` on that explains best what happened to a route with this body at `timeNs`. */
  explain(
    probe: 'add' | 'delete' | 'change',
    dst: string,
    body: RouteBody,
    timeNs: bigint,
    sinceNs: bigint,
  ): LoggedTrigger | null {
    let best: LoggedTrigger | null = null;
    let bestScore = 0;
    let bestDistance = 0n;
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.timeNs < sinceNs) break;
      // A cascade is told before its trigger at times, never long before.
      if (entry.timeNs > timeNs + 300_000_000n) continue;
      const score = scoreOf(entry, probe, dst, body);
      if (score === 0) continue;
      // Links come up and addresses are added in one go: what comes with a route is what brought it.
      const distance = probe === 'add' ? distanceOf(entry.timeNs, timeNs) : 0n;
      const isBetter = distance === bestDistance ? score > bestScore : distance < bestDistance;
      if (best === null || isBetter) {
        best = entry;
        bestScore = score;
        bestDistance = distance;
      }
    }
    return best;
  }
}

const TOGETHER_NS = 2_000_000n;

/** How far apart, in steps of what counts as the same moment. */
const distanceOf = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b) / TOGETHER_NS;

function scoreOf(
  entry: LoggedTrigger,
  probe: 'add' | 'delete' | 'change',
  dst: string,
  body: RouteBody,
): number {
  const weight = WEIGHT[probe][entry.kind] ?? 0;
  if (weight === 0) return 0;
  if (entry.nhid !== 0) return entry.nhid === body.nhid ? weight + 20 : 0;
  const onLink = body.nexthops.some((hop) => hop.ifindex === entry.ifindex);
  const named =
    entry.address !== null &&
    (body.prefsrc === entry.address || dst.slice(0, dst.indexOf('/')) === entry.address);
  if (named) return weight + 4;
  // Routes of a nexthop object without compat mode name no interface.
  if (onLink || (body.nhid !== null && body.nexthops.length === 0)) return weight;
  return 0;
}
