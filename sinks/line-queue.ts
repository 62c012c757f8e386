import type { SinkCounters } from '../core/sink.js';
import { Chunk } from './chunk.js';
import type { LineWriter } from './line.js';
import { DEFAULT_QUEUE_BYTES } from './queue.js';
import { Waiters } from './waiters.js';

/** Characters put together before they are encoded: few calls, and the text is gone before a collection looks at it. */
const GROUP_CHARACTERS = 16 * 1024;
/** Bytes one UTF-16 unit can take in UTF-8. */
const MOST_BYTES = 3;
/** Room made for a line that goes the quick way; longer ones don't. */
const QUICK_BYTES = 4096;
/** A chunk of a queue that is mostly empty, and one of a queue with much to do. */
const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 256 * 1024;
/** Empty chunks kept for the next burst, and how long after the last one. */
const SPARE_CHUNKS = 32;
const SPARE_MS = 2000;

/**
 * Records on their way to a target that takes bytes, as encoded lines, first in first out, bounded by bytes; the newest
 * is dropped when full. A record stays in the queue until the target has all of it, so written + dropped + queued =
 * accepted at every moment.
 */
export class LineQueue<Item> implements SinkCounters {
  written = 0;
  dropped = 0;
  failed = 0;
  /** Bytes waiting. */
  bytes = 0;
  readonly maxBytes: number;
  readonly #writer: LineWriter<Item>;
  #chunks: Chunk[] = [];
  #spare: Chunk[] = [];
  #spareTimer: NodeJS.Timeout | undefined;
  #wasBusy = false;
  #lengths: number[] = [];
  #pushed = 0;
  readonly #waiters = new Waiters();

  constructor(writer: LineWriter<Item>, maxBytes = DEFAULT_QUEUE_BYTES) {
    this.#writer = writer;
    this.maxBytes = maxBytes;
  }

  get queued(): number {
    return this.#pushed - this.#waiters.reached;
  }

  /** Bytes of the oldest record, 0 when none waits. */
  get nextBytes(): number {
    const first = this.#chunks[0];
    return first === undefined || first.lines === 0 ? 0 : first.bytesOf(1);
  }

  /** Takes records in, or counts as dropped those there is no room for. */
  push(items: readonly Item[]): void {
    for (let from = 0; from < items.length;) {
      from = this.#pushQuickly(items, from);
      if (from < items.length) from = this.#pushGroup(items, from);
    }
  }

  /**
   * The oldest records up to `maxBytes` together (always at least one while any waits), without the first `begun`
   * bytes; they stay queued.
   */
  peek(maxBytes: number, begun = 0): Buffer[] {
    const views: Buffer[] = [];
    let room = maxBytes;
    let skip = begun;
    for (const chunk of this.#chunks) {
      if (chunk.lines === 0) break;
      let bytes = chunk.waiting;
      if (bytes > room) {
        const lines = chunk.linesWithin(room);
        if (lines === 0 && views.length > 0) break;
        bytes = chunk.bytesOf(Math.max(lines, 1));
      }
      views.push(chunk.bytes.subarray(chunk.start + skip, chunk.start + bytes));
      skip = 0;
      room -= bytes;
      if (bytes < chunk.waiting) break;
    }
    return views;
  }

