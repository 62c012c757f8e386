/** Name stability, data stability and dependency class (DTrace Guide, "Stability"). */
export interface Attributes {
  readonly names: Stability;
  readonly data: Stability;
  readonly dependency: Dependency;
}

/** From the least to the most. */
const STABILITIES = ['Private', 'Evolving', 'Stable'] as const;
const DEPENDENCIES = ['Unknown', 'ISA', 'Common'] as const;
type Stability = (typeof STABILITIES)[number];
type Dependency = (typeof DEPENDENCIES)[number];

interface ProviderStability {
  readonly probes: Attributes;
  readonly parameters: Attributes;
}

const STABLE: Attributes = { names: 'Stable', data: 'Stable', dependency: 'Common' };
const EVOLVING: Attributes = { names: 'Evolving', data: 'Evolving', dependency: 'Common' };
/** As the page of DTrace's route provider has it. */
const ROUTE: Attributes = { names: 'Evolving', data: 'Evolving', dependency: 'ISA' };

const PROVIDERS: Readonly<Record<string, ProviderStability>> = {
  dtrace: { probes: STABLE, parameters: STABLE },
  profile: { probes: EVOLVING, parameters: EVOLVING },
  route: { probes: ROUTE, parameters: ROUTE },
  ip: { probes: ROUTE, parameters: ROUTE },
};

/** What the probes of a provider promise. */
export const stabilityOf = (provider: string): ProviderStability =>
  PROVIDERS[provider] ?? { probes: STABLE, parameters: STABLE };

/** `Evolving/Evolving/ISA` */
export const shortAttributes = ({ names, data, dependency }: Attributes): string =>
  `${names}/${data}/${dependency}`;

const least = <Word>(order: readonly Word[], a: Word, b: Word): Word =>
  order.indexOf(a) <= order.indexOf(b) ? a : b;

/** The least that all of them promise; Stable, Stable, Common of none. */
export const leastAttributes = (all: readonly Attributes[]): Attributes =>
  all.reduce(
    (one, other) => ({
      names: least(STABILITIES, one.names, other.names),
      data: least(STABILITIES, one.data, other.data),
      dependency: least(DEPENDENCIES, one.dependency, other.dependency),
    }),
    STABLE,
  );

/** The lines dtrace(1) prints of them. */
export const attributeLines = ({ names, data, dependency }: Attributes): string =>
  `\t\tIdentifier Names: ${names}\n\t\tData Semantics:   ${data}\n\t\tDependency Class: ${dependency}\n`;
