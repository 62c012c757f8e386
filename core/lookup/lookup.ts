import { checkOutcome, type Check } from './check.js';
import { lookupInetInput } from './inet-input.js';
import { lookupInetOutput } from './inet-output.js';
import { lookupInet6Flow } from './inet6.js';
import type { KernelAnswer } from './kernel-answer.js';
import type { Outcome } from './result.js';
import type { Flow, LookupState, Neighbour } from './state.js';
import { addressText } from '../wire/address.js';
import { IFF } from '../wire/constants.js';

/** Everything known about one lookup. */
export interface Explanation {
  readonly flow: Flow;
  readonly state: LookupState;
  readonly outcome: Outcome;
  /** Null: not asked. */
  readonly kernel: KernelAnswer | null;
  readonly check: Check;
  /** Of the way taken; null where nobody is resolved. */
  readonly neighbour: NeighbourStep | null;
}

/** Who the packet is handed to on the link. */
export interface NeighbourStep {
  readonly address: string;
  /** Null: not in the table, it will be asked for. */
  readonly entry: Neighbour | null;
  /** False: the interface resolves nobody (IFF_NOARP, loopback). */
  readonly isResolved: boolean;
}

/** Computes a lookup from the mirror. */
export function lookupFlow(flow: Flow, state: LookupState): Outcome {
  if (flow.family === 'inet6') return lookupInet6Flow(flow, state);
  return flow.iif === 0 ? lookupInetOutput(flow, state) : lookupInetInput(flow, state);
}

function neighbourOf(
  flow: Flow,
  state: LookupState,
  outcome: Outcome,
  check: Check,
): NeighbourStep | null {
  const { way } = check;
  if (way === null || outcome.type !== 'unicast') return null;
  const device = state.devices.get(way.ifindex);
  const address = way.gateway ?? addressText(flow.dst, 0, flow.dst.length);
  const entry = state.neighbours.find((n) => n.ifindex === way.ifindex && n.address === address);
  const isResolved = ((device?.flags ?? 0) & (IFF.NOARP | IFF.LOOPBACK)) === 0;
  return { address, entry: entry ?? null, isResolved };
}

/** Joins the mirror's outcome with the kernel's answers. */
export function explain(
  flow: Flow,
  state: LookupState,
  outcome: Outcome,
  plain: KernelAnswer | null,
  match: KernelAnswer | null,
): Explanation {
  const check = checkOutcome(outcome, flow, state, plain, match);
  const neighbour = neighbourOf(flow, state, outcome, check);
  return { flow, state, outcome, kernel: plain, check, neighbour };
}
