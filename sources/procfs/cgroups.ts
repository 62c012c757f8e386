import { readdirSync, statSync } from 'node:fs';

const RESCAN_MS = 1000;
/** Folders looked at in one walk. */
const MOST_FOLDERS = 20_000;

/**
 * Paths of control groups by the kernel's id (bpf_get_current_cgroup_id): the inode of their folder in the unified
 * hierarchy. Walked when an id is asked for that is not known, at most once a second.
 */
export class CgroupPaths {
  readonly #root: string | null;
  readonly #now: () => number;
  #paths = new Map<bigint, string>();
  #walkedMs = Number.NEGATIVE_INFINITY;

  /** `root`: where cgroup2 is mounted, null for nowhere. `now` in ms. */
  constructor(root: string | null, now: () => number = () => performance.now()) {
    this.#root = root;
    this.#now = now;
  }

  /** `/system.slice/ssh.service`, or null for one that is not there (any more). */
  find(id: bigint): string | null {
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const now = this.#now();
    if (this.#root === null || now - this.#walkedMs < RESCAN_MS) return null;
    this.#walkedMs = now;
    this.#walk(this.#root);
    return this.#paths.get(id) ?? null;
  }

  #walk(root: string): void {
    const paths = new Map<bigint, string>();
    const open = ['/'];
    for (
      let path = open.pop();
      path !== undefined && paths.size < MOST_FOLDERS;
      path = open.pop()
    ) {
      try {
        const folder = root + path;
        paths.set(statSync(folder, { bigint: true }).ino, path);
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
          if (entry.isDirectory()) open.push(`${path === '/' ? '' : path}/${entry.name}`);
        }
      } catch {
        // Removed since its name was read.
      }
    }
    this.#paths = paths;
  }
}
