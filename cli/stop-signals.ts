import { exit, EXIT } from './exit.js';

/** A terminal and a parent process both pass one Ctrl-C on; what comes this soon is the same one. */
const SAME_MS = 500;

/**
 * SIGINT and SIGTERM call `stop` once; a second one later ends the process at once. SIGHUP calls `hangUp`.
 * Returns what gives the signals back.
 */
export function onSignals(stop: () => void, hangUp: () => void): () => void {
  let stoppedAtMs: number | null = null;
  const ask = (): void => {
    const nowMs = performance.now();
    if (stoppedAtMs === null) {
      stoppedAtMs = nowMs;
      stop();
    } else if (nowMs - stoppedAtMs > SAME_MS) {
      exit(EXIT.runtime);
    }
  };
  process.on('SIGINT', ask).on('SIGTERM', ask).on('SIGHUP', hangUp);
  return () => {
    process.off('SIGINT', ask).off('SIGTERM', ask).off('SIGHUP', hangUp);
  };
}
