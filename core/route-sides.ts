import { RouteRecord } from './engine/record.js';
import type { Route, RouteEvent } from './event.js';
import type { RouteBody } from './route-body.js';

/** What identifies a route. */
export type RouteKey = Pick<Route, 'dst' | 'table' | 'tos' | 'priority' | 'src' | 'expires'>;

/**
 * Key and body of an event's route and of the one before, without building a whole `Route`:
 * filters look at every event and keep few.
 */
export const routeKey = (event: RouteEvent): RouteKey =>
  event instanceof RouteRecord ? event.parts : event.route;

export const routeBody = (event: RouteEvent): RouteBody =>
  event instanceof RouteRecord ? event.parts.body : event.route;

export const previousKey = (event: RouteEvent): RouteKey | null =>
  event instanceof RouteRecord ? event.previousParts : event.previous;

export const previousBody = (event: RouteEvent): RouteBody | null =>
  event instanceof RouteRecord ? (event.previousParts?.body ?? null) : event.previous;
