import type { Lookup, Redirect, Timeout } from './event.js';

/** A lookup of which at least the destination is known. */
export type PartialLookup = Partial<Lookup> & Pick<Lookup, 'dst'>;

/** A timeout of which at least the destination is known. */
export type PartialTimeout = Partial<Timeout> & Pick<Timeout, 'dst'>;

/** A redirect of which at least the author and the new gateway are known. */
export type PartialRedirect = Partial<Redirect> & Pick<Redirect, 'author' | 'new'>;

/** Only a packet on its way through has no socket, and so no owner. */
const ownerOf = (direction: Lookup['direction']): number | null =>
  direction === 'output' ? 0 : null;

export function completeLookup(partial: PartialLookup): Lookup {
  const direction = partial.direction ?? 'output';
  return {
    src: partial.src ?? null,
    dst: partial.dst,
    sport: partial.sport ?? 0,
    dport: partial.dport ?? 0,
    protocol: partial.protocol ?? null,
    iif: partial.iif ?? 0,
    oif: partial.oif ?? 0,
    mark: partial.mark ?? 0,
    uid: partial.uid === undefined ? ownerOf(direction) : partial.uid,
    errno: partial.errno ?? 'ENETUNREACH',
    direction,
    rule: partial.rule ?? null,
    table: partial.table ?? null,
    count: partial.count ?? 1,
  };
}

export const completeTimeout = (partial: PartialTimeout): Timeout => ({
  protocol: partial.protocol ?? 'tcp',
  src: partial.src ?? null,
  dst: partial.dst,
  sport: partial.sport ?? 0,
  dport: partial.dport ?? 0,
  retransmits: partial.retransmits ?? 0,
  rtoMs: partial.rtoMs ?? 0,
  srttUs: partial.srttUs ?? 0,
  rttvarUs: partial.rttvarUs ?? 0,
  ssthresh: partial.ssthresh ?? null,
  mtu: partial.mtu ?? 0,
});

export const completeRedirect = (partial: PartialRedirect): Redirect => ({
  author: partial.author,
  old: partial.old ?? null,
  new: partial.new,
  accepted: partial.accepted ?? 'unknown',
  reason: partial.reason ?? null,
  expires: partial.expires ?? null,
});
