import type { Sink } from '../core/sink.js';

const HIGH_BYTES = 16 << 20;
const LOW_BYTES = 4 << 20;
const LOOK_EVERY_MS = 5;
/** A sink whose target takes nothing for this long is not waited for until it moves again. */
const STUCK_MS = 2000;

/**
 * Lets a source wait while a sink has much to write. Returns null when nothing has to be waited for. A sink
 * whose target stands still is waited for once: then its queue fills, it drops and counts, the others go on.
 */
export function patienceFor(sinks: readonly Sink[]): () => Promise<void> | null {
  const stuck = new Map<Sink, number>();
  const isFull = (sink: Sink, bytes: number): boolean => {
    if ((sink.backlogBytes ?? 0) < bytes) return false;
    const writtenWhenStuck = stuck.get(sink);
    if (writtenWhenStuck === undefined) return true;
    if (writtenWhenStuck === sink.counters.written) return false;
    stuck.delete(sink);
    return true;
  };
  const room = async (): Promise<void> => {
    const seen = new Map<Sink, { written: number; sinceMs: number }>();
    for (;;) {
      const nowMs = performance.now();
      const full = sinks.filter((sink) => isFull(sink, LOW_BYTES));
      if (full.length === 0) return;
      for (const sink of full) {
        const { written } = sink.counters;
        const before = seen.get(sink);
        if (before?.written !== written) seen.set(sink, { written, sinceMs: nowMs });
        else if (nowMs - before.sinceMs > STUCK_MS) stuck.set(sink, written);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
  return () => (sinks.some((sink) => isFull(sink, HIGH_BYTES)) ? room() : null);
}
