import { RouteRecord } from './engine/record.js';
import type { RoutetapRecord } from './event.js';

/** The record under another number. The engine's have one reader and take it in place, others are copied. */
export function numbered(record: RoutetapRecord, seq: number): RoutetapRecord {
  if (record.seq === seq) return record;
  if (!(record instanceof RouteRecord)) return { ...record, time: record.time, seq };
  record.seq = seq;
  return record;
}
