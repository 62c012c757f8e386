import type { Outage } from '../outage.js';
import type { RecordQueue } from '../queue.js';

/** Moves queued messages to a syslog daemon. */
export interface Transport {
  /** There is something in the queue. */
  wake(): void;
  /** No more sending; lets go of the socket. */
  stop(): void;
}

export interface TransportParts {
  readonly queue: RecordQueue;
  readonly outage: Outage;
  readonly warn: (line: string) => void;
  /** The destination as the user gave it, for warnings. */
  readonly where: string;
}

/** First and longest wait between two attempts to reach a dead daemon. */
export const FIRST_RETRY_MS = 500;
export const LONGEST_RETRY_MS = 30_000;
