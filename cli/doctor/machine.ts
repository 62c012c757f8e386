import { statSync } from 'node:fs';
import { release } from 'node:os';
import { procVisible, readLink, readText } from '../../sources/procfs/proc.js';
import { loadNative, type NativeReader } from '../../sources/native.js';
import { listZones } from '../../sources/zones/list.js';

/** Capability numbers (include/uapi/linux/capability.h). */
const CAP = {
  CAP_NET_ADMIN: 12,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof CAP;

/** What routetap needs of a machine, as found here. */
export interface Machine {
  readonly kernel: string;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  /** Null: it loads; else why it does not. */
  readonly nativeError: string | null;
  readonly receiveBuffer: {
    readonly askedBytes: number;
    /** Null where no socket could be opened. */
    readonly grantedBytes: number | null;
    /** /proc/sys/net/core/rmem_max: the limit without CAP_NET_ADMIN. */
    readonly limitBytes: number | null;
  };
  /** False in a user namespace of our own, where capabilities say nothing about the rest of the machine. */
  readonly initialUser: boolean;
  /** Other users' processes can be looked into. */
  readonly procVisible: boolean;
  /** Exit records name processes that are gone already. */
  readonly exitRecords: boolean;
  readonly zones: { readonly visible: number; readonly error: string | null };
  readonly btf: boolean;
  /** Kernel lockdown mode, null when the kernel has none. */
  readonly lockdown: string | null;
}

/** What monitor asks for unless told otherwise. */
const ASKED_BYTES = 64 << 20;

/** Inodes of the initial namespaces (include/linux/proc_ns.h): taskstats speaks only to them. */
const INITIAL_USER_NS = 0xeffffffd;
const INITIAL_PID_NS = 0xeffffffc;

function capabilities(): Machine['capabilities'] {
  const [, hex = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readText('/proc/self/status') ?? '') ?? [];
  const effective = BigInt(`0x${hex}`);
  const has = (bit: number): boolean => ((effective >> BigInt(bit)) & 1n) === 1n;
  return {
    CAP_NET_ADMIN: has(CAP.CAP_NET_ADMIN),
    CAP_SYS_PTRACE: has(CAP.CAP_SYS_PTRACE),
    CAP_SYS_ADMIN: has(CAP.CAP_SYS_ADMIN),
    CAP_PERFMON: has(CAP.CAP_PERFMON),
    CAP_BPF: has(CAP.CAP_BPF),
  };
}

function namespaceInode(kind: string): number {
  const [, inode = '0'] = /\[(\d+)\]/.exec(readLink(`/proc/self/ns/${kind}`) ?? '') ?? [];
  return Number(inode);
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

function receiveBufferLimit(): number | null {
  const text = readText('/proc/sys/net/core/rmem_max');
  return text === null ? null : Number(text);
}

/** Opens a real socket, as monitor does, and asks what it got. */
function grantedBuffer(): { grantedBytes: number | null; nativeError: string | null } {
  let reader: NativeReader | null = null;
  try {
    const { Reader } = loadNative();
    reader = new Reader(
      {
        groups: new Int32Array(),
        receiveBufferBytes: ASKED_BYTES,
        slabBytes: 128 << 10,
        slabs: 2,
        coalesceUs: 1000,
        seeProcesses: false,
      },
      () => undefined,
    );
    reader.addZone(0, null, null);
    return { grantedBytes: reader.stats().receiveBufferBytes, nativeError: null };
  } catch (error) {
    return { grantedBytes: null, nativeError: messageOf(error) };
  } finally {
    reader?.close();
  }
}

function visibleZones(): Machine['zones'] {
  try {
    return { visible: listZones().length, error: null };
  } catch (error) {
    return { visible: 0, error: messageOf(error) };
  }
}

/** Who holds CAP_NET_ADMIN gets any receive buffer (SO_RCVBUFFORCE), but not inside a user namespace of his own. */
const isBufferForced = (): boolean =>
  capabilities().CAP_NET_ADMIN && namespaceInode('user') === INITIAL_USER_NS;

/** Bytes the kernel will grant of what is asked when that is less, else null. */
export function cappedReceiveBuffer(askedBytes: number | null): number | null {
  if (isBufferForced()) return null;
  const limit = receiveBufferLimit();
  return limit !== null && limit < (askedBytes ?? ASKED_BYTES) ? limit : null;
}

/** Looks at this machine with the rights routetap has now. Changes nothing. */
export function lookAtMachine(): Machine {
  const held = capabilities();
  const { grantedBytes, nativeError } = grantedBuffer();
  const initialUser = namespaceInode('user') === INITIAL_USER_NS;
  const isInitial = initialUser && namespaceInode('pid') === INITIAL_PID_NS;
  return {
    kernel: release(),
    capabilities: held,
    nativeError,
    receiveBuffer: {
      askedBytes: ASKED_BYTES,
      grantedBytes,
      limitBytes: receiveBufferLimit(),
    },
    procVisible: procVisible(),
    exitRecords: held.CAP_NET_ADMIN && isInitial,
    initialUser,
    zones: visibleZones(),
    btf: statSync('/sys/kernel/btf/vmlinux', { throwIfNoEntry: false }) !== undefined,
    lockdown: /\[(\w+)\]/.exec(readText('/sys/kernel/security/lockdown') ?? '')?.[1] ?? null,
  };
}
