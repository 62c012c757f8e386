import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { RoutetapError } from '../core/errors.js';

/** Options of the native reader; every one is needed. */
export interface NativeReaderOptions {
  /** RTNLGRP_* numbers every zone joins. */
  readonly groups: Int32Array;
  /** Asked of SO_RCVBUFFORCE per event socket, else of SO_RCVBUF. The kernel doubles it. */
  readonly receiveBufferBytes: number;
  /** At least 128 KiB. */
  readonly slabBytes: number;
  /** At least 2. */
  readonly slabs: number;
  /** How long reading waits for more when messages come fast, and the least time between two slabs; 0 to 100,000. */
  readonly coalesceUs: number;
  /** Put PROCESS frames before the first message of a port id. */
  readonly seeProcesses: boolean;
}

/** What the reader counted so far. */
export interface ReaderStats {
  /** Bytes of event datagrams. */
  readonly receivedBytes: number;
  /** Event datagrams: rtnetlink sends one notification in each. */
  readonly receivedMessages: number;
  /** Sum of the LOSS frames. */
  readonly lostMessages: number;
  /** ICMP redirects read from the zones' ICMP sockets. */
  readonly icmpMessages: number;
  /** Redirects that found those sockets' buffers full. */
  readonly icmpDropped: number;
  readonly slabsInUse: number;
  /** What the kernel granted the zone added last (SO_RCVBUF, doubled by the kernel); 0 before the first. */
  readonly receiveBufferBytes: number;
}

/** Who a network namespace is. */
export interface NativeZone {
  /** nsfs inode. */
  readonly inode: number;
  /** SO_NETNS_COOKIE as decimal text. */
  readonly cookie: string;
  readonly icmp: NativeIcmp;
}

/** The sockets of a zone that see ICMP redirects. */
export interface NativeIcmp {
  readonly inet: boolean;
  readonly inet6: boolean;
  /** Of the first socket that could not be opened, positive; 0 without. */
  readonly errno: number;
}

/**
 * The native reader (sources/rtnetlink/native). Wrong arguments throw a TypeError, the kernel's refusals an
 * Error with `errno` and `syscall`, and everything but `release` and `close` throws once closed.
 */
export interface NativeReader {
  addZone(zone: number, path: string | null, filter: Uint8Array | null, icmp?: boolean): NativeZone;
  /** True when there was one. */
  removeZone(zone: number): boolean;
  setFilter(zone: number, filter: Uint8Array | null): void;
  query(zone: number, token: number, request: Uint8Array): void;
  barrier(zone: number, token: number): void;
  /** The frames of the oldest slab, valid until `release`, or null; after null `onReady` is called again. */
  take(): Uint8Array | null;
  release(): void;
  close(): void;
  stats(): ReaderStats;
}

interface NativeBinding {
  readonly Reader: new (options: NativeReaderOptions, onReady: () => void) => NativeReader;
}

let loaded: NativeBinding | null = null;

/** The directory with package.json above this file: a checkout's, or the installed package's. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json'))) return directory;
    if (directory === dirname(directory)) return start;
  }
}

/** Loads build/rtnetlink.node once. Throws a RoutetapError of kind `runtime` when it isn't there or doesn't load. */
export function loadNative(): NativeBinding {
  if (loaded !== null) return loaded;
  const path = join(packageRoot(), 'build', 'rtnetlink.node');
  if (!existsSync(path)) {
    throw new RoutetapError(
      'runtime',
      `expected the native reader at ${path}, found nothing: run \`npm run build\``,
    );
  }
  try {
    loaded = createRequire(import.meta.url)(path) as NativeBinding;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new RoutetapError('runtime', `the native reader ${path} does not load: ${reason}`, {
      cause,
    });
  }
  return loaded;
}
