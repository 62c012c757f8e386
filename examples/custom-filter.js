/**
 * A filter of your own, and the same in D: tells of every default route that went away, of changes too if
 * the gateway is another one now. Ctrl-C ends it.
 *
 *     node examples/custom-filter.js [ZONE]
 */
import { merge } from 'rxjs';
import { events, routes, where } from 'routetap';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const gateways = (route) => route.nexthops.map((nexthop) => nexthop.gateway).join(' ');

const records = routes({ zone: process.argv[2] ?? 'self', signal: stop.signal });

// Any function of the record…
const moved = where(
  (record) =>
    record.type === 'route' &&
    record.probe === 'change' &&
    record.previous !== null &&
    gateways(record.route) !== gateways(record.previous),
);
// …or the D language, checked when the program starts.
const gone = where('probename == "delete" && within(route.dst, "default")');

merge(records.pipe(moved), records.pipe(gone))
  .pipe(events())
  .subscribe({
    next: ({ probe, route, previous, process: who, cause }) => {
      const by = who === null ? cause.kind : `${JSON.stringify(who.comm)} (pid ${who.pid})`;
      const from = probe === 'change' ? ` from ${gateways(previous)}` : '';
      console.log(`${route.dst} ${probe}${from}: ${by}`);
    },
    error: (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  });
