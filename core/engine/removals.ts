import type { BpfEvent } from '../bpf/read-event.js';
import type { Process, Provenance } from '../event.js';
import type { Fib } from '../fib/fib.js';
import { RouteKey } from '../fib/route-key.js';
import { be32 } from '../wire/bytes.js';

/** An IPv4 route as it left the table. */
export interface Removal {
  readonly timeNs: bigint;
  readonly provenance: Provenance;
  /** Whose call took it away; null for the kernel's own work. */
  readonly process: Process | null;
}

interface Seen extends Removal {
  /** A sync was asked for because of it. */
  isLookedInto: boolean;
}

/** On a loaded machine the dump that tells of it comes seconds later. */
const HOLDS_NS = 30_000_000_000n;
const KEPT = 200_000;

const textOf = (w0: number, length: number, tos: number, priority: number, table: number): string =>
  `${w0 >>> 0}/${length} ${tos} ${priority} ${table}`;

/** What programs saw leave the IPv4 tables of one zone, until a message or a dump has told of it. */
export class Removals {
  readonly #seen = new Map<string, Seen>();

  get size(): number {
    return this.#seen.size;
  }

  saw(event: BpfEvent, process: Process | null): void {
    const { timeNs, provenance } = event;
    const address = event.addressBytes('dst');
    const text = textOf(
      address === null ? 0 : be32(address, 0),
      event.u8('prefix_len'),
      event.u8('tos'),
      event.u32('priority'),
      event.u32('table'),
    );
    this.forget(timeNs);
    // Deleted first, so that the map stays in the order of time.
    this.#seen.delete(text);
    this.#seen.set(text, {
      timeNs,
      provenance: provenance ?? 'tracepoint',
      process,
      isLookedInto: false,
    });
  }

  /** Lets go of what nothing told of for too long. */
  forget(nowNs: bigint): void {
    for (const [text, { timeNs }] of this.#seen) {
      if (nowNs - timeNs <= HOLDS_NS && this.#seen.size < KEPT) return;
      this.#seen.delete(text);
    }
  }

  /** The removal of a route with this key, which is then forgotten. */
  take(key: RouteKey, table: number, nowNs: bigint): Removal | null {
    if (this.#seen.size === 0) return null;
    const text = textOf(key.w0, key.length, key.tos, key.priority, table);
    const found = this.#seen.get(text);
    if (found === undefined) return null;
    this.#seen.delete(text);
    return nowNs - found.timeNs > HOLDS_NS ? null : found;
  }

  /**
   * Whether the mirror still holds a route that left its table before `beforeNs`, and nothing told of it. Says
   * so once: what the kernel shows then is true.
   */
  isMissed(fib: Fib, beforeNs: bigint): boolean {
    const key = new RouteKey();
    let isMissed = false;
    for (const [text, seen] of this.#seen) {
      if (seen.timeNs > beforeNs) break;
      if (seen.isLookedInto) continue;
      seen.isLookedInto = true;
      const [w0 = 0, length = 0, tos = 0, priority = 0, table = 0] = text.split(/[/ ]/).map(Number);
      key.w0 = w0;
      key.length = length;
      key.tos = tos;
      key.priority = priority;
      key.context = fib.contexts.ofTable(table);
      isMissed ||= key.context >= 0 && fib.inet.first(key) >= 0;
    }
    return isMissed;
  }
}
