const BITS = 1 << 23;

/**
 * Keys that route messages named since `open`. A bitmap by hash: it never forgets one, and takes a
 * stranger for one at times, which costs a second look and nothing else.
 */
export class Touched {
  #bits: Uint32Array | null = null;
  #any = false;

  get isOpen(): boolean {
    return this.#bits !== null;
  }

  open(): void {
    this.#bits ??= new Uint32Array(BITS / 32);
    if (this.#any) this.#bits.fill(0);
    this.#any = false;
  }

  close(): void {
    this.#bits = null;
    this.#any = false;
  }

  add(hash: number): void {
    if (this.#bits === null) return;
    const bit = hash & (BITS - 1);
    this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    this.#any = true;
  }

  has(hash: number): boolean {
    if (!this.#any || this.#bits === null) return false;
    const bit = hash & (BITS - 1);
    return ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}
