/** Bytes of a file as they arrive, read from the front. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #offset = 0;

  push(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#start);
    if (rest.length === 0) {
      this.#bytes = chunk;
    } else {
      const joined = new Uint8Array(rest.length + chunk.length);
      joined.set(rest);
      joined.set(chunk, rest.length);
      this.#bytes = joined;
    }
    this.#start = 0;
  }

  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /** The next `length` bytes as a view, not taken; fewer at the end. */
  peek(length: number): DataView {
    const there = Math.min(length, this.length);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#start, there);
  }

  /** Takes the next `length` bytes; they must be there. */
  take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#offset += length;
    return bytes;
  }
}
