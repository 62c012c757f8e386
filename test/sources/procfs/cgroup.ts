import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `body` while the process sits in a cgroup of this name right below the root of the v2 hierarchy. */
export async function inCgroup(
  name: string,
  pid: number,
  body: () => Promise<void> | void,
): Promise<void> {
  const mount = mkdtempSync(join(tmpdir(), 'routetap-cgroup-'));
  execFileSync('mount', ['-t', 'cgroup2', 'none', mount]);
  try {
    mkdirSync(join(mount, name));
    try {
      writeFileSync(join(mount, name, 'cgroup.procs'), String(pid));
      await body();
    } finally {
      writeFileSync(join(mount, 'cgroup.procs'), String(pid));
      rmdirSync(join(mount, name));
    }
  } finally {
    execFileSync('umount', [mount]);
    rmdirSync(mount);
  }
}
