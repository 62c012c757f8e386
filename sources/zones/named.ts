import { realpathSync, statSync } from 'node:fs';
import { readNames } from '../procfs/proc.js';

/** A directory in which namespaces are mounted. */
interface NetnsDirectory {
  readonly path: string;
  /** The entries are names people use (`ip netns`); Docker's are numbers of its own that nobody knows. */
  readonly names: boolean;
}

/** Where `ip netns` and Docker keep namespaces. */
export const NETNS_DIRECTORIES: readonly NetnsDirectory[] = [
  { path: '/run/netns', names: true },
  { path: '/var/run/netns', names: true },
  { path: '/var/run/docker/netns', names: false },
];

/** An entry of a directory of namespaces. */
export interface NamedNetns {
  readonly id: number;
  readonly path: string;
  readonly name: string | null;
}

interface NamedListing {
  readonly zones: readonly NamedNetns[];
  /** Entries that are plain files: `ip netns add` makes the file first and mounts the namespace on it a moment later. */
  readonly unmounted: number;
}

/** What stands in the directories now. */
export function namedZones(): NamedListing {
  const nsfs = deviceOf('/proc/self/ns/net');
  const zones: NamedNetns[] = [];
  let unmounted = 0;
  const seen = new Set<string>();
  for (const directory of NETNS_DIRECTORIES) {
    const real = realPath(directory.path);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    for (const entry of readNames(real).sort()) {
      const path = `${real}/${entry}`;
      try {
        const stat = statSync(path);
        if (stat.dev === nsfs)
          zones.push({ id: stat.ino, path, name: directory.names ? entry : null });
        else if (stat.isFile()) unmounted += 1;
      } catch {
        // Deleted between the listing and the look.
      }
    }
  }
  return { zones, unmounted };
}

const deviceOf = (path: string): number | null => {
  try {
    return statSync(path).dev;
  } catch {
    return null;
  }
};

/** The directory without symbolic links (/var/run is one), null when it does not exist. */
export function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
