import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { NETNS_DIRECTORIES, realPath } from './named.js';

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/** Inotify watches on the directories of named namespaces, or on the parent of one that does not exist yet. */
interface DirectoryWatches {
  /** Sets up what is missing: a directory that appeared, or was made anew. */
  renew(): void;
  close(): void;
}

/** Calls `onChange` when something is made or deleted in the directories. A watch the kernel refuses is left out. */
export function watchDirectories(onChange: () => void): DirectoryWatches {
  const watched = new Map<string, Watched>();

  const drop = (path: string): void => {
    watched.get(path)?.watcher.close();
    watched.delete(path);
  };

  const put = (path: string, only: string | null): void => {
    try {
      const inode = statSync(path).ino;
      if (watched.get(path)?.inode === inode) return;
      drop(path);
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (only === null || name === only) onChange();
      });
      watcher.on('error', () => drop(path));
      watched.set(path, { watcher, inode });
    } catch {
      // Not there (any more), or no inotify watch left: the rescan of the caller still finds what changes.
    }
  };

  const renew = (): void => {
    const wanted = new Map<string, string | null>();
    for (const { path: directory } of NETNS_DIRECTORIES) {
      const real = realPath(directory);
      const parent = real === null ? realPath(dirname(directory)) : null;
      if (real !== null) wanted.set(real, null);
      else if (parent !== null && !wanted.has(parent)) wanted.set(parent, basename(directory));
    }
    for (const path of [...watched.keys()]) if (!wanted.has(path)) drop(path);
    for (const [path, only] of wanted) put(path, only);
  };

  renew();
  return {
    renew,
    close: () => {
      for (const path of [...watched.keys()]) drop(path);
    },
  };
}
