import type { ResyncRecord } from '../event.js';
import { RouteKey } from '../fib/route-key.js';
import type { EngineCounters } from './counters.js';
import type { Outlet } from './outlet.js';
import { releaseSettled } from './settle.js';
import type { SyncResult } from './sync.js';
import type { WatchedZone } from './watched-zone.js';
import type { ZoneState } from './zone.js';

/** Says what a sync brought to light. */
export function tellSettled(
  zone: WatchedZone,
  result: SyncResult,
  outlet: Outlet,
  counters: EngineCounters,
): void {
  const { differences, reason, timeNs, durationMs } = result;
  const { state } = zone;
  if (reason === 'resync') {
    counters.resyncs++;
    outlet.push(zone, resyncRecord(state, result, outlet));
  }
  const cause = reason === 'resync' ? ({ kind: 'resync', trigger: null } as const) : null;
  for (const { probe, key, inet6, body, before, expires, expired } of differences) {
    state.inferred(probe, key, inet6, body, before, timeNs, cause, { expires, expired });
  }
  releaseSettled(state.fib, differences);
  if (result.isClean) {
    state.settledNs = timeNs;
    state.hasLost = false;
  }
  if (reason !== 'audit') return;
  const fields = {
    routes: state.fib.size,
    repaired: differences.length,
    durationMs,
    counters: { ...counters },
  };
  outlet.push(zone, outlet.statusRecord('audit', state.zone, fields));
}

function resyncRecord(
  { zone }: ZoneState,
  { differences, durationMs }: SyncResult,
  outlet: Outlet,
): ResyncRecord {
  const count = (probe: string): number => differences.filter((d) => d.probe === probe).length;
  return {
    ...outlet.common(),
    type: 'resync',
    zone,
    added: count('add'),
    deleted: count('delete'),
    changed: count('change'),
    durationMs,
  };
}

/** A namespace ends without a word about its routes: each is told as deleted. */
export function tellZoneRemoved(state: ZoneState, nowNs: bigint): void {
  const key = new RouteKey();
  for (const store of [state.fib.inet, state.fib.inet6]) {
    for (let slot = 0; slot < store.limit; slot++) {
      if (!store.isUsed(slot)) continue;
      store.readKey(slot, key);
      state.inferred('delete', key, store.inet6, store.body(slot), -1, nowNs, {
        kind: 'zone-removed',
        trigger: null,
      });
    }
  }
}
