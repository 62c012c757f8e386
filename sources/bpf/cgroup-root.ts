import { readFileSync } from 'node:fs';

/** Where the unified cgroup hierarchy is mounted, or null; `mounts` is the text of /proc/self/mounts. */
export function cgroupRoot(mounts = readFileSync('/proc/self/mounts', 'utf8')): string | null {
  for (const line of mounts.split('\n')) {
    const [, path, type] = line.split(' ');
    if (type === 'cgroup2' && path !== undefined) {
      return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
    }
  }
  return null;
}
