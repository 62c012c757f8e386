import { setTimeout as sleep } from 'node:timers/promises';

import { ipLines, linkLocal, NETNS, sysctl, type Bench } from './bench.js';
import { differences, isText, onlyOne, routeEvents, type Check } from './check.js';
import type { Watched } from './watcher.js';

/** A redirect is answered for within this. */
const PAUSE_MS = 700;

const redirectsOf = (watched: Watched, dst: string) =>
  routeEvents(watched, 'redirect').filter(
    ({ routeinfo, zone }) =>
      routeinfo?.route_destination_address === dst && zone?.name === NETNS.host,
  );

const common = (watched: Watched): Readonly<Record<string, unknown>> => ({
  cause: { kind: 'icmp-redirect' },
  provenance: watched.tier,
  csinfo: { cs_pid: 0 },
});

/** The router tells the host of a better gateway: at first, again, and when the host does not listen. */
export async function playRedirects({ host }: Bench): Promise<readonly Check[]> {
  const author6 = linkLocal('router', 'br0');
  const new6 = linkLocal('second', 'b0');
  ipLines('second', ['route add blackhole 10.9.3.0/24', 'route add blackhole fd09:3::/64']);
  ipLines('router', [
    'route add 10.9.3.0/24 via 10.9.1.3',
    `route add fd09:3::/64 via ${new6} dev br0`,
  ]);
  ipLines('host', [
    'route add 10.9.3.0/24 via 10.9.1.1',
    `route add fd09:3::/64 via ${author6} dev h0`,
  ]);
  // An unbound IPv6 UDP socket takes redirects on some kernels only (ip6_sk_redirect looks for interface 0).
  const flows = [{ to: '10.9.3.7' }, { to: '10.9.3.7' }, { to: 'fd09:3::7', dev: 'h0' }];
  for (const flow of flows) {
    await host.ask('udp', { ...flow, port: 9 });
    await sleep(PAUSE_MS);
  }
  sysctl('host', 'net.ipv4.conf.all.accept_redirects=0', 'net.ipv4.conf.h0.accept_redirects=0');
  await host.ask('udp', { to: '10.9.3.8', port: 9 });
  await sleep(PAUSE_MS);
  const inet = { author: '10.9.1.1', new: '10.9.1.3' };
  return [
    {
      subject: 'redirect',
      name: 'an IPv4 redirect to a gateway not yet known is deferred, the next one is accepted',
      verify: (watched) => {
        const found = redirectsOf(watched, '10.9.3.7');
        if (found.length !== 2)
          return `${found.length} records: ${JSON.stringify(found.map(({ redirect }) => redirect as unknown))}`;
        const wanted = (accepted: string) => ({
          ...common(watched),
          redirect: { ...inet, old: '10.9.1.1', accepted },
          routeinfo: { route_type: 6, route_redirect_author_address: '10.9.1.1' },
        });
        const wrong = [
          ...differences(wanted('deferred'), found[0], 'first'),
          ...differences(wanted('yes'), found[1], 'second'),
        ];
        return wrong.length === 0 ? null : wrong.join(', ');
      },
    },
    {
      subject: 'redirect',
      name: 'an IPv4 redirect that may not be accepted is told with its reason',
      verify: (watched) =>
        onlyOne(redirectsOf(watched, '10.9.3.8'), {
          ...common(watched),
          redirect: { ...inet, accepted: 'no', reason: isText },
        }),
    },
    {
      subject: 'redirect',
      name: 'an IPv6 redirect is accepted',
      verify: (watched) =>
        onlyOne(redirectsOf(watched, 'fd09:3::7'), {
          ...common(watched),
          redirect: { author: author6, new: new6, old: author6, accepted: 'yes' },
        }),
    },
    {
      subject: 'redirect',
      name: 'nothing else is a redirect',
      verify: (watched) => {
        const count = routeEvents(watched, 'redirect').length;
        return count === 4 ? null : `${count} redirects, not 4`;
      },
    },
  ];
}
