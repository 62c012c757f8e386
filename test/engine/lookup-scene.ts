import { spawnSync } from 'node:child_process';
import { addressText } from '../../core/wire/address.js';
import type { Explanation } from '../../core/lookup/lookup.js';
import { namesFrom } from '../../core/names/names.js';
import type { LookupQuestion } from '../../core/lookup/question.js';
import { Explainer } from '../../sources/explain-state.js';
import { Namespace } from './harness.js';
import { Random } from './random.js';
import { randomAsked, routeLines, ruleLines, sceneLines } from './random-lookups.js';

const shownAsked = (asked: LookupQuestion): string =>
  Object.entries(asked)
    .map(([name, value]) =>
      value instanceof Uint8Array
        ? `${name} ${addressText(value, 0, value.length)}`
        : `${name} ${String(value)}`,
    )
    .join(' ');

const disagreement = (asked: LookupQuestion, { check, outcome }: Explanation): string =>
  [shownAsked(asked), ...check.differences, ...outcome.notes].join('; ');

/** What random scenes came to. */
export interface Tally {
  readonly verdicts: Map<string, number>;
  readonly kinds: Map<string, number>;
  readonly wrong: string[];
  done: number;
  /** Lines given to `ip`, and how many it refused: nonsense is part of the game. */
  lines: number;
  refused: number;
}

const count = (map: Map<string, number>, key: string): unknown =>
  map.set(key, (map.get(key) ?? 0) + 1);

/** Runs lines of `ip -batch` of a family; how many were refused. */
function batch(namespace: Namespace, isInet6: boolean, lines: readonly string[]): number {
  const args = ['-n', namespace.name, isInet6 ? '-6' : '-4', '-force', '-batch', '-'];
  const { stderr } = spawnSync('ip', args, { input: `${lines.join('\n')}\n`, encoding: 'utf8' });
  if (process.env['ROUTETAP_REFUSED'] !== undefined) process.stdout.write(stderr);
  return stderr.split('Command failed').length - 1;
}

/** IPv6 routes of the main and other tables that /proc/net/ipv6_route has and a dump does not. */
function hiddenRoutes(namespace: Namespace): number {
  const lines = namespace.exec('cat', ['/proc/net/ipv6_route']).trim().split('\n');
  // The null entry of each table has the last metric there is.
  const real = lines.filter((line) => !line.includes(' ffffffff ')).length;
  const text = namespace.exec('ip', ['-6', '-j', 'route', 'show', 'table', 'all']);
  const dumped = JSON.parse(text) as { nexthops?: unknown[]; nhid?: number }[];
  const hops = dumped.map(({ nexthops = [], nhid }) =>
    nhid === undefined ? Math.max(1, nexthops.length) : 1,
  );
  return real - hops.reduce((sum, n) => sum + n, 0);
}

/** One namespace at random, and lookups in it; what disagrees is added to `tally.wrong`. */
export async function runScene(seed: number, tally: Tally, lookups: number): Promise<void> {
  const random = new Random(seed);
  const namespace = new Namespace('lookup');
  namespace.quietIpv6();
  namespace.sysctl('net.ipv4.conf.all.rp_filter', '0');
  namespace.sysctl('net.ipv4.conf.default.rp_filter', '0');
  namespace.sysctl('net.ipv4.conf.default.accept_local', '1');
  namespace.sysctl('net.ipv6.conf.all.forwarding', String(random.below(2)));
  namespace.sysctl('net.ipv4.ip_forward', random.chance(0.8) ? '1' : '0');
  namespace.sysctl('net.ipv4.nexthop_compat_mode', random.chance(0.7) ? '1' : '0');
  const ignores = random.chance(0.5) ? '1' : '0';
  for (const family of ['ipv4', 'ipv6']) {
    namespace.sysctl(`net.${family}.conf.all.ignore_routes_with_linkdown`, ignores);
    namespace.sysctl(`net.${family}.conf.default.ignore_routes_with_linkdown`, ignores);
  }
  namespace.batch(sceneLines(random));
  for (const isInet6 of [false, true]) {
    const lines = [...routeLines(random, isInet6), ...ruleLines(random, isInet6)];
    const refused = batch(namespace, isInet6, lines);
    tally.lines += lines.length;
    tally.refused += refused;
  }
  const explainer = new Explainer(`/run/netns/${namespace.name}`, namesFrom({}));
  try {
    const ifindexes: number[] = [1];
    for (const dev of ['v0', 'v0p', 'v1', 'v1p', 'v2', 'v2p', 'v3', 'v3p', 'blue']) {
      const ifindex = await explainer.ifindex(dev);
      if (ifindex !== null) ifindexes.push(ifindex);
    }
    for (let i = 0; i < lookups; i++) {
      const isInet6 = i % 2 === 1;
      const asked = randomAsked(random, isInet6, ifindexes);
      const explanation = await explainer.explain(asked);
      const { check, outcome } = explanation;
      tally.done++;
      count(tally.verdicts, check.verdict);
      const family = isInet6 ? 'inet6' : 'inet';
      const way = check.isKernelsChoice ? 'one of several' : outcome.type;
      count(tally.kinds, `${family} ${outcome.errno === 0 ? way : `errno ${outcome.errno}`}`);
      const isHidden = check.verdict === 'hidden' && hiddenRoutes(namespace) > 0;
      if (check.differences.length > 0 && !isHidden) {
        tally.wrong.push(`seed ${seed} lookup ${i}: ${disagreement(asked, explanation)}`);
      }
    }
  } finally {
    await explainer.close();
    namespace.remove();
  }
}

export const newTally = (): Tally => ({
  verdicts: new Map(),
  kinds: new Map(),
  wrong: [],
  done: 0,
  lines: 0,
  refused: 0,
});
