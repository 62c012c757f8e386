import type { ChildProcess } from 'node:child_process';
import type { Place, Step } from './acts.js';
import { ip, startIp } from './command.js';

/** Words of a command line as they stand. */
const words = (line: string): readonly string[] => line.split(' ');

/** Of the host: what a new namespace takes over from the machine's own may forbid redirects. */
const HOST_SETTINGS: readonly Setting[] = [
  ['ipv4/ip_forward', 0],
  ['ipv4/conf/all/accept_redirects', 1],
  ['ipv4/conf/v0/accept_redirects', 1],
  ['ipv6/conf/v0/accept_redirects', 1],
  ['ipv6/conf/v0/accept_ra', 0],
  // A connection is suspected after 1.4 s of retransmissions instead of 3.
  ['ipv4/tcp_retries1', 2],
];

const ROUTER_SETTINGS: readonly Setting[] = [
  ['ipv4/ip_forward', 1],
  ['ipv6/conf/all/forwarding', 1],
  ['ipv4/conf/all/send_redirects', 1],
  ['ipv4/conf/br0/send_redirects', 1],
  ['ipv4/conf/all/rp_filter', 0],
  ['ipv4/conf/br0/rp_filter', 0],
];

/** Also when we are killed and can remove nothing. */
const END_WITH_US = `process.stdin.on('end', () => process.exit()).resume()`;

type Setting = readonly [path: string, value: number];

const setting = ([path, value]: Setting): string => `echo ${value} > /proc/sys/net/${path}`;

/**
 * Network namespaces of our own on one wire: all that happens in the demo happens there, nothing on the machine's
 * own links and routes.
 *
 * - host, the one watched: 192.168.5.1, 2001:db8:5::1, fe80::1 on v0
 * - router, whose bridge is the wire: 192.168.5.2, 2001:db8:5::2, fe80::2
 * - far, the better gateway for 203.0.113.0/24 and 2001:db8:300::/48: 192.168.5.3, 2001:db8:5::3, fe80::3
 */
export class DemoScene {
  readonly name = `routetap-demo-${process.pid}`;
  readonly #names: Readonly<Record<Place, string>> = {
    host: this.name,
    router: `${this.name}-router`,
    far: `${this.name}-far`,
  };
  readonly #running = new Set<ChildProcess>();
  #removed = false;

  async build(): Promise<void> {
    const { host, router, far } = this.#names;
    for (const name of [host, router, far]) {
      await ip(['netns', 'add', name]);
    }
    await this.#lines('router', [
      'link set lo up',
      'link add br0 type bridge',
      'link set br0 addrgenmode none',
      `link add r1 type veth peer name v0 netns ${host}`,
      `link add r2 type veth peer name f0 netns ${far}`,
      'link set r1 master br0 up addrgenmode none',
      'link set r2 master br0 up addrgenmode none',
      'link set br0 up',
      'addr add 192.168.5.2/24 dev br0',
      'addr add 2001:db8:5::2/64 dev br0 nodad',
      'addr add fe80::2/64 dev br0 nodad',
    ]);
    // Link-local addresses of the kernel's would speak up in the middle of an act, when their duplicate detection is over.
    await this.#lines('far', [
      'link set lo up',
      'link set f0 addrgenmode none up',
      'addr add 192.168.5.3/24 dev f0',
      'addr add 2001:db8:5::3/64 dev f0 nodad',
      'addr add fe80::3/64 dev f0 nodad',
      'addr add 203.0.113.7/32 dev lo',
      'addr add 2001:db8:300::7/128 dev lo nodad',
    ]);
    await this.#lines('host', [
      'link set lo up',
      'link set v0 addrgenmode none up',
      'addr add 192.168.5.1/24 dev v0',
      'addr add 2001:db8:5::1/64 dev v0 nodad',
      'addr add fe80::1/64 dev v0 nodad',
    ]);
    await this.#set('host', HOST_SETTINGS);
    await this.#set('router', ROUTER_SETTINGS);
    await this.#lines('router', [
      'route add 203.0.113.0/24 via 192.168.5.3',
      'route add 2001:db8:300::/48 via fe80::3 dev br0',
      'route add 198.51.100.0/24 via 192.168.5.1',
    ]);
  }

  /** The step as a command line. */
  show(step: Step): string {
    const place = step.in ?? 'host';
    if (step.ip !== undefined) {
      return place === 'host' ? `ip ${step.ip}` : `ip -n ${this.#names[place]} ${step.ip}`;
    }
    const inside = `ip netns exec ${this.#names[place]}`;
    return step.set === undefined
      ? `${inside} node -e "${step.node}"`
      : `${inside} sh -c "${setting(step.set)}"`;
  }

  async take(step: Step): Promise<void> {
    const place = step.in ?? 'host';
    if (step.ip !== undefined) return ip(['-n', this.#names[place], ...words(step.ip)]);
    if (step.set !== undefined) return this.#set(place, [step.set]);
    const command = ['netns', 'exec', this.#names[place], process.execPath, '-e'];
    if (step.stays !== true) return ip([...command, step.node]);
    const child = await startIp([...command, `${step.node}; ${END_WITH_US}`]);
    if (this.#removed) child.kill();
    this.#running.add(child);
  }

  /** Removes the watched namespace. */
  async removeHost(): Promise<void> {
    await ip(['netns', 'del', this.name]);
  }

  /** Removes what there is of it. */
  async remove(): Promise<void> {
    this.#removed = true;
    for (const child of this.#running) child.kill();
    for (const name of Object.values(this.#names)) {
      await ip(['netns', 'del', name]).catch(() => undefined);
    }
  }

  async #lines(place: Place, lines: readonly string[]): Promise<void> {
    await ip(['-n', this.#names[place], '-batch', '-'], lines);
  }

  async #set(place: Place, settings: readonly Setting[]): Promise<void> {
    const script = settings.map(setting).join(' && ');
    await ip(['netns', 'exec', this.#names[place], 'sh', '-c', script]);
  }
}
