import { types } from 'node:util';

import type { BpfFailure } from './libbpf.js';

/** What the verifier prints after its reason, and what libbpf prints about its own clean-up. */
const NOISE = [
  /^-- (BEGIN|END) PROG LOAD LOG --$/,
  /^processed \d+ insns/,
  /^verification time/,
  /^stack depth/,
  /^libbpf: prog '[^']*': -- (BEGIN|END) PROG LOAD LOG --$/,
  /^libbpf: failed to load object/,
  /^libbpf: prog '[^']*': failed to load: -?\d+$/,
  /^libbpf: prog '[^']*': failed to prepare load attributes/,
  /^libbpf: prog '[^']*': BPF program load failed: /,
  /^-- END PROG LOAD LOG --/,
  // A guess for kernels before 5.11, which counted the memory of programs.
  /^libbpf: permission error while running as root; try raising 'ulimit -l'/,
];

/** The log's last line that says something, or null. */
export function lastUsefulLine(log: string): string | null {
  const lines = log.split('\n').map((line) => line.trim());
  const line = lines.findLast((one) => one !== '' && !NOISE.some((noise) => noise.test(one)));
  return line?.replace(/^libbpf: /, '') ?? null;
}

export const isBpfFailure = (error: unknown): error is BpfFailure =>
  types.isNativeError(error) && 'errno' in error && 'log' in error && typeof error.log === 'string';

/** A failure as one line: the errno and the last useful line of the log. */
export function failureLine(error: unknown): string {
  if (!isBpfFailure(error)) return types.isNativeError(error) ? error.message : String(error);
  const said = lastUsefulLine(error.log);
  const refused = `${error.call} ${error.subject}: ${error.code}`;
  return said === null ? refused : `${refused}: ${said}`;
}
