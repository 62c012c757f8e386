import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { startAgent, type Agent } from '../agent.js';

/**
 * `client` (10.1.0.2, fd01::2) and `router2` (10.1.0.3, fd01::3) on the bridge of `router` (10.1.0.1 and 10.2.0.1,
 * fd01::1 and fd02::1), `server` (10.2.0.2, fd02::2) behind it; `tenant` is alone with a VRF.
 */
const ZONES = ['client', 'router', 'router2', 'server', 'tenant'] as const;
export type ZoneName = (typeof ZONES)[number];

function run(command: string, words: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(command, words, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** Runs lines of `ip` in a namespace by one process. */
const ipLines = (zone: ZoneName, ...lines: readonly string[]): void => {
  run('ip', ['-n', zone, '-batch', '-'], `${lines.join('\n')}\n`);
};

const sysctl = (zone: ZoneName, ...settings: readonly string[]): void => {
  run('ip', ['netns', 'exec', zone, 'sysctl', '-qw', ...settings]);
};

function linkLocal(zone: ZoneName, dev: string): string {
  const output = run('ip', ['-n', zone, '-6', '-o', 'addr', 'show', 'dev', dev, 'scope', 'link']);
  const address = /inet6 ([^/]+)\//.exec(output)?.[1];
  if (address === undefined) throw new Error(`no link-local address on ${dev}: ${output}`);
  return address;
}

const FORWARDING = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
const redirects = (dev: string, value: 0 | 1): readonly string[] => [
  `net.ipv4.conf.all.send_redirects=${value}`,
  `net.ipv4.conf.${dev}.send_redirects=${value}`,
];

function wires(): void {
  ipLines(
    'router',
    'link add br0 type bridge',
    'link add p1 type veth peer name eth0 netns client',
    'link add p2 type veth peer name eth0 netns router2',
    'link add eth1 type veth peer name eth0 netns server',
    'link set p1 master br0',
    'link set p2 master br0',
    'addr add 10.1.0.1/24 dev br0',
    'addr add fd01::1/64 dev br0 nodad',
    'addr add 10.2.0.1/24 dev eth1',
    'addr add fd02::1/64 dev eth1 nodad',
    ...['br0', 'p1', 'p2', 'eth1'].map((dev) => `link set ${dev} up`),
  );
  const ends: readonly [ZoneName, string, string][] = [
    ['client', '10.1.0.2', 'fd01::2'],
    ['router2', '10.1.0.3', 'fd01::3'],
    ['server', '10.2.0.2', 'fd02::2'],
  ];
  for (const [zone, address4, address6] of ends) {
    ipLines(
      zone,
      `addr add ${address4}/24 dev eth0`,
      `addr add ${address6}/64 dev eth0 nodad`,
      'link set eth0 up',
    );
  }
}

/** Routes for the cases of cases.ts; a rule and a redirect come when they are played. */
function routes(): void {
  ipLines(
    'server',
    'addr add 10.66.66.66/32 dev lo',
    'addr add fd66::66/128 dev lo nodad',
    'addr add 10.2.0.66/24 dev eth0',
    'addr add fd02::66/64 dev eth0 nodad',
    'route add default via 10.2.0.1',
    'route add default via fd02::1',
  );
  ipLines(
    'router',
    'route add 10.66.0.0/16 via 10.2.0.2',
    'route add fd66::/64 via fd02::2',
    'route add 10.4.0.0/16 via 10.1.0.3',
    `route add fd04::/64 via ${linkLocal('router2', 'eth0')} dev br0`,
  );
  ipLines(
    'router2',
    'route add 10.66.0.0/16 via 10.1.0.1',
    'route add fd66::/64 via fd01::1',
    'route add blackhole 10.4.0.0/16',
    'route add blackhole fd04::/64',
  );
  ipLines(
    'client',
    'route add 10.2.0.0/24 via 10.1.0.1',
    'route add fd02::/64 via fd01::1',
    'route add 10.66.0.0/16 nexthop via 10.1.0.1 weight 1 nexthop via 10.1.0.3 weight 2',
    'route add fd66::/64 nexthop via fd01::1 weight 1 nexthop via fd01::3 weight 2',
    'route add 10.4.0.0/16 via 10.1.0.1',
    `route add fd04::/64 via ${linkLocal('router', 'br0')} dev eth0`,
    'route add prohibit 10.5.0.0/16',
    'route add prohibit fd05::/64',
    'route add 10.3.0.0/16 via 10.1.0.3 table 100',
    'route add fd03::/64 via fd01::3 table 100',
  );
  ipLines(
    'tenant',
    'link add blue type vrf table 100',
    'link set blue up',
    'link add eth0 type dummy',
    'link set eth0 master blue',
    'link set eth0 up',
    'addr add 10.77.0.1/24 dev eth0',
    'addr add fd77::1/64 dev eth0 nodad',
  );
}

export type TraceBench = Readonly<Record<'client' | 'server' | 'tenant', Agent>> & { stop(): void };

/** Builds the hosts, their wires and routes, and agents where traffic starts or ends. */
export async function buildTraceBench(agentProgram: string): Promise<TraceBench> {
  for (const zone of ZONES) {
    run('ip', ['netns', 'add', zone]);
    ipLines(zone, 'link set lo up');
    sysctl(zone, 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0');
  }
  sysctl('router', ...FORWARDING);
  // Not a router, its neighbour advertisement would undo an IPv6 redirect to it at once (rt6_clean_tohost).
  sysctl('router2', ...FORWARDING);
  wires();
  sysctl('router', ...redirects('br0', 1));
  sysctl('router2', ...redirects('eth0', 0));
  routes();
  const client = await startAgent('client', agentProgram);
  const server = await startAgent('server', agentProgram);
  const tenant = await startAgent('tenant', agentProgram);
  // Link-local addresses, multicast reports and the bridge's ports come to rest.
  await sleep(2000);
  const agents = [client, server, tenant];
  return { client, server, tenant, stop: () => agents.forEach((agent) => agent.stop()) };
}
