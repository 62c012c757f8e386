/** One thing that happens in the demo. */
export interface Act {
  /** What it shows, for the reader. */
  readonly shows: string;
  /** `ip` lines, run in the demo's namespace one after the other. */
  readonly lines: readonly string[];
}

/** The demo, in order. Each act leaves the routes the next one needs. */
export const ACTS: readonly Act[] = [
  { shows: 'a route is added', lines: ['route add 10.1.0.0/16 via 192.168.5.2'] },
  {
    shows: 'replacing it is a change, and says what stood there before',
    lines: ['route replace 10.1.0.0/16 via 192.168.5.3 mtu 1400'],
  },
  {
    shows: 'replacing it by itself is nothing',
    lines: ['route replace 10.1.0.0/16 via 192.168.5.3 mtu 1400'],
  },
  {
    shows: 'an IPv6 route over two paths loses one: a change',
    lines: [
      'route add 2001:db8:100::/48 nexthop via 2001:db8:5::2 nexthop via 2001:db8:5::3',
      'route del 2001:db8:100::/48 via 2001:db8:5::2',
    ],
  },
  { shows: 'a route is deleted', lines: ['route del 10.1.0.0/16'] },
  {
    shows: 'a nexthop object is deleted; the kernel drops its IPv4 route without a word',
    lines: [
      'nexthop add id 7 via 192.168.5.2 dev v0',
      'route add 10.2.0.0/16 nhid 7',
      'nexthop del id 7',
    ],
  },
  {
    shows: 'a link goes down; the kernel drops its IPv4 routes without a word',
    lines: ['route add 10.3.0.0/16 via 192.168.5.2', 'link set v0 down'],
  },
];
