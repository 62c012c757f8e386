import { setTimeout as sleep } from 'node:timers/promises';

import { ipLines, NETNS, type Bench } from './bench.js';
import { above, onlyOne, routeEvents, type Check } from './check.js';

/** TCP doubts its path after 3 s (tcp_retries1 = 3), at the next retransmission: 3.0 to 6.2 s. */
const UNTIL_SEEN_MS = 8000;

interface Loss {
  readonly name: string;
  readonly protocol: 'tcp' | 'neighbour';
  readonly dst: string;
  readonly dport: number;
  readonly sport?: number | undefined;
  readonly wanted: Readonly<Record<string, unknown>>;
}

const checkOf = ({ name, protocol, dst, dport, sport, wanted }: Loss): Check => ({
  subject: 'losing',
  name: `${name} is one losing`,
  verify: (watched) => {
    const found = routeEvents(watched, 'losing').filter(
      ({ timeout, zone }) =>
        timeout?.dst === dst && timeout?.dport === dport && zone?.name === NETNS.host,
    );
    return onlyOne(found, {
      inferred: false,
      cause: { kind: protocol === 'tcp' ? 'tcp-timeout' : 'neighbour-failed' },
      // A failing neighbour is told by a tracepoint, whatever tells of TCP.
      provenance: protocol === 'tcp' ? watched.tier : 'tracepoint',
      routeinfo: { route_type: 5 },
      timeout: { protocol, ...(sport === undefined ? {} : { sport }), ...wanted },
    });
  },
});

/**
 * Starts connections that are cut off by a router that drops in silence, and gateways that are not there. What comes
 * back waits until the kernel must have given up, ends the connections, and has the checks.
 */
export async function startLosing({ host, far }: Bench): Promise<() => Promise<readonly Check[]>> {
  await far.ask('serve', { port: 7000, drain: true });
  const cut4 = await host.ask('hold', { id: 'cut4', to: '10.9.2.2', port: 7000 });
  const cut6 = await host.ask('hold', { id: 'cut6', to: 'fd09:2::2', port: 7000 });
  await sleep(300);
  ipLines('router', [
    'route add blackhole 10.9.2.2/32',
    'route add blackhole fd09:2::2/128',
    'route add blackhole 10.9.2.66/32',
    'route add blackhole fd09:2::66/128',
  ]);
  ipLines('host', ['route add 10.44.0.0/16 via 10.9.1.99', 'route add fd44::/32 via fd09:1::99']);
  const begin = Date.now();
  await host.ask('send', { id: 'cut4' });
  await host.ask('send', { id: 'cut6' });
  const syn4 = await host.ask('start', { id: 'syn4', to: '10.9.2.66', port: 7001 });
  const syn6 = await host.ask('start', { id: 'syn6', to: 'fd09:2::66', port: 7001 });
  for (const to of ['10.44.0.1', 'fd44::1', '10.9.1.98', 'fd09:1::98']) {
    await host.ask('udp', { to, port: 9 });
  }
  const established = { retransmits: above(0), rtoMs: above(0), srttUs: above(0), mtu: 1500 };
  const started = { retransmits: above(0), rtoMs: above(0) };
  const tcp = 'tcp' as const;
  const neighbour = 'neighbour' as const;
  const losses: readonly Loss[] = [
    {
      name: 'a connection cut off (IPv4)',
      protocol: tcp,
      dst: '10.9.2.2',
      dport: 7000,
      sport: cut4.sport,
      wanted: established,
    },
    {
      name: 'a connection cut off (IPv6)',
      protocol: tcp,
      dst: 'fd09:2::2',
      dport: 7000,
      sport: cut6.sport,
      wanted: established,
    },
    {
      name: 'a connect without answer (IPv4)',
      protocol: tcp,
      dst: '10.9.2.66',
      dport: 7001,
      sport: syn4.sport,
      wanted: started,
    },
    {
      name: 'a connect without answer (IPv6)',
      protocol: tcp,
      dst: 'fd09:2::66',
      dport: 7001,
      sport: syn6.sport,
      wanted: started,
    },
    {
      name: 'a gateway without answer (IPv4)',
      protocol: neighbour,
      dst: '10.9.1.99',
      dport: 0,
      wanted: {},
    },
    {
      name: 'a gateway without answer (IPv6)',
      protocol: neighbour,
      dst: 'fd09:1::99',
      dport: 0,
      wanted: {},
    },
  ];
  return async () => {
    await sleep(Math.max(0, begin + UNTIL_SEEN_MS - Date.now()));
    for (const id of ['cut4', 'cut6', 'syn4', 'syn6']) await host.ask('drop', { id });
    const expected = new Set(losses.map(({ dst }) => dst));
    return [
      ...losses.map(checkOf),
      {
        subject: 'losing',
        name: 'nothing else is losing',
        verify: (watched) => {
          const other = routeEvents(watched, 'losing').filter(
            ({ timeout }) => !expected.has(timeout?.dst),
          );
          return other.length === 0
            ? null
            : JSON.stringify(other.map(({ timeout, zone }) => ({ timeout, zone })));
        },
      },
    ];
  };
}
