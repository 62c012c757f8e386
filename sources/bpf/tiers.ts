/** Best first. A tracepoint here is every hook that needs neither a trampoline nor a breakpoint. */
export const MECHANISMS = ['fentry', 'kprobe', 'tracepoint'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

const FAMILIES = ['inet', 'inet6'] as const;
export type Family = (typeof FAMILIES)[number];

/** The objects, by the name of their file; `request` also tells refusals. */
export const BPF_PROBES = ['miss', 'losing', 'redirect', 'request', 'removed'] as const;
export type BpfProbe = (typeof BPF_PROBES)[number];

/** `removed` is about IPv4 alone: IPv6 announces what it removes. */
export const familiesOf = (probe: BpfProbe): readonly Family[] =>
  probe === 'removed' ? ['inet'] : FAMILIES;

/** What sees one probe of one family. */
export interface Tier {
  readonly probe: BpfProbe;
  readonly family: Family;
  /** null: no eBPF program sees it. */
  readonly mechanism: Mechanism | null;
  /** What to expect of it, in words. */
  readonly fidelity: string;
  /** Why no better mechanism serves, best first; null for the best one. */
  readonly whyNotBetter: string | null;
}

/** Kinds of sections (libbpf's names) → mechanism. */
const SECTIONS: readonly (readonly [RegExp, Mechanism])[] = [
  [/^(fentry|fexit)(\.s)?\//, 'fentry'],
  [/^k(ret)?probe(\.multi)?\//, 'kprobe'],
  [/^(tp_btf|raw_tp|raw_tracepoint|tp|tracepoint|iter(\.s)?|cgroup)\/|^sockops/, 'tracepoint'],
];

/** The mechanism of a program's section; null for one that is no tier. */
export const mechanismOf = (section: string): Mechanism | null =>
  SECTIONS.find(([pattern]) => pattern.test(section))?.[1] ?? null;

/** A 4 or a 6 at the end of a word of a program's name says that it serves one family only. */
function servesFamily(name: string, family: Family): boolean {
  const isOnly = (digit: string): boolean => new RegExp(`[a-z]${digit}(_|$)`).test(name);
  return family === 'inet' ? !isOnly('6') : !isOnly('4');
}

/** A program that goes along with every mechanism: no tier by itself. */
const goesAlong = (name: string): boolean => name.endsWith('_all');

/** The programs that together are one mechanism's view of a family; none where only companions would be left. */
export function programsOf(
  programs: readonly { readonly name: string; readonly section: string }[],
  mechanism: Mechanism,
  family: Family,
): string[] {
  const own = programs.filter(
    ({ name, section }) =>
      !goesAlong(name) && mechanismOf(section) === mechanism && servesFamily(name, family),
  );
  if (own.length === 0) return [];
  return programs
    .filter((program) => own.includes(program) || goesAlong(program.name))
    .map(({ name }) => name);
}

const EXACT = 'exact';

const FIDELITY: Readonly<Record<BpfProbe, Readonly<Record<Mechanism, string>>>> = {
  miss: {
    fentry: EXACT,
    kprobe: EXACT,
    tracepoint:
      'lookups that fail a system call, and packets dropped for want of a route; not those of kernel threads',
  },
  losing: {
    fentry: EXACT,
    kprobe: EXACT,
    tracepoint: 'the kernel’s condition, worked out again at each retransmission timeout',
  },
  redirect: {
    fentry: EXACT,
    kprobe: EXACT,
    tracepoint:
      'every redirect received; whether it was accepted is asked of the kernel afterwards',
  },
  request: {
    fentry: EXACT,
    kprobe: EXACT,
    tracepoint: 'requests as their sender wrote them; not those sent through io_uring',
  },
  removed: {
    fentry: EXACT,
    kprobe: EXACT,
    tracepoint: 'no tracepoint sees it',
  },
};

/** What user space does without an eBPF program. `mechanism` null: nothing. */
interface Without {
  readonly mechanism: string | null;
  readonly fidelity: string;
}

const WITHOUT: Readonly<Record<BpfProbe, Without>> = {
  miss: { mechanism: null, fidelity: 'not seen' },
  losing: { mechanism: null, fidelity: 'not seen' },
  redirect: {
    mechanism: 'icmp-socket',
    fidelity: 'every redirect received; whether it was accepted is asked of the kernel afterwards',
  },
  request: {
    mechanism: 'procfs',
    fidelity: 'the port id looked up in /proc, which a short-lived process escapes; no refusals',
  },
  removed: { mechanism: 'dump', fidelity: 'worked out from the trigger and a scoped dump' },
};

export const withoutPrograms = (probe: BpfProbe): Without => WITHOUT[probe];

export const fidelityOf = (probe: BpfProbe, mechanism: Mechanism | null): string =>
  mechanism === null ? WITHOUT[probe].fidelity : FIDELITY[probe][mechanism];
