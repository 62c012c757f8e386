import type { Probe } from '../../core/event.js';
import { BPF_PROBES, MECHANISMS, type BpfProbe, type Mechanism } from './tiers.js';

/** `auto`: the best that loads; `require`: an error when nothing does; `off`; or one mechanism alone, where it loads. */
export type BpfChoice = 'auto' | 'require' | 'off' | Mechanism;

export const BPF_CHOICES = [
  'auto',
  'require',
  'off',
  ...MECHANISMS,
] as const satisfies readonly BpfChoice[];

/** The mechanisms a choice lets be tried. */
export function mechanismsOf(choice: BpfChoice): readonly Mechanism[] {
  if (choice === 'off') return [];
  return choice === 'auto' || choice === 'require' ? MECHANISMS : [choice];
}

const OBJECTS: Readonly<Record<Probe, readonly BpfProbe[]>> = {
  add: ['request', 'removed'],
  delete: ['request', 'removed'],
  change: ['request', 'removed'],
  losing: ['losing'],
  miss: ['miss'],
  redirect: ['redirect'],
};

/** The objects that serve these probes: one that serves none is not loaded, and costs nothing. */
export const objectsFor = (probes: readonly Probe[]): readonly BpfProbe[] =>
  BPF_PROBES.filter((object) => probes.some((probe) => OBJECTS[probe].includes(object)));
