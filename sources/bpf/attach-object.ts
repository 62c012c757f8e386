import type { BpfObject, BpfObjectOptions, Libbpf } from './libbpf.js';
import { cgroupRoot } from './cgroup-root.js';
import { failureLine, isBpfFailure } from './failure.js';
import {
  familiesOf,
  fidelityOf,
  MECHANISMS,
  programsOf,
  type BpfProbe,
  type Family,
  type Mechanism,
  type Tier,
} from './tiers.js';

const ITERATOR = /^iter(\.s)?\//;
/** Iterators that, run again, tell what programs still hold back. */
const SWEEP = '_sweep_';
const OF_CGROUP = /^(cgroup\/|sockops)/;

/** Which mechanisms are tried, and why the others of them need no try. */
export interface Candidates {
  readonly mechanisms: readonly Mechanism[];
  /** Those this host refuses whatever the program, with its reason. */
  readonly refused: ReadonlyMap<Mechanism, string>;
}

/** A loaded object whose programs are attached. */
export interface Attached {
  readonly object: BpfObject;
  /** Links of iterators to be run before the end: they tell what programs hold back until a window is over. */
  readonly sweeps: readonly number[];
}

/** One probe's object, and what sees each family; `attached` is null when nothing does. */
export interface AttachedProbe {
  readonly attached: Attached | null;
  readonly tiers: readonly Tier[];
}

interface ProgramRow {
  readonly name: string;
  readonly section: string;
}

/** Returns the links of the sweeps. */
function attachAll(object: BpfObject, rows: readonly ProgramRow[]): readonly number[] {
  const iterators: number[] = [];
  const sweeps: number[] = [];
  for (const { name, section } of rows) {
    const root = OF_CGROUP.test(section) ? cgroupRoot() : undefined;
    if (root === null) throw new Error(`attach ${name}: no cgroup2 is mounted`);
    const link = root === undefined ? object.attach(name) : object.attach(name, root);
    if (ITERATOR.test(section)) iterators.push(link);
    if (ITERATOR.test(section) && name.includes(SWEEP)) sweeps.push(link);
  }
  // What is there already, told by iterators once everything new is seen.
  for (const link of iterators) object.iterate(link);
  return sweeps;
}

/** Loads and attaches these programs; throws what refused, with nothing left behind. */
function attempt(
  libbpf: Libbpf,
  bytes: Uint8Array,
  rows: readonly ProgramRow[],
  options: BpfObjectOptions,
): Attached {
  const object = new libbpf.BpfObject(bytes, {
    ...options,
    programs: rows.map(({ name }) => name),
  });
  try {
    object.load();
    return { object, sweeps: attachAll(object, rows) };
  } catch (error) {
    object.close();
    throw error;
  }
}

/** Those of `knobs` the object has a variable for. */
function knownKnobs(
  libbpf: Libbpf,
  bytes: Uint8Array,
  knobs: Readonly<Record<string, Uint8Array>>,
): Readonly<Record<string, Uint8Array>> {
  const isKnown = ([name, value]: readonly [string, Uint8Array]): boolean => {
    try {
      new libbpf.BpfObject(bytes, { knobs: { [name]: value } }).close();
      return true;
    } catch (error) {
      if (isBpfFailure(error) && error.call === 'knob' && error.code === 'ENOENT') return false;
      throw error;
    }
  };
  return Object.fromEntries(Object.entries(knobs).filter(isKnown));
}

/** Rows of an object's programs; throws a BpfFailure for bytes that are none. */
function programRows(libbpf: Libbpf, bytes: Uint8Array): readonly ProgramRow[] {
  const object = new libbpf.BpfObject(bytes);
  try {
    return object.programs();
  } finally {
    object.close();
  }
}

interface Choice {
  readonly mechanism: Mechanism | null;
  readonly refusals: readonly string[];
}

/** Tries sets of programs, each once, and keeps the last object that loaded. */
class Trials {
  readonly #open: (names: readonly string[]) => Attached;
  readonly #refusals = new Map<string, string | null>();
  #kept: { readonly key: string; readonly attached: Attached } | null = null;

  constructor(open: (names: readonly string[]) => Attached) {
    this.#open = open;
  }

  /** null: they load and attach. */
  refusal(names: readonly string[]): string | null {
    const key = names.join(' ');
    const known = this.#refusals.get(key);
    if (known !== undefined) return known;
    let refused: string | null = null;
    try {
      const attached = this.#open(names);
      this.#kept?.attached.object.close();
      this.#kept = { key, attached };
    } catch (error) {
      refused = failureLine(error);
    }
    this.#refusals.set(key, refused);
    return refused;
  }

