import type { SinkCounters } from '../core/sink.js';
import { Waiters } from './waiters.js';

/** Room of a sink's queue unless `queue=SIZE` says otherwise: 64 MiB, about 130,000 JSON lines. */
export const DEFAULT_QUEUE_BYTES = 64 * 1024 * 1024;

/**
 * Records on their way to a target, as text, first in first out, bounded by bytes; the newest is dropped when full.
 * A record stays in the queue until the target has it, so written + dropped + queued = accepted at every moment.
 */
export class RecordQueue implements SinkCounters {
  written = 0;
  dropped = 0;
  failed = 0;
  /** Bytes (UTF-8) waiting. */
  bytes = 0;
  readonly maxBytes: number;
  #items: string[] = [];
  #sizes: number[] = [];
  #head = 0;
  #pushed = 0;
  readonly #waiters = new Waiters();

  constructor(maxBytes = DEFAULT_QUEUE_BYTES) {
    this.maxBytes = maxBytes;
  }

  get queued(): number {
    return this.#items.length - this.#head;
  }

  /** Takes one record in, or counts it as dropped when there is no room. */
  push(text: string): void {
    const size = Buffer.byteLength(text);
    // A record bigger than the whole queue still goes through when nothing waits.
    if (this.bytes + size > this.maxBytes && this.queued > 0) {
      this.dropped += 1;
      return;
    }
    this.#items.push(text);
    this.#sizes.push(size);
    this.bytes += size;
    this.#pushed += 1;
  }

  /** The oldest records up to `maxBytes` together (always at least one while any waits); they stay queued. */
  peek(maxBytes: number, maxRecords = Infinity): string[] {
    let end = this.#head;
    let bytes = 0;
    while (end < this.#items.length && end - this.#head < maxRecords) {
      bytes += this.#sizes[end] ?? 0;
      if (bytes > maxBytes && end > this.#head) break;
      end += 1;
    }
    return this.#items.slice(this.#head, end);
  }

  /** Bytes of the oldest record, 0 when none waits. */
  get nextBytes(): number {
    return this.#sizes[this.#head] ?? 0;
  }

  /** The oldest `count` records reached the target. */
  wrote(count: number): void {
    this.written += count;
    this.#remove(count);
  }

  /** The oldest `count` records are given up. */
  giveUp(count: number = this.queued): void {
    this.dropped += count;
    this.#remove(count);
  }

  /** Resolves true once everything queued now has left the queue, false after `timeoutMs`. */
  settled(timeoutMs: number): Promise<boolean> {
    return this.#waiters.until(this.#pushed, timeoutMs);
  }

  #remove(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.bytes -= this.#sizes[this.#head] ?? 0;
      this.#items[this.#head] = '';
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    this.#waiters.advance(count);
  }
}
