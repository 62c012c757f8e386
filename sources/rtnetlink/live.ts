import { getSystemErrorName, types } from 'node:util';

import { RoutetapError } from '../../core/errors.js';
import {
  loadNative,
  type NativeIcmp,
  type NativeReader,
  type NativeZone,
  type ReaderStats,
} from '../native.js';
import { RTNLGRP } from './groups.js';

export interface LiveReaderOptions {
  /** Receive buffer asked for each zone's event socket; 64 MiB. */
  readonly receiveBufferBytes?: number;
  /** 1 MiB; at least 128 KiB. */
  readonly slabBytes?: number;
  /** 128; at least 2. When all are full the kernel's buffer fills, and what it can't hold is counted as lost. */
  readonly slabs?: number;
  /** 1,000. How long reading waits for more while messages come fast, and the least time between two slabs. */
  readonly coalesceUs?: number;
  /** True: PROCESS frames stand before the first message of a port id. */
  readonly seeProcesses?: boolean;
  /** Whole frames, one slab; valid only during the call. */
  readonly onBatch: (bytes: Uint8Array) => void;
  /** What `onBatch` or `patience` threw; reading goes on. */
  readonly onError: (error: Error) => void;
  /** Asked before each slab but the first after a pause: a promise to wait for when a sink is behind, else null. */
  readonly patience?: () => Promise<void> | null;
}

export interface ZoneOptions {
  /** True: ICMP frames bring the redirects the zone receives. */
  readonly icmp?: boolean;
}

/** For which families a zone's redirects are seen. */
export interface IcmpSockets {
  readonly inet: boolean;
  readonly inet6: boolean;
  /** Why the first that isn't open is not (EPERM: without CAP_NET_RAW); null when both are. */
  readonly code: string | null;
}

export interface OpenedZone extends Pick<NativeZone, 'inode' | 'cookie'> {
  /** Null when not asked for. */
  readonly icmp: IcmpSockets | null;
}

/** Reads the rtnetlink sockets of any number of network namespaces. Keeps the process alive until closed. */
export interface LiveReader {
  /**
   * Opens the sockets inside the namespace at `path` (/proc/PID/ns/net, /run/netns/NAME; null: our own), groups
   * joined when it returns. Throws a RoutetapError with `code` when the kernel refuses (ENOENT: no such namespace;
   * kind `privilege` for EPERM and EACCES) or the number is taken (EEXIST). ICMP sockets that can't be opened are
   * no failure: the result says so.
   */
  addZone(
    zone: number,
    path: string | null,
    filter: Uint8Array | null,
    options?: ZoneOptions,
  ): OpenedZone;
  /** Closes the zone's sockets at once: they keep the namespace alive. Frames read before may still come. */
  removeZone(zone: number): void;
  /** Attaches another classic BPF program, or none. Throws a RoutetapError (EINVAL: bad program, ENODEV: no such zone). */
  setFilter(zone: number, filter: Uint8Array | null): void;
  /**
   * Sends a request (nlmsghdr and on) and brings its replies as REPLY frames. Queries and barriers of a zone are done
   * one after the other, in the order asked; what can't be done comes back as QUERY_FAILED.
   */
  query(zone: number, token: number, request: Uint8Array): void;
  /** Drains the zone's event socket, then puts a BARRIER frame. */
  barrier(zone: number, token: number): void;
  /** Resolves when thread and sockets are gone; `onBatch` isn't called any more from the call on. */
  close(): Promise<void>;
  /** After close: as it was then. */
  stats(): ReaderStats;
}

const asError = (thrown: unknown): Error =>
  types.isNativeError(thrown) ? thrown : new Error(String(thrown));

/** The addon moves errno; its name is given here. */
function refusal(what: string, thrown: unknown): unknown {
  const { errno, syscall } = thrown as { errno?: unknown; syscall?: unknown };
  if (typeof errno !== 'number' || typeof syscall !== 'string') return thrown;
  const code = getSystemErrorName(-errno);
  const message = `${what}: ${syscall} gave ${code}`;
  if (code !== 'EPERM' && code !== 'EACCES') {
    return new RoutetapError('runtime', message, { code, cause: thrown });
  }
  const needed = syscall === 'setns' ? 'CAP_SYS_ADMIN' : 'root or the right to read it';
  return new RoutetapError('privilege', `${message}; it takes ${needed}`, { code, cause: thrown });
}

