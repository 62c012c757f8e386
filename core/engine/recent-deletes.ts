const KEPT = 4096;

/** Keys of the last IPv4 deletes, by hash; the oldest make room. */
export class RecentDeletes {
  #hashes: Int32Array | null = null;
  #timesNs: BigInt64Array | null = null;
  #next = 0;
  #size = 0;

  add(hash: number, timeNs: bigint): void {
    // Most namespaces never delete a route.
    this.#hashes ??= new Int32Array(KEPT);
    this.#timesNs ??= new BigInt64Array(KEPT);
    this.#hashes[this.#next] = hash;
    this.#timesNs[this.#next] = timeNs;
    this.#next = (this.#next + 1) % KEPT;
    this.#size = Math.min(this.#size + 1, KEPT);
  }

  /** Those at `sinceNs` or later, newest first. */
  since(sinceNs: bigint, each: (hash: number) => void): void {
    for (let back = 1; back <= this.#size; back++) {
      const at = (this.#next - back + KEPT) % KEPT;
      if ((this.#timesNs?.[at] ?? 0n) < sinceNs) return;
      each(this.#hashes?.[at] ?? 0);
    }
  }
}
