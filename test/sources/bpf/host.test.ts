import { describe, expect, test } from '@jest/globals';
import { refusalOf, type BpfHost } from '../../../sources/bpf/host.js';

const bits = (...numbers: readonly number[]): bigint =>
  numbers.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);

const CAP_SYS_ADMIN = 21;
const CAP_PERFMON = 38;
const CAP_BPF = 39;

const HOST: BpfHost = {
  btf: true,
  lockdown: 'none',
  capabilities: bits(CAP_BPF, CAP_PERFMON),
  initialUser: true,
};

describe('what speaks against eBPF on a host', () => {
  test('nothing does with the two capabilities, or the one that held both before', () => {
    expect(refusalOf(HOST)).toBeNull();
    expect(refusalOf({ ...HOST, capabilities: bits(CAP_SYS_ADMIN) })).toBeNull();
    expect(refusalOf({ ...HOST, lockdown: null })).toBeNull();
    expect(refusalOf({ ...HOST, lockdown: 'integrity' })).toBeNull();
  });

  test.each<[string, Partial<BpfHost>, string]>([
    ['no capability', { capabilities: 0n }, 'needs CAP_BPF and CAP_PERFMON (or root)'],
    ['one of two', { capabilities: bits(CAP_BPF) }, 'needs CAP_BPF and CAP_PERFMON (or root)'],
    ['a user namespace', { initialUser: false }, 'in the initial user namespace'],
    ['lockdown', { lockdown: 'confidentiality' }, 'locked down (confidentiality)'],
    ['no BTF', { btf: false }, '/sys/kernel/btf/vmlinux'],
  ])('%s is said in one line', (_, lacking, words) => {
    const why = refusalOf({ ...HOST, ...lacking });
    expect(why).toContain(words);
    expect(why).not.toContain('\n');
  });
});
