import { RT_REASON } from './layout.gen.js';

/** Why a redirect was not taken: enum rt_reason (bpf/event.h) in words. */
export const REASON_WORDS: Readonly<Record<number, string>> = {
  [RT_REASON.not_the_gateway]: 'its author is not the gateway in use',
  [RT_REASON.not_accepted]: 'redirects are not accepted here',
  [RT_REASON.same_gateway]: 'it names the gateway in use',
  [RT_REASON.bad_gateway]: 'the new gateway is no unicast neighbour',
  [RT_REASON.not_on_link]: 'the new gateway is not on the link of its author',
  [RT_REASON.not_a_default]: 'the new gateway is no default gateway (secure_redirects)',
  [RT_REASON.no_flow]: 'no socket of this host sent what it quotes',
  [RT_REASON.malformed]: 'it is malformed',
  [RT_REASON.not_link_local]: 'its author is no link-local address',
  [RT_REASON.reject_route]: 'the route in use has no gateway',
};

/** Null for no reason; a number without words as text. */
export const reasonText = (reason: number): string | null =>
  reason === RT_REASON.no_reason ? null : (REASON_WORDS[reason] ?? `reason ${reason}`);
