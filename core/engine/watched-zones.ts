import type { BpfEvent } from '../bpf/read-event.js';
import type { WatchedZone } from './watched-zone.js';

/** The zones being watched or learnt, by the number of their frames and by what a program says of a namespace. */
export class WatchedZones {
  readonly #zones = new Map<number, WatchedZone>();
  readonly #byInode = new Map<number, WatchedZone>();

  get(number: number): WatchedZone | undefined {
    return this.#zones.get(number);
  }

  set(number: number, zone: WatchedZone): void {
    this.#zones.set(number, zone);
    this.#byInode.set(zone.state.identity.id, zone);
  }

  delete(number: number): void {
    const zone = this.#zones.get(number);
    this.#zones.delete(number);
    if (zone === undefined) return;
    const { id } = zone.state.identity;
    if (this.#byInode.get(id) === zone) this.#byInode.delete(id);
  }

  values(): MapIterator<WatchedZone> {
    return this.#zones.values();
  }

  /** The zone a record is of: by inode, and by cookie, since inodes are used again. */
  of(event: BpfEvent): WatchedZone | null {
    const zone = this.#byInode.get(event.u32('netns'));
    if (zone === undefined) return null;
    const cookie = event.u64('net_cookie');
    return cookie === 0n || isSame(cookie, zone.state.identity.cookie) ? zone : null;
  }
}

/** `0`: the zone's cookie could not be read. */
const isSame = (cookie: bigint, known: string): boolean =>
  known === '0' || known === '' || cookie.toString() === known;
