/**
 * The cgroup path of a process out of /proc/PID/cgroup (cgroups(7)), or of a path alone. Order: the
 * v2 hierarchy (`0::`), systemd's own v1 hierarchy, the first v1 controller; a hierarchy in which the
 * process sits at the root tells nothing and yields to the next. Null when there is no line at all.
 */
export function cgroupPath(text: string): string | null {
  if (text.startsWith('/')) return withoutDeleted(text.split('\n', 1)[0] ?? text);
  let unified: string | null = null;
  let systemd: string | null = null;
  let controller: string | null = null;
  for (const line of text.split('\n')) {
    // ID:CONTROLLERS:PATH; only the path may hold further colons.
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const path = withoutDeleted(match[2] ?? '/');
    if (match[1] === '') unified ??= path;
    else if (match[1] === 'name=systemd') systemd ??= path;
    else if (controller === null || controller === '/') controller = path;
  }
  const paths = [unified, systemd, controller].filter((path) => path !== null);
  return paths.find((path) => path !== '/') ?? paths[0] ?? null;
}

/** The kernel marks the cgroup of a process that outlived it. */
const withoutDeleted = (path: string): string =>
  path.endsWith(' (deleted)') ? path.slice(0, -' (deleted)'.length) : path;

/** Unit types that hold processes, without slices, which only group them (systemd.unit(5)). */
const UNIT = /^.+\.(?:service|scope|socket|mount|swap)$/;

/**
 * The systemd unit of a cgroup path: the deepest one, so a user's own service wins over user@UID.service.
 * systemd's `\x2d` escapes are undone. Null when no segment is a unit.
 */
export function unitOf(path: string): string | null {
  const segments = path.split('/');
  for (let at = segments.length - 1; at >= 0; at--) {
    const segment = segments[at] ?? '';
    if (UNIT.test(segment)) return unescapeUnit(segment);
  }
  return null;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Undoes systemd's `\xNN`, and the `_` it puts before names the kernel keeps for itself (cg_escape). */
function unescapeUnit(name: string): string {
  const plain = name.startsWith('_') ? name.slice(1) : name;
  return plain.replace(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
    decoder.decode(Uint8Array.from(run.slice(2).split(/\\x/i), (hex) => Number.parseInt(hex, 16))),
  );
}

interface ContainerPattern {
  /** Names the container in its first group. */
  readonly segment: RegExp;
  /** The segment above must match. */
  readonly parent?: RegExp;
  /** The segment below must match (or, for `notChild`, must not). */
  readonly child?: RegExp;
  readonly notChild?: RegExp;
}

/** How container runtimes name their cgroups. The monitors beside a container (conmon, lxc.monitor) are no part of it. */
const CONTAINERS: readonly ContainerPattern[] = [
  // systemd driver: Docker, containerd's CRI plugin, CRI-O, Podman, nerdctl.
  {
    segment:
      /^(?:docker|cri-containerd|containerd|crio|libpod|libpod-payload|nerdctl)-([0-9a-f]{12,64})(?:\.scope)?$/,
  },
  // The systemd notation "slice:prefix:id" taken literally by a cgroupfs driver.
  { segment: /^.+:(?:docker|cri-containerd|crio|libpod):([0-9a-f]{12,64})$/ },
  // cgroupfs driver: /docker/ID, /kubepods/burstable/podUID/ID, /ecs/TASK/ID, /k8s.io/ID.
  { segment: /^([0-9a-f]{64})$/ },
  // AWS Fargate: /ecs/TASK/TASK-NUMBER.
  { segment: /^([0-9a-f]{32}-\d+)$/, parent: /^[0-9a-f]{32}$/ },
  // LXC 4 and on (and LXD, Incus), then LXC 3 and before (and Proxmox).
  { segment: /^lxc\.payload\.(.+)$/ },
  { segment: /^(.+)$/, parent: /^lxc(?:\.payload)?$/ },
  // systemd-machined; a qemu machine's processes are the host's.
  { segment: /^machine-(?!qemu(?:\\x2d|-))(.+)\.scope$/, notChild: /^supervisor$/ },
  { segment: /^systemd-nspawn@(.+)\.service$/, child: /^payload$/ },
];

/** The container of a cgroup path, the innermost when they nest: its id, or its name for LXC and systemd-machined. */
export function containerOf(path: string): string | null {
  const segments = path.split('/');
  for (let at = segments.length - 1; at > 0; at--) {
    const segment = segments[at] ?? '';
    for (const pattern of CONTAINERS) {
      const name = pattern.segment.exec(segment)?.[1];
      if (name === undefined) continue;
      if (pattern.parent?.test(segments[at - 1] ?? '') === false) continue;
      if (pattern.child?.test(segments[at + 1] ?? '') === false) continue;
      if (pattern.notChild?.test(segments[at + 1] ?? '') === true) continue;
      return unescapeUnit(name);
    }
  }
  return null;
}