const named = ({ inet, inet6, errno }: NativeIcmp): IcmpSockets => ({
  inet,
  inet6,
  code: errno === 0 ? null : getSystemErrorName(-errno),
});

class SlabReader implements LiveReader {
  readonly #options: LiveReaderOptions;
  readonly #native: NativeReader;
  #delivering = false;
  #closed: Promise<void> | null = null;
  #lastStats: ReaderStats | null = null;

  constructor(options: LiveReaderOptions) {
    this.#options = options;
    const { Reader } = loadNative();
    try {
      this.#native = new Reader(
        {
          groups: Int32Array.from(Object.values(RTNLGRP)),
          receiveBufferBytes: options.receiveBufferBytes ?? 64 << 20,
          slabBytes: options.slabBytes ?? 1 << 20,
          slabs: options.slabs ?? 128,
          coalesceUs: options.coalesceUs ?? 1000,
          seeProcesses: options.seeProcesses ?? true,
        },
        () => this.#ready(),
      );
    } catch (thrown) {
      throw refusal('cannot start the rtnetlink reader', thrown);
    }
  }

  addZone(
    zone: number,
    path: string | null,
    filter: Uint8Array | null,
    { icmp = false }: ZoneOptions = {},
  ): OpenedZone {
    this.#mustBeOpen();
    try {
      const opened = this.#native.addZone(zone, path, filter, icmp);
      return { inode: opened.inode, cookie: opened.cookie, icmp: icmp ? named(opened.icmp) : null };
    } catch (thrown) {
      const place = path === null ? 'our own' : JSON.stringify(path);
      throw refusal(`cannot watch the network namespace ${place}`, thrown);
    }
  }

  removeZone(zone: number): void {
    if (this.#closed === null) this.#native.removeZone(zone);
  }

  setFilter(zone: number, filter: Uint8Array | null): void {
    this.#mustBeOpen();
    try {
      this.#native.setFilter(zone, filter);
    } catch (thrown) {
      throw refusal(`cannot filter zone ${zone} in the kernel`, thrown);
    }
  }

  query(zone: number, token: number, request: Uint8Array): void {
    if (this.#closed === null) this.#native.query(zone, token, request);
  }

  barrier(zone: number, token: number): void {
    if (this.#closed === null) this.#native.barrier(zone, token);
  }

  close(): Promise<void> {
    // A microtask later: close may be called inside onBatch, whose bytes must live until it returns.
    this.#closed ??= Promise.resolve().then(() => {
      this.#lastStats = this.#native.stats();
      this.#native.close();
    });
    return this.#closed;
  }

  stats(): ReaderStats {
    return this.#lastStats ?? this.#native.stats();
  }

  #mustBeOpen(): void {
    if (this.#closed !== null) {
      throw new RoutetapError('runtime', 'expected an open rtnetlink reader, this one is closed');
    }
  }

  #ready(): void {
    if (!this.#delivering) this.#deliver();
  }

  /** One slab per turn of the event loop, so that timers and sinks get theirs. */
  #deliver(): void {
    this.#delivering = false;
    if (this.#closed !== null) return;
    const bytes = this.#native.take();
    if (bytes === null) return;
    this.#delivering = true;
    try {
      this.#options.onBatch(bytes);
    } catch (thrown) {
      this.#options.onError(asError(thrown));
    } finally {
      this.#native.release();
    }
    this.#next();
  }

  #next(): void {
    const again = (): void => void setImmediate(() => this.#deliver());
    const wait = this.#askPatience();
    if (wait === null) {
      again();
      return;
    }
    wait.then(again, (thrown: unknown) => {
      this.#options.onError(asError(thrown));
      again();
    });
  }

  #askPatience(): Promise<void> | null {
    try {
      return this.#options.patience?.() ?? null;
    } catch (thrown) {
      this.#options.onError(asError(thrown));
      return null;
    }
  }
}

/** Starts the reader's thread; zones are added afterwards. Throws a RoutetapError or, for wrong options, a TypeError. */
export function openLiveReader(options: LiveReaderOptions): LiveReader {
  return new SlabReader(options);
}
