import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { startAgent, type Agent } from './agent.js';

/**
 * Four hosts: `host` (10.9.1.2, fd09:1::2) and `second` (10.9.1.3, fd09:1::3) on the bridge of `router` (10.9.1.1 and
 * 10.9.2.1, fd09:1::1 and fd09:2::1), `far` (10.9.2.2, fd09:2::2) behind it; and `vrf`, alone with a VRF.
 */
export const NETNS = {
  host: 'kt-host',
  router: 'kt-router',
  second: 'kt-second',
  far: 'kt-far',
  vrf: 'kt-vrf',
} as const;
export type HostName = keyof typeof NETNS;

export interface Ran {
  readonly pid: number;
  readonly code: number;
  readonly output: string;
}

/** Runs `ip` with these words in a namespace. */
export function ip(host: HostName, words: string): Ran {
  const { pid, status, stdout, stderr } = spawnSync(
    'ip',
    ['-n', NETNS[host], ...words.split(' ')],
    { encoding: 'utf8' },
  );
  return { pid, code: status ?? -1, output: stdout + stderr };
}

/** Runs lines of `ip` in a namespace by one process; throws when one fails. */
export function ipLines(host: HostName, lines: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', ['-n', NETNS[host], '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ip -n ${NETNS[host]}: ${stderr}`);
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

export const sysctl = (host: HostName, ...settings: string[]): void => {
  run('ip', 'netns', 'exec', NETNS[host], 'sysctl', '-qw', ...settings);
};

/** The link-local address of a device. */
export function linkLocal(host: HostName, dev: string): string {
  const { output } = ip(host, `-6 -o addr show dev ${dev} scope link`);
  const address = /inet6 ([^/]+)\//.exec(output)?.[1];
  if (address === undefined) throw new Error(`no link-local address on ${dev}: ${output}`);
  return address;
}

const FORWARD = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];

function wires(): void {
  ipLines('router', [
    'link add br0 type bridge',
    `link add r0 type veth peer name h0 netns ${NETNS.host}`,
    `link add r2 type veth peer name b0 netns ${NETNS.second}`,
    `link add r1 type veth peer name f0 netns ${NETNS.far}`,
    'link set r0 master br0',
    'link set r2 master br0',
    'addr add 10.9.1.1/24 dev br0',
    'addr add fd09:1::1/64 dev br0 nodad',
    'addr add 10.9.2.1/24 dev r1',
    'addr add fd09:2::1/64 dev r1 nodad',
    ...['br0', 'r0', 'r1', 'r2'].map((dev) => `link set ${dev} up`),
  ]);
  const ends: readonly [HostName, string, string][] = [
    ['host', 'h0', '1::2'],
    ['second', 'b0', '1::3'],
    ['far', 'f0', '2::2'],
  ];
  for (const [host, dev, place] of ends) {
    ipLines(host, [
      `addr add 10.9.${place.replace('::', '.')}/24 dev ${dev}`,
      `addr add fd09:${place}/64 dev ${dev} nodad`,
      `link set ${dev} up`,
    ]);
  }
}

export interface Bench {
  readonly host: Agent;
  readonly far: Agent;
  readonly vrf: Agent;
  stop(): void;
}

/** Builds the hosts, their wires, and agents where traffic starts or ends. */
export async function buildBench(agentProgram: string): Promise<Bench> {
  for (const [host, netns] of Object.entries(NETNS)) {
    run('ip', 'netns', 'add', netns);
    ip(host as HostName, 'link set lo up');
    sysctl(
      host as HostName,
      'net.ipv6.conf.default.accept_dad=0',
      'net.ipv6.conf.all.accept_dad=0',
    );
  }
  sysctl('router', ...FORWARD);
  // Not a router, its neighbour advertisement would undo an IPv6 redirect to it at once (rt6_clean_tohost).
  sysctl('second', ...FORWARD);
  wires();
  sysctl('router', 'net.ipv4.conf.all.send_redirects=1', 'net.ipv4.conf.br0.send_redirects=1');
  ipLines('far', ['route add default via 10.9.2.1', 'route add default via fd09:2::1']);
  ipLines('host', ['route add 10.9.2.0/24 via 10.9.1.1', 'route add fd09:2::/64 via fd09:1::1']);
  ipLines('vrf', [
    'link add vrf0 type vrf table 100',
    'link set vrf0 up',
    'link add d0 type dummy',
    'link set d0 master vrf0',
    'link set d0 up',
    'addr add 10.77.0.1/24 dev d0',
    'addr add fd77::1/64 dev d0 nodad',
  ]);
  const host = await startAgent(NETNS.host, agentProgram);
  const far = await startAgent(NETNS.far, agentProgram);
  const vrf = await startAgent(NETNS.vrf, agentProgram);
  // Link-local addresses, multicast reports and the bridge's ports come to rest.
  await sleep(2500);
  const agents = [host, far, vrf];
  return { host, far, vrf, stop: () => agents.forEach((agent) => agent.stop()) };
}
