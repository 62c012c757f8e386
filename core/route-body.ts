import type { Family, Nexthop, RawAttribute, Route } from './event.js';

/**
 * What a route says apart from its key. A full BGP table has a million keys and a handful of bodies,
 * so bodies are decoded once, frozen and shared; formatters hang their finished text on them.
 */
export interface RouteBody {
  readonly family: Family;
  readonly protocol: string;
  readonly scope: string;
  readonly type: string;
  readonly prefsrc: string | null;
  readonly metrics: Readonly<Record<string, number | string | readonly string[]>>;
  readonly nhid: number | null;
  readonly pref: string | null;
  readonly nexthops: readonly Nexthop[];
  readonly flags: readonly string[];
  readonly unknown: readonly RawAttribute[];
}

/** A route as key and body: what records carry inside, cheaper than a whole `Route`. */
export interface RouteParts {
  /** Prefix with length. */
  readonly dst: string;
  readonly table: number;
  readonly tos: number;
  readonly priority: number;
  readonly src: string | null;
  /** Seconds left when the event happened. */
  readonly expires: number | null;
  readonly body: RouteBody;
}

/** The whole route, as the event contract has it. */
export function wholeRoute(parts: RouteParts): Route {
  const { body } = parts;
  return {
    family: body.family,
    dst: parts.dst,
    table: parts.table,
    protocol: body.protocol,
    scope: body.scope,
    type: body.type,
    tos: parts.tos,
    priority: parts.priority,
    prefsrc: body.prefsrc,
    src: parts.src,
    metrics: body.metrics,
    nhid: body.nhid,
    expires: parts.expires,
    pref: body.pref,
    nexthops: body.nexthops,
    flags: body.flags,
    unknown: body.unknown,
  };
}

/** Key and body of a whole route, for events not made by the engine (a custom source, parsed JSON). */
export function partsOf(route: Route): RouteParts {
  return {
    dst: route.dst,
    table: route.table,
    tos: route.tos,
    priority: route.priority,
    src: route.src,
    expires: route.expires,
    body: {
      family: route.family,
      protocol: route.protocol,
      scope: route.scope,
      type: route.type,
      prefsrc: route.prefsrc,
      metrics: route.metrics,
      nhid: route.nhid,
      pref: route.pref,
      nexthops: route.nexthops,
      flags: route.flags,
      unknown: route.unknown,
    },
  };
}
