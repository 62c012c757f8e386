import type { TierRow } from '../../core/frame.js';
import type { IcmpSockets } from '../rtnetlink/live.js';
import { withoutPrograms, type Tier } from './tiers.js';

/** Does an eBPF program see redirects? Without one sockets of each zone have to. */
export const seesRedirects = (tiers: readonly Tier[]): boolean =>
  tiers.some(({ probe, mechanism }) => probe === 'redirect' && mechanism !== null);

function fallbackOf({ probe, family, mechanism }: Tier, icmp: IcmpSockets | null): string | null {
  if (mechanism !== null) return mechanism;
  if (probe === 'redirect') return icmp?.[family] === true ? 'icmp-socket' : null;
  return withoutPrograms(probe).mechanism;
}

/** What serves each probe and family: a program, or what user space does without one. */
export const tierRows = (tiers: readonly Tier[], icmp: IcmpSockets | null): readonly TierRow[] =>
  tiers.map((tier) => {
    const { probe, family, whyNotBetter } = tier;
    const mechanism = fallbackOf(tier, icmp);
    const refused = icmp !== null && mechanism === null ? icmp.code : null;
    const reasons = [whyNotBetter, refused === null ? null : `icmp-socket: ${refused}`];
    const better = reasons.filter((reason) => reason !== null).join('; ');
    return {
      probe,
      family,
      mechanism,
      fidelity: mechanism === null ? 'not seen' : tier.fidelity,
      better: better === '' ? null : better,
    };
  });
