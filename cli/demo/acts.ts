import type { Probe } from '../../core/event.js';

/** The demo's namespaces (scene.ts). */
export type Place = 'host' | 'router' | 'far';

/** One command, in the watched namespace unless `in` says another. */
export type Step = { readonly in?: Place } & (
  | { readonly ip: string; readonly set?: never; readonly node?: never }
  /** A file under /proc/sys/net. */
  | {
      readonly set: readonly [path: string, value: number];
      readonly ip?: never;
      readonly node?: never;
    }
  /** JavaScript without double quotes. `stays`: it runs on once it has said something. */
  | { readonly node: string; readonly stays?: boolean; readonly ip?: never; readonly set?: never }
);

/** One thing that happens in the demo. */
export interface Act {
  /** What it shows, for the reader. */
  readonly shows: string;
  /** Events no route message tells: left out where nothing sees them. */
  readonly needs?: Probe;
  readonly steps: readonly Step[];
  /** Goes on once this many events of `needs` came, or after `limitMs`. */
  readonly awaits?: { readonly events: number; readonly limitMs: number };
}

const ip = (...lines: readonly string[]): readonly Step[] => lines.map((line) => ({ ip: line }));

const send = (type: 'udp4' | 'udp6', to: string): string =>
  `const s = require('dgram').createSocket('${type}'); s.send('x', 9, '${to}', () => s.close())`;

/** Three datagrams, so that the gateway a redirect names is known by the last. */
const SEND_AGAIN =
  `const s = require('dgram').createSocket('udp4'); let n = 0; ` +
  `(function next() { s.send('x', 9, '203.0.113.7', () => ++n < 3 ? setTimeout(next, 300) : s.close()); })()`;

/**
 * A connection nobody answers. An IPv6 redirect is taken for a datagram only if its socket is bound to the interface
 * (ip6_redirect_nh_match), and for a connection only while no process is at work on it: here when the timer repeats
 * the first packet, after a second.
 */
const CONNECT6 =
  `require('net').connect(9, '2001:db8:300::8').on('error', () => 0); ` +
  `console.log('connecting'); setTimeout(() => process.exit(), 1500)`;

const SERVER =
  `require('net').createServer((c) => c.resume().on('error', () => 0))` +
  `.listen(7000, '203.0.113.7', () => console.log('listening'))`;

/** Connects and goes on writing. */
const CLIENT =
  `const c = require('net').connect(7000, '203.0.113.7', () => console.log('connected'))` +
  `.on('error', () => process.exit()); setInterval(() => c.write('x'), 100)`;

/** The demo, in order. Each act leaves the routes the next one needs. */
export const ACTS: readonly Act[] = [
  { shows: 'a route is added', steps: ip('route add 10.1.0.0/16 via 192.168.5.2') },
  {
    shows: 'replacing it is a change, and says what stood there before',
    steps: ip('route replace 10.1.0.0/16 via 192.168.5.3 mtu 1400'),
  },
  {
    shows: 'replacing it by itself is nothing',
    steps: ip('route replace 10.1.0.0/16 via 192.168.5.3 mtu 1400'),
  },
  {
    shows: 'an IPv6 route over two paths loses one: a change',
    steps: ip(
      'route add 2001:db8:100::/48 nexthop via 2001:db8:5::2 nexthop via 2001:db8:5::3',
      'route del 2001:db8:100::/48 via 2001:db8:5::2',
    ),
  },
  { shows: 'a route is deleted', steps: ip('route del 10.1.0.0/16') },
  {
    shows: 'a nexthop object is deleted; the kernel drops its IPv4 route without a word',
    steps: ip(
      'nexthop add id 7 via 192.168.5.2 dev v0',
      'route add 10.2.0.0/16 nhid 7',
      'nexthop del id 7',
    ),
  },
  {
    shows: 'a process sends to where no route leads: a miss',
    needs: 'miss',
    steps: [{ node: send('udp4', '198.51.100.7') }, { node: send('udp6', '2001:db8:dead::7') }],
  },
  {
    shows: 'a packet of somebody else is to be forwarded to where no route leads',
    needs: 'miss',
    steps: [
      { set: ['ipv4/ip_forward', 1] },
      { in: 'router', node: send('udp4', '198.51.100.8') },
      { set: ['ipv4/ip_forward', 0] },
    ],
  },
  {
    shows:
      'the router names a better gateway: redirects; the first IPv4 one only makes the kernel look for it',
    needs: 'redirect',
    steps: [
      ...ip('route add default via 192.168.5.2', '-6 route add default via fe80::2 dev v0'),
      { node: CONNECT6, stays: true },
      { node: SEND_AGAIN },
    ],
    awaits: { events: 4, limitMs: 2000 },
  },
  {
    shows: 'a gateway is cut off: a connection and the gateway itself no longer answer',
    needs: 'losing',
    steps: [
      ...ip('route replace 203.0.113.7 via 192.168.5.3'),
      { in: 'far', node: SERVER, stays: true },
      { node: CLIENT, stays: true },
      { in: 'router', ip: 'link set r2 down' },
      ...ip('neigh change 192.168.5.3 dev v0 nud probe'),
    ],
    awaits: { events: 2, limitMs: 8000 },
  },
  {
    shows: 'a link goes down; the kernel drops its IPv4 routes without a word',
    steps: ip('route add 10.3.0.0/16 via 192.168.5.2', 'link set v0 down'),
  },
];
