import { PROBES, type Family, type Probe } from '../../core/event.js';
import type { Machine } from './machine.js';

/** What sees a probe for a family. */
export interface ProbeRow {
  readonly probe: Probe;
  readonly family: Family;
  /** Null: nothing in this build does. */
  readonly mechanism: string | null;
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

const MECHANISMS: Readonly<Partial<Record<Probe, Readonly<Record<Family, string>>>>> = {
  add: {
    inet: 'rtnetlink RTM_NEWROUTE',
    inet6: 'rtnetlink RTM_NEWROUTE',
  },
  delete: {
    inet: 'rtnetlink RTM_DELROUTE; silent ones inferred from link, address and nexthop messages',
    inet6: 'rtnetlink RTM_DELROUTE; silent ones inferred from link and nexthop messages',
  },
  change: {
    inet: 'rtnetlink RTM_NEWROUTE against the mirror',
    inet6: 'rtnetlink RTM_NEWROUTE against the mirror',
  },
};

const NO_TIER = 'an eBPF tier; this build has none';

/** One row per probe and family. */
export function probeRows(machine: Machine): readonly ProbeRow[] {
  return PROBES.flatMap((probe) =>
    (['inet', 'inet6'] as const).map((family) => {
      const mechanism = MECHANISMS[probe]?.[family] ?? null;
      const missing = mechanism === null ? NO_TIER : machine.nativeError;
      return { probe, family, mechanism, missing };
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
    { what: 'eBPF tiers', is: 'none is built in this version', get: null },
  ];
}
