import { watchDirectories } from './directories.js';
import { leadsTo, listZones, selfZone } from './list.js';
import { namedZones } from './named.js';
import type { FoundZone } from './zone.js';

/** Pause after a change in /run/netns before looking: changes come in bursts. */
const SETTLE_MS = 10;
/** How often a name without its namespace is looked at again, every SETTLE_MS. */
const MOUNT_TRIES = 100;
/** A rescan may take one part in this many of the time. */
const RESCAN_SHARE = 50;

export interface ZoneWatchOptions {
  /** Every namespace of the machine; else only `zones`. */
  readonly all: boolean;
  /** Which zones, when not all; by default our own. A named one is taken up again when its name comes back. */
  readonly zones?: readonly FoundZone[];
  /** Also called for each zone that is there at the start, our own first, before watchZones returns. */
  readonly onAppear: (zone: FoundZone) => void;
  /** Let go of everything that pins the namespace. `id` is the inode. */
  readonly onVanish: (id: number) => void;
  /** Pause between two rescans of /proc, 1000 by default. */
  readonly intervalMs?: number;
}

export interface ZoneWatch {
  close(): void;
}

/**
 * Tells when network namespaces come and go. A namespace has vanished when no process but ourselves lives
 * in it, nothing is mounted from it and no name leads to it: our own sockets do not count, although
 * they keep it in the kernel until the caller closes them in `onVanish`. Our own namespace never vanishes;
 * when only that one is watched, nothing runs at all.
 */
export function watchZones(options: ZoneWatchOptions): ZoneWatch {
  const { all, onAppear, onVanish } = options;
  const alive = new Map<number, FoundZone>();
  const self = selfZone();
  const targets = options.zones ?? [self];

  const appear = (zone: FoundZone): void => {
    if (alive.has(zone.id)) return;
    alive.set(zone.id, zone);
    onAppear(zone);
  };
  const vanish = (id: number): void => {
    alive.delete(id);
    onVanish(id);
  };

  for (const zone of all ? listZones() : targets) appear(zone);
  if (!all && targets.every((zone) => zone.id === self.id)) return { close: () => undefined };

  const wanted = (zone: FoundZone): boolean =>
    all ||
    (targets.some((target) => target.name !== null && target.name === zone.name) &&
      ![...alive.values()].some((other) => other.name === zone.name));

  const missing = (zones: readonly FoundZone[]): FoundZone[] => {
    const ids = new Set(zones.map((zone) => zone.id));
    return [...alive.values()].filter((zone) => zone.id !== self.id && !ids.has(zone.id));
  };

  const rescan = (): void => {
    let zones = listZones(alive);
    const gone = missing(zones);
    // A namespace whose last process forked and exited while we read /proc is not gone: look twice.
    if (gone.length > 0) {
      zones = listZones(alive);
      const stillGone = new Set(missing(zones));
      for (const zone of gone) if (stillGone.has(zone)) vanish(zone.id);
    }
    for (const zone of zones) {
      if (alive.has(zone.id)) alive.set(zone.id, zone);
      else if (wanted(zone)) appear(zone);
    }
  };

  let closed = false;
  let settle: NodeJS.Timeout | null = null;
  let tries = 0;

  const lookAtNames = (): void => {
    settle = null;
    directories.renew();
    const { zones, unmounted } = namedZones();
    const ids = new Set(zones.map((zone) => zone.id));
    const unnamed = [...alive.values()].some(
      (zone) => !ids.has(zone.id) && !leadsTo(zone.path, zone.id),
    );
    const fresh = zones.some((zone) => !alive.has(zone.id) && wanted({ ...zone, initial: false }));
    if (unnamed || fresh) rescan();
    if (unmounted > 0 && tries < MOUNT_TRIES) {
      tries += 1;
      settleSoon();
    }
  };
  const settleSoon = (): void => {
    if (!closed) settle ??= setTimeout(lookAtNames, SETTLE_MS).unref();
  };
  const directories = watchDirectories(() => {
    tries = 0;
    settleSoon();
  });

  const intervalMs = options.intervalMs ?? 1000;
  const slowly = (): void => {
    const start = performance.now();
    directories.renew();
    const whole =
      alive.size >= targets.length &&
      [...alive.values()].every((zone) => leadsTo(zone.path, zone.id));
    if (all || !whole) rescan();
    if (!closed)
      timer = setTimeout(
        slowly,
        Math.max(intervalMs, (performance.now() - start) * RESCAN_SHARE),
      ).unref();
  };
  let timer = setTimeout(slowly, intervalMs).unref();

  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      if (settle !== null) clearTimeout(settle);
      directories.close();
    },
  };
}
