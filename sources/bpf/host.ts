import { existsSync } from 'node:fs';

import { readLink, readText } from '../procfs/proc.js';

/** What decides for all of eBPF before anything is loaded. */
export interface BpfHost {
  /** /sys/kernel/btf/vmlinux is there. */
  readonly btf: boolean;
  /** Mode of /sys/kernel/security/lockdown; null: the kernel has none. */
  readonly lockdown: string | null;
  /** Effective capabilities (CapEff). */
  readonly capabilities: bigint;
  /** We live in the initial user namespace: tracing needs the capabilities there. */
  readonly initialUser: boolean;
}

/** Inodes of the initial namespaces (include/linux/proc_ns.h). */
const INITIAL_USER_NS = 'user:[4026531837]';
const INITIAL_PID_NS = 'pid:[4026531836]';

/** include/uapi/linux/capability.h */
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

export function lookAtBpfHost(): BpfHost {
  const [, held = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readText('/proc/self/status') ?? '') ?? [];
  const lockdown = readText('/sys/kernel/security/lockdown') ?? '';
  return {
    btf: existsSync('/sys/kernel/btf/vmlinux'),
    lockdown: /\[(\w+)\]/.exec(lockdown)?.[1] ?? null,
    capabilities: BigInt(`0x${held}`),
    initialUser: readLink('/proc/self/ns/user') === INITIAL_USER_NS,
  };
}

/** Process numbers here are those that eBPF programs see. */
export const isInitialPidNamespace = (): boolean =>
  readLink('/proc/self/ns/pid') === INITIAL_PID_NS;

/** Our process as eBPF programs count; 0 where they count otherwise and it is not known. */
export const ownTgid = (): number => (isInitialPidNamespace() ? process.pid : 0);

/** Why no eBPF program can be loaded here, in words; null: nothing speaks against it. */
export function refusalOf({ btf, lockdown, capabilities, initialUser }: BpfHost): string | null {
  const has = (capability: bigint): boolean => ((capabilities >> capability) & 1n) === 1n;
  if (!has(CAP_SYS_ADMIN) && !(has(CAP_BPF) && has(CAP_PERFMON))) {
    return 'needs CAP_BPF and CAP_PERFMON (or root)';
  }
  if (!initialUser) {
    return 'needs CAP_BPF and CAP_PERFMON (or root) in the initial user namespace';
  }
  // bpf_probe_read_kernel is refused then (LOCKDOWN_BPF_READ_KERNEL).
  if (lockdown === 'confidentiality') {
    return 'the kernel is locked down (confidentiality), which keeps eBPF from reading its memory';
  }
  if (!btf) return 'the kernel has no BTF: no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)';
  return null;
}
