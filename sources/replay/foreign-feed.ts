import type { EngineAsk } from '../../core/engine/ask.js';
import { Engine } from '../../core/engine/engine.js';
import type { RoutetapRecord } from '../../core/event.js';
import { foreignEngineOptions } from './recorded-options.js';
import type { ForeignDatagram, ForeignReader } from './foreign.js';
import {
  barrierFrame,
  datagramFrames,
  emptyDump,
  joined,
  queryFailed,
  stopFrame,
  timerFrame,
  zoneFrame,
} from './foreign-frames.js';

/** Feeds what another tool wrote. */
export interface ForeignFeedOptions {
  readonly file: string;
  readonly host: string;
  readonly raw: boolean;
  readonly warn: (line: string) => void;
}

/**
 * A foreign file holds notifications and no state. The engine's first dumps are answered as empty, so it
 * begins with an empty mirror; what it asks later can't be answered truthfully and fails.
 */
export class ForeignFeed {
  readonly #reader: ForeignReader;
  readonly #options: ForeignFeedOptions;
  readonly #engine: Engine;
  #answers: Uint8Array[] = [];
  #timeNs = 0n;
  #begun = false;

  constructor(reader: ForeignReader, options: ForeignFeedOptions) {
    this.#reader = reader;
    this.#options = options;
    const ask: EngineAsk = {
      query: (_zone, token, request) => {
        this.#answers.push(
          this.#begun ? queryFailed(token, this.#timeNs) : emptyDump(token, request, this.#timeNs),
        );
      },
      barrier: (_zone, token) => {
        this.#answers.push(barrierFrame(token, this.#timeNs));
      },
      // Later syncs wait for their timer for ever, and so never ask.
      timer: (token) => {
        if (!this.#begun) this.#answers.push(timerFrame(token, this.#timeNs));
      },
      process: () => null,
    };
    this.#engine = new Engine(foreignEngineOptions(options.host, options.raw), ask);
  }

  *push(chunk: Uint8Array): Iterable<RoutetapRecord[]> {
    const datagrams = this.#reader.push(chunk);
    if (datagrams.length > 0) yield this.#feed(datagrams);
  }

  *end(): Iterable<RoutetapRecord[]> {
    const { tornBytes, offset } = this.#reader.end();
    if (tornBytes > 0) {
      this.#options.warn(
        `${this.#options.file}: ends inside a record that begins at byte ${offset}, its ${tornBytes} bytes were left out`,
      );
    }
    const records: RoutetapRecord[] = [];
    this.#begin(this.#timeNs, records);
    this.#engine.feed(stopFrame(this.#timeNs), records);
    yield records;
  }

  #feed(datagrams: readonly ForeignDatagram[]): RoutetapRecord[] {
    const records: RoutetapRecord[] = [];
    this.#begin(datagrams[0]?.timeNs ?? 0n, records);
    this.#timeNs = datagrams.at(-1)?.timeNs ?? this.#timeNs;
    this.#feedAndAnswer(datagramFrames(datagrams), records);
    return records;
  }

  #begin(timeNs: bigint, records: RoutetapRecord[]): void {
    if (this.#begun) return;
    this.#timeNs = timeNs;
    this.#feedAndAnswer(zoneFrame(timeNs), records);
    this.#begun = true;
  }

  #feedAndAnswer(frames: Uint8Array, records: RoutetapRecord[]): void {
    this.#engine.feed(frames, records);
    while (this.#answers.length > 0) {
      const answers = joined(this.#answers);
      this.#answers = [];
      this.#engine.feed(answers, records);
    }
  }
}
