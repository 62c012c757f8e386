import type { TraceZone } from '../../core/trace/model.js';
import { leadsTo, listZones, selfZone } from '../zones/list.js';
import { namedZones } from '../zones/named.js';

/** Going through /proc costs milliseconds, reading /run/netns hardly anything. */
const LIST_EVERY_MS = 1000;
const NAMED_EVERY_MS = 20;
/** Namespaces remembered; the one met first is forgotten first. */
const MOST = 4096;

interface Met {
  readonly name: string | null;
  /** Of its nsfs file; null: none found. */
  readonly path: string | null;
}

/** Names of network namespaces by their inode, looked up when they are met. */
export class ZoneNames {
  /** Inode of our own. */
  readonly own: number;
  readonly #met = new Map<number, Met>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #namedAt = Number.NEGATIVE_INFINITY;

  /** Throws a runtime RoutetapError when /proc does not show our own namespace. */
  constructor() {
    const { id, name } = selfZone();
    this.own = id;
    this.#met.set(id, { name, path: null });
  }

  /** The namespace with this inode, named as `zone` of events is. */
  zone(id: number): TraceZone {
    return { id, name: this.#meet(id)?.name ?? null };
  }

  /** What leads into a namespace now; null for our own, undefined where nothing does. `pid`: may live there. */
  path(id: number, pid: number): string | null | undefined {
    if (id === this.own) return null;
    const paths = [this.#meet(id)?.path ?? null, `/proc/${pid}/ns/net`];
    return paths.find((path) => path !== null && leadsTo(path, id)) ?? undefined;
  }

  #meet(id: number): Met | undefined {
    const met = this.#met.get(id);
    if (met !== undefined || id === 0) return met;
    this.#lookAtNames();
    if (!this.#met.has(id)) this.#lookAtAll();
    return this.#met.get(id);
  }

  #lookAtNames(): void {
    const now = performance.now();
    if (now - this.#namedAt < NAMED_EVERY_MS) return;
    this.#namedAt = now;
    for (const zone of namedZones().zones) if (zone.name !== null) this.#add(zone.id, zone);
  }

  #lookAtAll(): void {
    const now = performance.now();
    if (now - this.#listedAt < LIST_EVERY_MS) return;
    this.#listedAt = now;
    for (const zone of listZones()) this.#add(zone.id, zone);
  }

  #add(id: number, { name, path }: Met): void {
    if (this.#met.has(id)) return;
    this.#met.set(id, { name, path });
    if (this.#met.size <= MOST) return;
    for (const oldest of this.#met.keys()) {
      if (oldest === this.own) continue;
      this.#met.delete(oldest);
      break;
    }
  }
}