  /**
   * The target has the oldest `bytes` bytes. Records it has whole are written; returns how many bytes it has of the
   * next one, which goes on waiting.
   */
  wrote(bytes: number): number {
    let left = bytes;
    let records = 0;
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const lines = left >= chunk.waiting ? chunk.lines : chunk.linesWithin(left);
      left -= chunk.bytesOf(lines);
      this.bytes -= chunk.bytesOf(lines);
      chunk.drop(lines);
      records += lines;
      if (chunk.lines > 0 || this.#chunks.length === 1) {
        if (chunk.lines === 0) chunk.clear();
        break;
      }
      this.#chunks.shift();
      this.#keep(chunk);
    }
    this.written += records;
    this.#waiters.advance(records);
    return left;
  }

  /** All that waits is given up. */
  giveUp(): void {
    const { queued } = this;
    this.dropped += queued;
    this.bytes = 0;
    // Not kept: a write may still be reading them.
    this.#chunks = [];
    this.#letGo();
    this.#waiters.advance(queued);
  }

  /** Resolves true once everything queued now has left the queue, false after `timeoutMs`. */
  settled(timeoutMs: number): Promise<boolean> {
    return this.#waiters.until(this.#pushed, timeoutMs);
  }

  /** Takes in records one by one as long as the quick way goes; returns where it ends. */
  #pushQuickly(items: readonly Item[], from: number): number {
    const writer = this.#writer;
    if (writer.put === undefined) return from;
    let next = from;
    while (next < items.length && this.bytes + QUICK_BYTES <= this.maxBytes) {
      const chunk = this.#chunkWith(QUICK_BYTES);
      const { filled } = chunk;
      const end = writer.put(items[next] as Item, chunk.bytes, filled);
      if (end < 0 || end - filled > QUICK_BYTES) break;
      chunk.appended(end);
      this.bytes += end - filled;
      next += 1;
    }
    this.#pushed += next - from;
    return next;
  }

  #pushGroup(items: readonly Item[], from: number): number {
    // Where there is a quick way, what can't go it is rare.
    const most = this.#writer.put === undefined ? GROUP_CHARACTERS : 1;
    let text = '';
    let next = from;
    try {
      while (next < items.length && text.length < most) {
        const line = this.#writer.line(items[next] as Item);
        this.#lengths[next - from] = line.length;
        text += line;
        next += 1;
      }
    } finally {
      // What came before a record that can't be made a line is taken in.
      this.#take(text, next - from);
    }
    return next;
  }

  #take(text: string, count: number): void {
    if (count === 0) return;
    if (this.bytes + text.length * MOST_BYTES <= this.maxBytes) {
      this.#append(text, this.#lengths, count);
      return;
    }
    let start = 0;
    for (let index = 0; index < count; index += 1) {
      const length = this.#lengths[index] ?? 0;
      const line = text.slice(start, start + length);
      start += length;
      // A record bigger than the whole queue still goes through when nothing waits.
      if (this.queued > 0 && this.bytes + Buffer.byteLength(line) > this.maxBytes) {
        this.dropped += 1;
      } else {
        this.#append(line, [length], 1);
      }
    }
  }

  #append(text: string, lengths: readonly number[], count: number): void {
    const last = this.#chunks.at(-1);
    const most = text.length * MOST_BYTES;
    const chunk =
      last !== undefined && last.room >= most ? last : this.#chunkWith(Buffer.byteLength(text));
    const before = chunk.filled;
    chunk.append(text, lengths, count);
    this.bytes += chunk.filled - before;
    this.#pushed += count;
  }

  /** The last chunk, with room for `need` bytes more. */
  #chunkWith(need: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.room >= need) return last;
    // An empty chunk that is too small makes room for one that is not.
    if (last?.lines === 0) this.#chunks.pop();
    this.#wasBusy = true;
    const spare = need <= LARGE_BYTES ? this.#spare.pop() : undefined;
    const usual = this.bytes === 0 ? SMALL_BYTES : LARGE_BYTES;
    const chunk = spare ?? new Chunk(Math.max(need, usual));
    if (chunk.bytes.length > SMALL_BYTES) this.#watch();
    this.#chunks.push(chunk);
    return chunk;
  }

  #keep(chunk: Chunk): void {
    if (chunk.bytes.length !== LARGE_BYTES || this.#spare.length >= SPARE_CHUNKS) return;
    chunk.clear();
    this.#spare.push(chunk);
  }

  /** Lets memory go that a burst has left behind. */
  #watch(): void {
    this.#spareTimer ??= setInterval(() => {
      if (!this.#wasBusy && this.bytes === 0) {
        this.#chunks = [];
        this.#letGo();
      }
      this.#wasBusy = false;
    }, SPARE_MS).unref();
  }

  #letGo(): void {
    this.#spare = [];
    clearInterval(this.#spareTimer);
    this.#spareTimer = undefined;
  }
}
