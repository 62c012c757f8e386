/** A route's key as the kernel keys it: (table and source prefix, destination, tos, priority). Reused as a scratch. */
export class RouteKey {
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  /** Prefix length of the destination. */
  length = 0;
  /** Number of the (table, source prefix) pair. */
  context = 0;
  tos = 0;
  priority = 0;

  copyFrom(other: RouteKey): void {
    this.w0 = other.w0;
    this.w1 = other.w1;
    this.w2 = other.w2;
    this.w3 = other.w3;
    this.length = other.length;
    this.context = other.context;
    this.tos = other.tos;
    this.priority = other.priority;
  }

  equals(other: RouteKey): boolean {
    return (
      this.w0 === other.w0 &&
      this.length === other.length &&
      this.context === other.context &&
      this.priority === other.priority &&
      this.tos === other.tos &&
      this.w1 === other.w1 &&
      this.w2 === other.w2 &&
      this.w3 === other.w3
    );
  }

  /** Over context and prefix only, so that a longest-prefix match can find every tos and priority. */
  prefixHash(): number {
    let hash = Math.imul(this.w0 ^ (this.context << 8) ^ this.length, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ this.w1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13) ^ this.w2, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 16) ^ this.w3, 0x27d4eb2f);
    return hash ^ (hash >>> 15);
  }

  /** Over the whole key. */
  hash(): number {
    let hash = Math.imul(this.prefixHash() ^ this.priority, 0x9e3779b1);
    hash ^= hash >>> 16;
    return Math.imul(hash ^ this.tos, 0x85ebca6b) ^ (hash >>> 13);
  }
}
