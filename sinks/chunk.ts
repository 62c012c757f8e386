/** Encoded lines, back to back, with the place where each ends. */
export class Chunk {
  readonly bytes: Buffer;
  /** Where each line ends; valid below `count`. */
  readonly ends: number[] = [];
  count = 0;
  /** Where the last line ends. */
  filled = 0;
  /** Lines that are gone, and the bytes they took. */
  gone = 0;
  start = 0;

  constructor(size: number) {
    // Slow: memory of its own, which a pool of small buffers would keep alive or be kept alive by.
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  get lines(): number {
    return this.count - this.gone;
  }

  get waiting(): number {
    return this.filled - this.start;
  }

  get room(): number {
    return this.bytes.length - this.filled;
  }

  clear(): void {
    this.count = this.filled = this.gone = this.start = 0;
  }

  /**
   * Puts lines behind those that are there; there must be room. `lengths` has the characters of each, of which
   * the first `count` are meant.
   */
  append(text: string, lengths: readonly number[], count: number): void {
    const written = this.bytes.write(text, this.filled);
    const isAscii = written === text.length;
    let end = this.filled;
    let from = 0;
    for (let index = 0; index < count; index += 1) {
      const length = lengths[index] ?? 0;
      end += isAscii ? length : Buffer.byteLength(text.slice(from, from + length));
      from += length;
      this.ends[this.count] = end;
      this.count += 1;
    }
    this.filled = end;
  }

  /** A line was written behind those that are there, and ends at `end`. */
  appended(end: number): void {
    this.ends[this.count] = end;
    this.count += 1;
    this.filled = end;
  }

  /** How many of the waiting lines end within `bytes` from the first on. */
  linesWithin(bytes: number): number {
    const most = this.start + bytes;
    let low = this.gone;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ends[middle] ?? 0) <= most) low = middle + 1;
      else high = middle;
    }
    return low - this.gone;
  }

  /** Bytes of the first `lines` waiting lines. */
  bytesOf(lines: number): number {
    return lines === 0 ? 0 : (this.ends[this.gone + lines - 1] ?? 0) - this.start;
  }

  /** The first `lines` waiting lines are gone. */
  drop(lines: number): void {
    this.start += this.bytesOf(lines);
    this.gone += lines;
  }
}
