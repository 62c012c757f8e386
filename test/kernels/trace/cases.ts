import { setTimeout as sleep } from 'node:timers/promises';

import type { TraceBench, ZoneName } from './bench.js';

/** A way to an address that the kernel's routing code is asked for. */
export interface TraceCase {
  readonly name: string;
  readonly family: 'inet' | 'inet6';
  readonly to: string;
  readonly port: number;
  /** Where it is asked. */
  readonly from: 'client' | 'tenant';
  readonly by: 'tcp' | 'udp' | 'datagram' | 'ping';
  readonly dev?: string;
  /** Where the lookup of interest is made. */
  readonly in: ZoneName;
  readonly direction: 'output' | 'forward';
  /** Functions it cannot do without, so that a recording without them is none. */
  readonly needs: readonly string[];
  /** What the page says. */
  readonly says: RegExp;
}

type OfFamily = readonly [to: string, says: RegExp, ...needs: string[]];
type Both = Omit<TraceCase, 'family' | 'to' | 'from' | 'in' | 'direction' | 'needs' | 'says'> &
  Partial<Pick<TraceCase, 'from' | 'in' | 'direction'>> & {
    readonly inet: OfFamily;
    readonly inet6: OfFamily;
  };

const V4 = ['ip_route_output_key_hash_rcu', 'fib_table_lookup'];
const V6 = ['ip6_route_output_flags', 'fib6_table_lookup'];
const RULES4 = ['__fib_lookup', 'fib_rules_lookup', 'fib4_rule_match', 'fib4_rule_action'];
const RULES6 = ['fib_rules_lookup', 'fib6_rule_match', 'fib6_rule_action'];

const TABLE: readonly Both[] = [
  {
    ...{ name: 'local', port: 9001, by: 'udp' },
    inet: ['10.1.0.2', /^answer: local 10\.1\.0\.2 .*dev lo /m, ...V4],
    inet6: ['fd01::2', /^answer: local fd01::2 dev lo /m, ...V6],
  },
  {
    ...{ name: 'connected', port: 9002, by: 'udp' },
    inet: ['10.1.0.1', /^answer: 10\.1\.0\.1 dev eth0 /m, ...V4],
    inet6: ['fd01::1', /^answer: fd01::1 dev eth0 /m, ...V6],
  },
  {
    ...{ name: 'gateway', port: 80, by: 'tcp' },
    inet: ['10.2.0.2', /^answer: 10\.2\.0\.2 via 10\.1\.0\.1 dev eth0 /m, ...V4, 'tcp_v4_connect'],
    inet6: ['fd02::2', /^answer: fd02::2 via fd01::1 dev eth0 /m, ...V6, 'tcp_v6_connect'],
  },
  {
    ...{ name: 'ping', port: 0, by: 'ping' },
    inet: ['10.1.0.3', /^answer: 10\.1\.0\.3 dev eth0 /m, ...V4, 'raw_sendmsg'],
    inet6: ['fd01::3', /^answer: fd01::3 dev eth0 /m, ...V6, 'rawv6_sendmsg'],
  },
  {
    ...{ name: 'ecmp', port: 9004, by: 'udp' },
    inet: [
      '10.66.66.66',
      /leg [12] of 2 via 10\.1\.0\.[13] dev eth0 weight [12] of 3/,
      ...V4,
      'fib_select_multipath',
    ],
    inet6: ['fd66::66', /via fd01::[13] dev eth0/, ...V6, 'fib6_select_path'],
  },
  {
    ...{ name: 'unreachable', port: 9005, by: 'udp' },
    inet: ['203.0.113.9', /^no route: ENETUNREACH/m, ...V4],
    inet6: ['2001:db8::9', /^no route: ENETUNREACH/m, ...V6],
  },
  {
    ...{ name: 'prohibited', port: 9006, by: 'datagram' },
    inet: [
      '10.5.0.1',
      /^no route: EACCES — prohibit .*table main/m,
      ...V4,
      '__ip4_datagram_connect',
    ],
    inet6: [
      'fd05::1',
      /^no route: EACCES — prohibit .*table main/m,
      ...V6,
      '__ip6_datagram_connect',
    ],
  },
  {
    ...{ name: 'redirected', port: 9007, by: 'udp' },
    inet: ['10.4.0.7', /redirected via 10\.1\.0\.3/, ...V4, 'find_exception'],
    inet6: [
      'fd04::7',
      /rt6_find_cached_rt\(fd04::7\).* → (redirected )?via fe80::/,
      ...V6,
      '__rt6_find_exception_rcu',
    ],
  },
  {
    ...{ name: 'forwarded', port: 9008, by: 'udp', in: 'router', direction: 'forward' },
    inet: [
      '10.2.0.66',
      /^answer: forwarded .*dev eth1/m,
      'ip_route_input_slow',
      'fib_table_lookup',
      'ip_forward',
    ],
    inet6: [
      'fd02::66',
      /^answer: forwarded .*dev eth1/m,
      'ip6_route_input',
      'fib6_table_lookup',
      'ip6_forward',
    ],
  },
  {
    ...{ name: 'rule', port: 9009, by: 'udp' },
    inet: ['10.3.0.1', /rule 100: .*to 10\.3\.0\.0\/16/, ...V4, ...RULES4],
    inet6: ['fd03::1', /rule 100: .*to fd03::\/64/, ...V6, ...RULES6],
  },
  {
    ...{ name: 'vrf', port: 9010, by: 'udp', from: 'tenant', in: 'tenant', dev: 'blue' },
    inet: ['10.77.0.9', /^answer: 10\.77\.0\.9 dev eth0 /m, ...V4, ...RULES4, 'l3mdev_update_flow'],
    inet6: ['fd77::9', /^answer: fd77::9 dev eth0 /m, ...V6, ...RULES6, 'l3mdev_update_flow'],
  },
];

