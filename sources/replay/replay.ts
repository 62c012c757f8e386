import { createReadStream } from 'node:fs';
import { hostname } from 'node:os';
import { Observable, type Subscriber } from 'rxjs';
import { Engine } from '../../core/engine/engine.js';
import { RoutetapError } from '../../core/errors.js';
import type { RoutetapRecord } from '../../core/event.js';
import { buildFrame, FRAME_HEADER_BYTES, FRAME_KIND, frameBytes } from '../../core/frame.js';
import { RECORDING_MAGIC, RecordingSplitter } from '../../core/recording.js';
import type { ForeignReader } from './foreign.js';
import { ForeignFeed } from './foreign-feed.js';
import { isPcap, PcapReader } from './pcap.js';
import { isPcapng, PcapngReader } from './pcapng.js';
import { isRtmon, RtmonReader } from './rtmon.js';
import { version } from '../version.js';
import { engineOptions } from './recorded-options.js';

/** What to replay, and how. */
export interface ReplayOptions {
  /** Path; `-` is standard input. */
  readonly file: string;
  /** Records carry the raw message. */
  readonly raw?: boolean;
  /** One line for the user, for example about a torn end. */
  readonly warn?: (line: string) => void;
  /** Waited for before the next batch; lets slow sinks keep pace. */
  readonly ready?: () => Promise<void> | undefined;
}

const CHUNK_BYTES = 1 << 20;

/** In a replay nobody can be asked: the answers stand in the recording. */
const NOBODY = {
  query: () => undefined,
  barrier: () => undefined,
  timer: () => undefined,
  process: () => null,
};

/** Turns the bytes of a file into records. */
interface Feed {
  push(chunk: Uint8Array): Iterable<RoutetapRecord[]>;
  end(): Iterable<RoutetapRecord[]>;
}

class RecordingFeed implements Feed {
  readonly #splitter = new RecordingSplitter();
  readonly #options: ReplayOptions;
  #engine: Engine | null = null;
  #lastNs = 0n;
  #stopped = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  *push(chunk: Uint8Array): Iterable<RoutetapRecord[]> {
    for (const batch of this.#splitter.push(chunk)) yield this.#feed(batch);
  }

  *end(): Iterable<RoutetapRecord[]> {
    const { batch, tornBytes } = this.#splitter.end();
    if (batch !== null) yield this.#feed(batch);
    if (tornBytes > 0) {
      this.#options.warn?.(
        `${this.#options.file}: ends inside a frame, ${tornBytes} bytes of it were left out`,
      );
    }
    // A run which was cut off ends when it was last seen alive.
    if (!this.#stopped) {
      yield this.#feed(buildFrame({ kind: FRAME_KIND.STOP, zone: 0, timeNs: this.#lastNs }));
    }
  }

  #feed(batch: Uint8Array): RoutetapRecord[] {
    const records: RoutetapRecord[] = [];
    this.#started().feed(batch, records);
    this.#noteLast(batch);
    return records;
  }

  #noteLast(batch: Uint8Array): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    for (let at = 0; at + FRAME_HEADER_BYTES <= batch.length;) {
      this.#lastNs = view.getBigUint64(at + 16, true);
      this.#stopped = view.getUint16(at + 4, true) === FRAME_KIND.STOP;
      at += frameBytes(view.getUint32(at, true));
    }
  }

  #started(): Engine {
    const header = this.#splitter.header;
    if (header === null) throw new RoutetapError('runtime', 'recording without a header');
    if (this.#engine === null && header.version !== version()) {
      // What the engine asked the kernel stands in the recording; another engine may ask otherwise.
      this.#options.warn?.(
        `${this.#options.file}: recorded by routetap ${header.version}, this is ${version()}: inferred events may differ`,
      );
    }
    return (this.#engine ??= new Engine(engineOptions(header, this.#options.raw ?? false), NOBODY));
  }
}

function openFeed(head: Uint8Array, options: ReplayOptions): Feed {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const foreign = (reader: ForeignReader): Feed =>
    new ForeignFeed(reader, {
      file: options.file,
      host: hostname(),
      raw: options.raw ?? false,
      warn: options.warn ?? (() => undefined),
    });
  if (isRtmon(view)) return foreign(new RtmonReader());
  if (isPcap(view)) return foreign(new PcapReader());
  if (isPcapng(view)) return foreign(new PcapngReader());
  const text = String.fromCharCode(...head.subarray(0, RECORDING_MAGIC.length));
  if (head.length > 0 && RECORDING_MAGIC.startsWith(text)) return new RecordingFeed(options);
  throw new RoutetapError(
    'runtime',
    `${options.file}: expected a routetap recording, an rtmon file or a pcap of an nlmon device, got ${head.length === 0 ? 'an empty file' : 'something else'}`,
  );
}

async function replay(
  options: ReplayOptions,
  subscriber: Subscriber<readonly RoutetapRecord[]>,
): Promise<void> {
  const input =
    options.file === '-'
      ? process.stdin
      : createReadStream(options.file, { highWaterMark: CHUNK_BYTES });
  let feed: Feed | null = null;
  let head: Uint8Array = new Uint8Array(0);
  const emit = async (batches: Iterable<RoutetapRecord[]>): Promise<void> => {
    for (const records of batches) {
      if (subscriber.closed) return;
      if (records.length > 0) subscriber.next(records);
      await options.ready?.();
    }
  };
  for await (const chunk of input as AsyncIterable<Uint8Array>) {
    if (subscriber.closed) return;
    if (feed === null) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < RECORDING_MAGIC.length) continue;
      feed = openFeed(head, options);
      await emit(feed.push(head));
    } else {
      await emit(feed.push(chunk));
    }
  }
  if (feed === null) {
    feed = openFeed(head, options);
    await emit(feed.push(head));
  }
  await emit(feed.end());
  subscriber.complete();
}

/**
 * Feeds a recording (routetap's own, rtmon's, or a pcap or pcapng of an nlmon device) to the engine.
 * A recording of routetap gives the records the live run gave. Errors with a RoutetapError (`runtime`).
 */
export function replayBatches(options: ReplayOptions): Observable<readonly RoutetapRecord[]> {
  return new Observable((subscriber) => {
    replay(options, subscriber).catch((error: unknown) => {
      if (error instanceof RoutetapError) {
        subscriber.error(error);
        return;
      }
      const code = (error as NodeJS.ErrnoException).code;
      subscriber.error(
        code === undefined
          ? error
          : new RoutetapError('runtime', `can't read ${options.file}: ${code}`, {
              code,
              cause: error,
            }),
      );
    });
  });
}
