import { readText } from '../procfs/proc.js';

/** A namespace file mounted somewhere. */
interface NetnsMount {
  readonly id: number;
  readonly path: string;
}

/** mountinfo writes space, tab, newline and backslash as octal (seq_escape in fs/proc_namespace.c). */
const unescapeOctal = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

/** Mounted network namespaces in the text of /proc/PID/mountinfo: `… net:[INODE] PATH … - nsfs nsfs …`. */
export function netnsMountsIn(mountinfo: string): NetnsMount[] {
  const mounts: NetnsMount[] = [];
  for (const line of mountinfo.split('\n')) {
    const match = /^\d+ \d+ \S+ net:\[(\d+)\] (\S+) .* - nsfs /.exec(line);
    if (match !== null) mounts.push({ id: Number(match[1]), path: unescapeOctal(match[2] ?? '') });
  }
  return mounts;
}

/** Network namespaces mounted where we can see them. */
export const netnsMounts = (): NetnsMount[] =>
  netnsMountsIn(readText('/proc/self/mountinfo') ?? '');
