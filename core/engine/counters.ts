/** What the engine counts (docs/events.md, Accounting). */
export interface EngineCounters {
  /** rtnetlink messages received. */
  received: number;
  decoded: number;
  malformed: number;
  /** Messages the kernel dropped, by the socket's own counter. */
  lost: number;
  /** Records of eBPF programs the ring had no room for, or that came too fast. */
  ring_lost: number;
  inferred: number;
  resyncs: number;
  /** Route events said. */
  events: number;
}

export const newCounters = (): EngineCounters => ({
  received: 0,
  decoded: 0,
  malformed: 0,
  lost: 0,
  ring_lost: 0,
  inferred: 0,
  resyncs: 0,
  events: 0,
});
