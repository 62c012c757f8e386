import type { RouteEvent, Zone } from '../event.js';
import { routeKey } from '../route-sides.js';

/** A destination as people see it: one prefix in one table of one zone, whatever metric or tos. */
export interface PrefixId {
  readonly zone: Zone;
  /** RTA_TABLE. */
  readonly table: number;
  /** Prefix with length. */
  readonly dst: string;
}

/** The same text for the same destination, for use as a key. */
export function prefixKey(event: RouteEvent): string {
  const { dst, table } = routeKey(event);
  return `${dst} ${table} ${event.zone.id}`;
}

export function prefixId(event: RouteEvent): PrefixId {
  const { dst, table } = routeKey(event);
  return { zone: event.zone, table, dst };
}
