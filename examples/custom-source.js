/**
 * A source of your own: anything iterable that gives events. Say what you know of an event, the rest is
 * filled in. Here an array; a queue, a database cursor or an async generator work the same.
 *
 *     node examples/custom-source.js
 */
import { openSink, tap } from 'routetap';

const observed = [
  {
    time: '2026-11-22T14:21:06.148835123Z',
    host: 'r1',
    probe: 'add',
    route: {
      dst: '10.1.0.0/16',
      protocol: 'static',
      metrics: { mtu: 1400 },
      nexthops: [{ gateway: '192.168.5.2', dev: 'eth0', ifindex: 2 }],
    },
    process: { pid: 123, comm: 'ip' },
  },
  { time: '2026-11-22T14:21:07Z', host: 'r1', probe: 'delete', route: { dst: '2001:db8::/32' } },
];

const warn = (line) => process.stderr.write(`${line}\n`);
const stdout = await openSink('stdout?format=json', { warn, full: false, raw: false });

await tap({ sources: [observed], sinks: [stdout], warn }).done;
