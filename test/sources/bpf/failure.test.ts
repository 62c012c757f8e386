import { describe, expect, test } from '@jest/globals';

import { cgroupRoot } from '../../../sources/bpf/cgroup-root.js';
import { failureLine, lastUsefulLine } from '../../../sources/bpf/failure.js';
import { mechanismOf, programsOf } from '../../../sources/bpf/tiers.js';

const VERIFIER = `libbpf: prog 'p': BPF program load failed: Permission denied
libbpf: prog 'p': -- BEGIN PROG LOAD LOG --
0: R1=ctx(off=0,imm=0) R10=fp0
; return *(int *)(ret + 8);
0: (61) r0 = *(u32 *)(r1 +8)
R1 invalid mem access 'scalar'
processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'p': failed to load: -13
libbpf: failed to load object 'routetap'
`;

describe('a failure', () => {
  test('is told by the verifier’s reason, not by what is printed around it', () => {
    expect(lastUsefulLine(VERIFIER)).toBe("R1 invalid mem access 'scalar'");
  });

  test('is told by what libbpf says where the verifier was not reached', () => {
    const log = `libbpf: prog 'p': failed to find kernel BTF type ID of 'nothing': -3
libbpf: prog 'p': failed to prepare load attributes: -3
libbpf: prog 'p': failed to load: -3
`;
    expect(lastUsefulLine(log)).toBe(
      "prog 'p': failed to find kernel BTF type ID of 'nothing': -3",
    );
    expect(lastUsefulLine('')).toBeNull();
  });

  test('is its errno alone where libbpf only guesses', () => {
    const log =
      "libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 8.0 MiB\n";
    expect(lastUsefulLine(log)).toBeNull();
  });

  test('is one line with its errno', () => {
    const failure = Object.assign(new Error('load'), {
      ...{ errno: 13, code: 'EACCES', call: 'load', subject: 'the object', log: VERIFIER },
    });
    expect(failureLine(failure)).toBe("load the object: EACCES: R1 invalid mem access 'scalar'");
    expect(failureLine(new Error('other'))).toBe('other');
  });
});

describe('programs', () => {
  test('belong to the mechanism of their section', () => {
    expect(mechanismOf('fexit/ip_error')).toBe('fentry');
    expect(mechanismOf('kretprobe/ip_error')).toBe('kprobe');
    expect(mechanismOf('tp_btf/kfree_skb')).toBe('tracepoint');
    expect(mechanismOf('sockops')).toBe('tracepoint');
    expect(mechanismOf('xdp')).toBeNull();
  });

  test('serve both families unless their name says one', () => {
    const section = 'tp_btf/kfree_skb';
    const rows = ['miss_fib6_tp', 'miss_fib4_tp', 'miss_exit_tp'].map((name) => ({
      name,
      section,
    }));
    expect(programsOf(rows, 'tracepoint', 'inet')).toEqual(['miss_fib4_tp', 'miss_exit_tp']);
    expect(programsOf(rows, 'tracepoint', 'inet6')).toEqual(['miss_fib6_tp', 'miss_exit_tp']);
    expect(programsOf(rows, 'kprobe', 'inet6')).toEqual([]);
  });
});

describe('the cgroup root', () => {
  test('is where cgroup2 is mounted, with escapes undone', () => {
    expect(cgroupRoot('cgroup /a cgroup rw 0 0\ncgroup2 /b\\040c cgroup2 rw 0 0\n')).toBe('/b c');
    expect(cgroupRoot('cgroup /a cgroup rw 0 0\n')).toBeNull();
  });
});