  /** Exactly these programs, attached; throws what refused. Nothing else stays. */
  finish(names: readonly string[]): Attached {
    const kept = this.#kept;
    this.#kept = null;
    if (kept?.key === names.join(' ')) return kept.attached;
    kept?.attached.object.close();
    return this.#open(names);
  }

  close(): void {
    this.#kept?.attached.object.close();
    this.#kept = null;
  }
}

/** In the object's order. */
const union = (
  rows: readonly ProgramRow[],
  wanted: readonly { readonly mechanism: Mechanism; readonly family: Family }[],
): string[] => {
  const names = wanted.flatMap(({ mechanism, family }) => programsOf(rows, mechanism, family));
  return rows.map(({ name }) => name).filter((name) => names.includes(name));
};

/** For each family the best mechanism: of all families together where that loads, else of each on its own. */
function choose(
  probe: BpfProbe,
  rows: readonly ProgramRow[],
  candidates: Candidates,
  trials: Trials,
): Map<Family, Choice> {
  const choices = new Map<Family, Choice>(
    familiesOf(probe).map((family) => [family, { mechanism: null, refusals: [] }]),
  );
  for (const mechanism of candidates.mechanisms) {
    const open = [...choices].filter(
      ([family, choice]) =>
        choice.mechanism === null && programsOf(rows, mechanism, family).length > 0,
    );
    if (open.length === 0) continue;
    const general = candidates.refused.get(mechanism) ?? null;
    const together =
      general ??
      trials.refusal(
        union(
          rows,
          open.map(([family]) => ({ mechanism, family })),
        ),
      );
    for (const [family, { refusals }] of open) {
      const refused =
        together === null
          ? null
          : (general ?? trials.refusal(union(rows, [{ mechanism, family }])));
      choices.set(
        family,
        refused === null
          ? { mechanism, refusals }
          : { mechanism: null, refusals: [...refusals, `${mechanism}: ${refused}`] },
      );
    }
  }
  return choices;
}

const tierOf = (probe: BpfProbe, family: Family, { mechanism, refusals }: Choice): Tier => ({
  probe,
  family,
  mechanism,
  fidelity: fidelityOf(probe, mechanism),
  whyNotBetter: refusals.length === 0 ? null : refusals.join('; '),
});

/** Every family of a probe without an eBPF program, for one reason. */
export const unseen = (probe: BpfProbe, why: string): readonly Tier[] =>
  familiesOf(probe).map((family) => tierOf(probe, family, { mechanism: null, refusals: [why] }));

/**
 * Decides by what loads: for each family the first mechanism whose programs the kernel takes, then all chosen
 * programs in one object. An object without programs, or of which nothing loads, is no error; nor is a knob it has no
 * variable for.
 */
export function attachObject(
  libbpf: Libbpf,
  probe: BpfProbe,
  bytes: Uint8Array,
  options: BpfObjectOptions,
  candidates: Candidates,
): AttachedProbe {
  let rows: readonly ProgramRow[];
  let knobs: Readonly<Record<string, Uint8Array>>;
  try {
    rows = programRows(libbpf, bytes);
    knobs = knownKnobs(libbpf, bytes, options.knobs ?? {});
  } catch (error) {
    return { attached: null, tiers: unseen(probe, failureLine(error)) };
  }
  const trials = new Trials((names) =>
    attempt(
      libbpf,
      bytes,
      rows.filter(({ name }) => names.includes(name)),
      { ...options, knobs },
    ),
  );
  const choices = choose(probe, rows, candidates, trials);
  const chosen = [...choices].flatMap(([family, { mechanism }]) =>
    mechanism === null ? [] : [{ mechanism, family }],
  );
  const tiers = [...choices].map(([family, choice]) => tierOf(probe, family, choice));
  if (chosen.length === 0) {
    trials.close();
    const hasPrograms = MECHANISMS.some((mechanism) =>
      familiesOf(probe).some((family) => programsOf(rows, mechanism, family).length > 0),
    );
    return {
      attached: null,
      tiers: hasPrograms ? tiers : unseen(probe, 'the object has no programs'),
    };
  }
  try {
    return { attached: trials.finish(union(rows, chosen)), tiers };
  } catch (error) {
    return { attached: null, tiers: unseen(probe, failureLine(error)) };
  }
}
