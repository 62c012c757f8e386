import { ip, ipLines, NETNS, type Bench, type HostName } from './bench.js';
import { onlyOne, routeEvents, type Check } from './check.js';

interface Flow {
  readonly name: string;
  readonly from: 'host' | 'vrf';
  readonly to: string;
  readonly port: number;
  /** `tcp` and `udp` connect, `send` is a datagram of a socket that is not connected. */
  readonly by: 'tcp' | 'udp' | 'send';
  readonly dev?: string;
  /** Where the lookup fails. */
  readonly in: HostName;
}

const PLAIN: readonly Flow[] = [
  { name: 'TCP connect', from: 'host', to: '203.0.113.1', port: 81, by: 'tcp', in: 'host' },
  { name: 'UDP connect', from: 'host', to: '203.0.113.2', port: 82, by: 'udp', in: 'host' },
  { name: 'UDP send', from: 'host', to: '203.0.113.3', port: 83, by: 'send', in: 'host' },
  { name: 'TCP connect', from: 'host', to: '2001:db8::1', port: 81, by: 'tcp', in: 'host' },
  { name: 'UDP connect', from: 'host', to: '2001:db8::2', port: 82, by: 'udp', in: 'host' },
  { name: 'UDP send', from: 'host', to: '2001:db8::3', port: 83, by: 'send', in: 'host' },
];

const RULED: readonly Flow[] = [
  {
    name: 'UDP send past rules',
    from: 'host',
    to: '203.0.113.5',
    port: 87,
    by: 'send',
    in: 'host',
  },
  {
    name: 'UDP send past rules',
    from: 'host',
    to: '2001:db8::5',
    port: 87,
    by: 'send',
    in: 'host',
  },
];

const FORWARDED: readonly Flow[] = [
  { name: 'forwarded', from: 'host', to: '203.0.113.70', port: 88, by: 'send', in: 'router' },
  { name: 'forwarded', from: 'host', to: '2001:db8:f::4', port: 88, by: 'send', in: 'router' },
];

const IN_VRF: readonly Flow[] = [
  {
    name: 'in a VRF',
    from: 'vrf',
    to: '203.0.113.60',
    port: 89,
    by: 'send',
    dev: 'vrf0',
    in: 'vrf',
  },
  {
    name: 'in a VRF',
    from: 'vrf',
    to: '2001:db8::60',
    port: 89,
    by: 'tcp',
    dev: 'vrf0',
    in: 'vrf',
  },
];

const EXPECTED = [...PLAIN, ...RULED, ...FORWARDED, ...IN_VRF];

async function play(bench: Bench, flows: readonly Flow[]): Promise<void> {
  for (const { from, to, port, by, dev } of flows) {
    const members = { to, port, ...(dev === undefined ? {} : { dev }) };
    if (by === 'send') await bench[from].ask('udp', members);
    else await bench[from].ask('connect', { ...members, kind: by });
  }
}

/** Lookups that fail for another reason, and lookups that find their way. */
async function playForbidden({ host, vrf }: Bench): Promise<void> {
  ip('host', 'route get 203.0.113.9');
  ip('host', 'route get 2001:db8::9');
  ipLines('host', [
    'route add unreachable 198.51.100.0/26',
    'route add blackhole 198.51.100.64/26',
    'route add prohibit 198.51.100.128/26',
    'route add unreachable 2001:db8:2::/48',
    'route add 198.51.100.192/26 via 10.9.1.1',
    'route add 2001:db8:3::/48 via fd09:1::1',
  ]);
  ipLines('router', [
    'route add unreachable 198.51.100.192/26',
    'route add prohibit 2001:db8:3::/48',
  ]);
  const rejected = ['198.51.100.1', '198.51.100.65', '198.51.100.129', '2001:db8:2::1'];
  const rejectedFarther = ['198.51.100.193', '2001:db8:3::1'];
  const served = ['10.9.1.1', 'fd09:1::1', '10.9.2.2', 'fd09:2::2', '127.0.0.1', '::1'];
  for (const to of [...rejected, ...rejectedFarther, ...served])
    await host.ask('udp', { to, port: 90 });
  await host.ask('connect', { to: '10.9.1.1', port: 91, kind: 'tcp' });
  await vrf.ask('udp', { to: '10.77.0.9', port: 92, dev: 'vrf0' });
  await vrf.ask('udp', { to: 'fd77::9', port: 92, dev: 'vrf0' });
}

function checkOf({ name, to, port, by, in: where }: Flow, bench: Bench): Check {
  const isForwarded = where === 'router';
  const agent = where === 'vrf' ? bench.vrf : bench.host;
  return {
    subject: 'miss',
    name: `${name} to ${to} is one miss`,
    verify: (watched) => {
      const found = routeEvents(watched, 'miss').filter(
        ({ lookup, zone }) => lookup?.dst === to && zone?.name === NETNS[where],
      );
      return onlyOne(found, {
        inferred: false,
        cause: { kind: 'lookup' },
        provenance: watched.tier,
        process: isForwarded
          ? () => true
          : { pid: agent.pid, comm: 'python3', confidence: 'exact' },
        csinfo: { cs_pid: 0 },
        routeinfo: { route_type: 7, route_destination_address: to },
        lookup: {
          dport: port,
          protocol: by === 'tcp' ? 'tcp' : 'udp',
          errno: 'ENETUNREACH',
          direction: isForwarded ? 'forward' : 'output',
          count: 1,
        },
      });
    },
  };
}

/** Lookups without a route of every kind, and those that must not count. */
export async function playMisses(bench: Bench): Promise<readonly Check[]> {
  await play(bench, PLAIN);
  await playForbidden(bench);
  ip('host', 'rule add pref 100 fwmark 7 lookup 99');
  ip('host', '-6 rule add pref 100 fwmark 7 lookup 99');
  await bench.host.ask('udp', { to: '10.9.1.1', port: 93 });
  await bench.host.ask('udp', { to: 'fd09:1::1', port: 93 });
  await play(bench, RULED);
  ipLines('host', [
    'route add 203.0.113.64/26 via 10.9.1.1',
    'route add 2001:db8:f::/48 via fd09:1::1',
  ]);
  await play(bench, FORWARDED);
  await play(bench, IN_VRF);
  const expected = new Set(EXPECTED.map(({ to }) => to));
  return [
    ...EXPECTED.map((flow) => checkOf(flow, bench)),
    {
      subject: 'miss',
      name: 'nothing else is a miss',
      verify: (watched) => {
        const other = routeEvents(watched, 'miss').filter(
          ({ lookup }) => !expected.has(lookup?.dst),
        );
        return other.length === 0
          ? null
          : JSON.stringify(other.map(({ lookup, zone }) => ({ lookup, zone })));
      },
    },
  ];
}
