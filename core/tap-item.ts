import { completeEvent, type PartialRouteEvent } from './complete-record.js';
import { RouteRecord } from './engine/record.js';
import { RoutetapError } from './errors.js';
import { PROBES, type RouteEvent, type RoutetapRecord } from './event.js';

/** What a source may give: whole records, or just what it knows of a route event. */
export type TapItem = RoutetapRecord | PartialRouteEvent;

/**
 * A whole record from what a source gave. Throws a RoutetapError of kind `runtime` for what is neither a record
 * nor an event with a probe and a destination.
 */
export function completeItem(item: TapItem): RoutetapRecord {
  if (item instanceof RouteRecord) return item;
  if (typeof item !== 'object' || (item as unknown) === null) throw wrongItem(item);
  if ('type' in item && isOtherRecord(item)) return item;
  const event = item as PartialRouteEvent & Partial<RouteEvent>;
  if (
    !PROBES.includes(event.probe) ||
    typeof (event.route as { dst?: unknown } | undefined)?.dst !== 'string'
  )
    throw wrongItem(item);
  return isWhole(event) ? event : completeEvent(event);
}

const isOtherRecord = (item: RoutetapRecord): boolean =>
  item.type === 'gap' || item.type === 'resync' || item.type === 'status';

const isWhole = (event: Partial<RouteEvent>): event is RouteEvent =>
  typeof event.timeNs === 'bigint' &&
  event.type === 'route' &&
  event.v === 1 &&
  event.routeinfo?.route_version !== undefined &&
  event.csinfo !== undefined &&
  event.cause !== undefined &&
  event.zone !== undefined &&
  event.process !== undefined &&
  event.previous !== undefined &&
  Array.isArray(event.route?.unknown);

function wrongItem(item: unknown): RoutetapError {
  let got: string;
  try {
    const members = typeof item === 'object' && item !== null ? Object.keys(item) : null;
    got = members === null ? String(item) : `an object with ${members.join(', ') || 'no members'}`;
  } catch {
    got = typeof item;
  }
  const shown = JSON.stringify(got.slice(0, 100)).slice(1, -1);
  return new RoutetapError(
    'runtime',
    `source: expected a record, or an event such as { probe: 'add', route: { dst: '10.0.0.0/8' } }, got ${shown}`,
  );
}
