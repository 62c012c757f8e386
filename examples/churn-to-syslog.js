/**
 * Counts route changes per prefix and ten seconds, and sends the five busiest to syslog. Reads routetap's JSON
 * from stdin, live or from a file, so the windows are those of the events' own time.
 *
 *     routetap --json | node examples/churn-to-syslog.js syslog+udp://logs.example.net:514
 */
import { createInterface } from 'node:readline';
import { map } from 'rxjs';
import { churn, openSink, parseRecord, tap } from 'routetap';

const TOP = 5;

async function* recordsOf(input) {
  for await (const line of createInterface({ input })) yield parseRecord(line);
}

/** One status record per window. */
const toRecord = ({ startNs, endNs, prefixes, others, lost }) => {
  const time = new Date(Number(endNs / 1_000_000n)).toISOString().replace('Z', '000000Z');
  const busiest = prefixes
    .slice(0, TOP)
    .map(({ dst, table, adds, deletes, changes }) => ({ dst, table, adds, deletes, changes }));
  const seconds = Number(endNs - startNs) / 1e9;
  return {
    v: 1,
    type: 'status',
    seq: 0,
    time,
    timeNs: endNs,
    host: '',
    what: 'churn',
    zone: null,
    fields: { seconds, prefixes: prefixes.length, busiest, others, lost },
  };
};

const warn = (line) => process.stderr.write(`${line}\n`);
const sink = openSink(process.argv[2] ?? 'syslog:', { warn, full: false, raw: false });

const { done } = tap({
  sources: [recordsOf(process.stdin)],
  pipeline: (records) => records.pipe(churn({ windowMs: 10_000 }), map(toRecord)),
  sinks: [sink],
  warn,
});
await done;
