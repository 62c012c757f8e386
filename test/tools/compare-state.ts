import { execFileSync } from 'node:child_process';

type Json = Readonly<Record<string, unknown>>;

/** A route as one comparable line; `loose` leaves out what the kernel changes without telling (hop flags). */
export interface ComparableRoute {
  readonly exact: string;
  readonly loose: string;
}

const TABLES: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };
const HOP_FLAGS = ['dead', 'linkdown', 'onlink', 'pervasive', 'unresolved'];
/** Metrics which `ip` prints with the kernel's own number. */
const PLAIN_METRICS = ['mtu', 'window', 'advmss', 'initcwnd', 'initrwnd', 'hoplimit', 'quickack'];

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};

function prefix(value: unknown, family: string): string {
  const written = text(value);
  if (written === '' || written === 'default' || written === 'any' || written === 'all') {
    return family === 'inet' ? '0.0.0.0/0' : '::/0';
  }
  if (written.includes('/')) return written;
  return `${written}/${family === 'inet' ? 32 : 128}`;
}

interface Hop {
  readonly gateway: string;
  readonly dev: string;
  readonly weight: number;
  readonly flags: readonly string[];
}

const hopLine = (hop: Hop, withFlags: boolean): string => {
  const flags = withFlags ? hop.flags.filter((flag) => HOP_FLAGS.includes(flag)).sort() : [];
  return `${hop.gateway}@${hop.dev}*${hop.weight}${flags.length > 0 ? `[${flags.join()}]` : ''}`;
};

interface Parts {
  readonly family: string;
  readonly head: readonly string[];
  readonly metrics: Json;
  readonly hops: readonly Hop[];
}

function comparable({ family, head, metrics, hops }: Parts): ComparableRoute {
  const plain = PLAIN_METRICS.flatMap((name) =>
    typeof metrics[name] === 'number' ? [`${name}=${metrics[name]}`] : [],
  );
  const line = (withFlags: boolean): string => {
    const lines = hops.map((hop) => hopLine(hop, withFlags));
    // IPv6 siblings have no order of their own: dumps begin with the first, notifications with the newest.
    if (family === 'inet6') lines.sort();
    return [...head, ...plain, ...lines].filter((part) => part !== '').join(' ');
  };
  return { exact: line(true), loose: line(false) };
}

const labelled = (label: string, value: unknown): string => {
  const written = text(value);
  return written === '' || written === '0' ? '' : `${label} ${written}`;
};

/** A route of `ip -j -d route show table all`. */
function comparableIpRoute(route: Json, family: 'inet' | 'inet6'): ComparableRoute {
  const table = text(route.table);
  const routeFlags = list(route.flags).map(text);
  const hop = (value: Json, flags: readonly string[]): Hop => ({
    gateway: text(value.gateway) || text(object(value.via).host),
    dev: text(value.dev),
    weight: typeof value.weight === 'number' ? value.weight : 1,
    flags: [...flags, ...list(value.flags).map(text)],
  });
  const many = list(route.nexthops).map(object);
  const single =
    text(route.dev) !== '' || text(route.gateway) !== '' || route.via !== undefined
      ? [hop({ ...route, flags: [] }, routeFlags)]
      : [];
  return comparable({
    family,
    head: [
      family,
      `table ${TABLES[table] ?? (table === '' ? 254 : table)}`,
      text(route.type) || 'unicast',
      prefix(route.dst, family),
      route.from === undefined ? '' : `from ${prefix(route.from, family)}`,
      labelled('tos', route.tos === undefined ? '' : Number(text(route.tos))),
      labelled('metric', route.metric),
      labelled('proto', route.protocol),
      family === 'inet' ? labelled('scope', route.scope) : '',
      labelled('prefsrc', route.prefsrc),
      labelled('nhid', route.nhid),
      route.pref === undefined || route.pref === 'medium' ? '' : labelled('pref', route.pref),
    ],
    metrics: object(list(route.metrics)[0]),
    hops: many.length > 0 ? many.map((value) => hop(value, [])) : single,
  });
}

/** The `route` member of a record, lean or full. */
export function comparableRecordRoute(route: Json): ComparableRoute {
  const family = text(route.family) || 'inet';
  const nexthops = list(route.nexthops).map(object);
  return comparable({
    family,
    head: [
      family,
      `table ${text(route.table)}`,
      text(route.type),
      prefix(route.dst, family),
      text(route.src) === '' ? '' : `from ${prefix(route.src, family)}`,
      labelled('tos', route.tos),
      labelled('metric', route.priority),
      labelled('proto', route.protocol),
      family === 'inet' ? labelled('scope', route.scope) : '',
      labelled('prefsrc', route.prefsrc),
      labelled('nhid', route.nhid),
      text(route.pref) === '' || route.pref === 'medium' ? '' : labelled('pref', route.pref),
    ],
    metrics: object(route.metrics),
    hops: nexthops.map((hop) => ({
      gateway: text(hop.gateway),
      dev: text(hop.dev),
      weight: typeof hop.weight === 'number' ? hop.weight : 1,
      flags: [
        ...(nexthops.length === 1 ? list(route.flags).map(text) : []),
        ...list(hop.flags).map(text),
      ].filter((flag, i, all) => all.indexOf(flag) === i),
    })),
  });
}

/** Every route the kernel has in a namespace, all tables, both families, as comparable lines. */
export function kernelRoutes(namespace: string): string[] {
  return (['inet', 'inet6'] as const).flatMap((family) => {
    const out = execFileSync(
      'ip',
      [
        '-n',
        namespace,
        '-j',
        '-d',
        family === 'inet' ? '-4' : '-6',
        'route',
        'show',
        'table',
        'all',
      ],
      { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    const routes = out.trim() === '' ? [] : (JSON.parse(out) as Json[]);
    return routes.map((route) => comparableIpRoute(route, family).exact);
  });
}

/** `inet6 table 254 … 2001:db8::/32 … metric 1024` of a line: what the siblings of a multipath route share. */
const siblingKey = (line: string): string | null => {
  const [, table = '', dst = '', metric = ''] =
    /^inet6 (table \d+) \S+ (\S+\/\d+).*? (metric \d+)/.exec(line) ?? [];
  return table === '' ? null : `${table} ${dst} ${metric}`;
};

const isMultipath = (line: string): boolean => line.split('@').length > 2;

/**
 * Between the siblings of an IPv6 multipath route other routes of the same metric can stand (a route onto
 * the link, one of a nexthop object). Dumps jump from the first sibling to the last (fib6_dump_node), so
 * those routes exist and no dump shows them.
 */
function withoutHidden(kernel: readonly string[], rebuilt: readonly string[]): readonly string[] {
  const shown = new Set(kernel);
  const hiding = new Set(kernel.filter(isMultipath).map(siblingKey));
  hiding.delete(null);
  return rebuilt.filter((line) => shown.has(line) || !hiding.has(siblingKey(line)));
}

/** What two multisets of lines don't share, one per line with `-` or `+`; empty when they are equal. */
export function stateDifference(kernel: readonly string[], rebuilt: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of kernel) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of withoutHidden(kernel, rebuilt)) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([line, count]) =>
      count > 0 ? `only in the kernel (${count}): ${line}` : `only rebuilt (${-count}): ${line}`,
    )
    .sort((a, b) => a.slice(a.indexOf(':')).localeCompare(b.slice(b.indexOf(':'))))
    .join('\n');
}
