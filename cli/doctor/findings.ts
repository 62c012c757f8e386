import { PROBES, type Family, type Probe } from '../../core/event.js';
import type { TierRow } from '../../core/frame.js';
import type { Machine } from './machine.js';

/** What sees a probe for a family. */
export interface ProbeRow {
  readonly probe: Probe;
  readonly family: Family;
  /** Null: nothing does. */
  readonly mechanism: string | null;
  /** What tells who asked, of add, delete and change; null of the others, whose process comes along. */
  readonly who: string | null;
  /** What to expect, in words. */
  readonly fidelity: string;
  /** What would serve better, and why it does not; null for the best. */
  readonly better: string | null;
  /** What is missing, null when nothing is. */
  readonly missing: string | null;
}

/** One thing about the machine, and how to better it. */
export interface Finding {
  readonly what: string;
  readonly is: string;
  /** How to get what is missing; null when nothing is. */
  readonly get: string | null;
}

const FROM_RTNETLINK: Readonly<Partial<Record<Probe, Readonly<Record<Family, string>>>>> = {
  add: { inet: 'RTM_NEWROUTE', inet6: 'RTM_NEWROUTE' },
  delete: {
    inet: 'RTM_DELROUTE; silent ones',
    inet6: 'RTM_DELROUTE; silent ones inferred from link and nexthop messages',
  },
  change: {
    inet: 'RTM_NEWROUTE against the mirror',
    inet6: 'RTM_NEWROUTE against the mirror',
  },
};

const both = (...reasons: readonly (string | null | undefined)[]): string | null =>
  [...new Set(reasons)].filter((reason) => reason != null).join('; ') || null;

function routeRow(
  probe: Probe,
  family: Family,
  told: string,
  tiers: readonly TierRow[],
  nativeError: string | null,
): ProbeRow {
  const of = (object: string): TierRow | undefined =>
    tiers.find((row) => row.probe === object && row.family === family);
  const request = of('request');
  const removed = probe === 'delete' ? of('removed') : undefined;
  const silent = removed === undefined ? '' : ` ${removed.fidelity} (${String(removed.mechanism)})`;
  return {
    probe,
    family,
    mechanism: nativeError === null ? 'rtnetlink' : null,
    who: request?.mechanism ?? null,
    fidelity: `${told}${silent}; who asked: ${request?.fidelity ?? 'not known'}`,
    better: both(request?.better, removed?.better),
    missing: nativeError,
  };
}

/** One row per probe and family; `tiers` as a TIERS frame has them. */
export function probeRows(
  { nativeError }: Pick<Machine, 'nativeError'>,
  tiers: readonly TierRow[],
): readonly ProbeRow[] {
  return PROBES.flatMap((probe) =>
    (['inet', 'inet6'] as const).map((family) => {
      const told = FROM_RTNETLINK[probe]?.[family];
      if (told !== undefined) return routeRow(probe, family, told, tiers, nativeError);
      const row = tiers.find((one) => one.probe === probe && one.family === family);
      const mechanism = row?.mechanism ?? null;
      const better = row?.better ?? null;
      return {
        probe,
        family,
        mechanism,
        who: null,
        fidelity: row?.fidelity ?? 'not seen',
        better,
        missing: mechanism === null ? (better ?? 'an eBPF program that loads') : null,
      };
    }),
  );
}

const inInitial = (initialUser: boolean): string =>
  initialUser ? '' : ' in the initial user namespace';

const mebibytes = (bytes: number): string => `${Math.round((bytes / (1 << 20)) * 10) / 10} MiB`;

function receiveBuffer({ receiveBuffer, initialUser }: Machine): Finding {
  const { askedBytes, grantedBytes, limitBytes } = receiveBuffer;
  const what = 'receive buffer';
  if (grantedBytes === null) {
    return { what, is: 'no socket could be opened', get: 'see native reader' };
  }
  // The kernel doubles what is asked, for its bookkeeping.
  const is = `${mebibytes(grantedBytes / 2)} granted of ${mebibytes(askedBytes)} asked`;
  if (grantedBytes >= askedBytes * 2) return { what, is, get: null };
  const limit = limitBytes === null ? '' : ` (now ${limitBytes})`;
  return {
    what,
    is,
    get: `CAP_NET_ADMIN${inInitial(initialUser)} for SO_RCVBUFFORCE, or sysctl net.core.rmem_max=${askedBytes}${limit}`,
  };
}

function attribution({ procVisible, exitRecords }: Machine): readonly Finding[] {
  return [
    {
      what: 'processes (procfs)',
      is: procVisible ? "other users' processes are visible" : 'only our own processes are visible',
      get: procVisible
        ? null
        : 'CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (or root), and /proc mounted without hidepid',
    },
    {
      what: 'processes (exit records)',
      is: exitRecords ? 'taskstats names processes that are gone' : 'no taskstats',
      get: exitRecords ? null : 'CAP_NET_ADMIN in the initial user and pid namespaces',
    },
  ];
}

function zones({ zones: { visible, error }, capabilities, initialUser }: Machine): Finding {
  const what = 'namespaces';
  if (error !== null) return { what, is: error, get: 'a mounted /proc' };
  const is = `${visible} visible`;
  if (capabilities.CAP_SYS_ADMIN && initialUser) return { what, is, get: null };
  const get = `CAP_SYS_ADMIN${inInitial(initialUser)} to enter others than our own (setns)`;
  return { what, is, get };
}

/** What was found, in the order it matters. */
export function findings(machine: Machine): readonly Finding[] {
  const { btf, lockdown, nativeError } = machine;
  return [
    { what: 'kernel', is: machine.kernel, get: null },
    {
      what: 'native reader',
      is: nativeError ?? 'loads',
      get:
        nativeError === null
          ? null
          : 'npm run build in a checkout, or a package built for this platform',
    },
    receiveBuffer(machine),
    ...attribution(machine),
    zones(machine),
    { what: 'BTF', is: btf ? '/sys/kernel/btf/vmlinux' : 'none', get: null },
    { what: 'lockdown', is: lockdown ?? 'none', get: null },
  ];
}
