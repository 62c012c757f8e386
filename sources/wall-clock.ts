/** Now, in nanoseconds of the Unix epoch, as fine as the runtime tells it. */
export const wallClockNs = (): bigint =>
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
