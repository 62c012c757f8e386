/**
 * Why a dump is taken: the zone's first, after a loss, because something may have set routes moving,
 * the slow audit, or because the one before was disturbed.
 */
export type SyncReason = 'start' | 'resync' | 'trigger' | 'audit' | 'again';

/** What a sync has to look at. */
export interface SyncScope {
  readonly reason: SyncReason;
  readonly inet: boolean;
  readonly inet6: boolean;
  /** IPv4 routes over this interface only; 0: all. */
  readonly oif: number;
  readonly links: boolean;
}

export const NO_SCOPE: SyncScope = {
  reason: 'again',
  inet: false,
  inet6: false,
  oif: 0,
  links: false,
};

const RANK: Record<SyncReason, number> = { again: 0, audit: 1, trigger: 2, start: 3, resync: 4 };

/** One scope that covers both; the weightier reason stays. */
export function mergeScope(a: SyncScope, b: SyncScope): SyncScope {
  if (a === NO_SCOPE) return b;
  if (b === NO_SCOPE) return a;
  const oif = !a.inet ? b.oif : !b.inet || a.oif === b.oif ? a.oif : 0;
  return {
    reason: RANK[a.reason] >= RANK[b.reason] ? a.reason : b.reason,
    inet: a.inet || b.inet,
    inet6: a.inet6 || b.inet6,
    oif,
    links: a.links || b.links,
  };
}