const COMMON = { from: 'client', in: 'client', direction: 'output' } as const;

export const TRACE_CASES: readonly TraceCase[] = TABLE.flatMap(({ inet, inet6, ...both }) =>
  (['inet', 'inet6'] as const).map((family): TraceCase => {
    const [to, says, ...needs] = family === 'inet' ? inet : inet6;
    return { ...COMMON, ...both, family, to, says, needs };
  }),
);

export const titleOf = ({ name, family }: TraceCase): string => `${name} ${family}`;

/** A redirect is answered for within this. */
const REDIRECT_MS = 500;
/** What a packet causes on all hosts has come to rest after this. */
const REST_MS = 250;

async function redirect(bench: TraceBench, one: TraceCase): Promise<void> {
  // IPv4 takes the first redirect to a gateway whose neighbour is not known for nothing but to learn the neighbour; an
  // unbound IPv6 UDP socket takes redirects on some kernels only (ip6_sk_redirect looks for interface 0).
  const bound = one.family === 'inet6' ? { dev: 'eth0' } : {};
  for (let times = one.family === 'inet' ? 2 : 1; times > 0; times--) {
    await bench.client.ask('udp', { to: one.to, port: one.port, ...bound });
    await sleep(REDIRECT_MS);
  }
}

const RULE = {
  inet: 'rule add pref 100 to 10.3.0.0/16 lookup 100',
  inet6: '-6 rule add pref 100 to fd03::/64 lookup 100',
} as const;

async function prepare(bench: TraceBench, one: TraceCase): Promise<void> {
  if (one.name === 'redirected') await redirect(bench, one);
  if (one.name === 'rule') await bench.client.ip(RULE[one.family]);
}

async function send(bench: TraceBench, { from, to, port, by, dev }: TraceCase): Promise<void> {
  const agent = bench[from];
  const members = { to, port, ...(dev === undefined ? {} : { dev }) };
  if (by === 'udp') await agent.ask('udp', members);
  else if (by === 'ping') await agent.ask('run', { words: `ping -c 1 -W 1 ${to}` });
  else await agent.ask('connect', { ...members, kind: by === 'tcp' ? 'tcp' : 'udp' });
}

/** Plays the cases in order; `mark` is told where each begins and ends. */
export async function playCases(bench: TraceBench, mark: (text: string) => void): Promise<void> {
  await bench.server.ask('serve', { port: 80 });
  for (const one of TRACE_CASES) {
    await prepare(bench, one);
    mark(`begin ${titleOf(one)}`);
    await send(bench, one);
    await sleep(REST_MS);
    mark(`end ${titleOf(one)}`);
  }
}
