/**
 * Two network namespaces as one numbered stream of JSON lines. Ctrl-C ends it: what the kernel has sent is
 * still read, then everything is flushed.
 *
 *     node examples/two-zones-merged.js blue red
 */
import { openSink, routes, tap } from 'routetap';

const zones = process.argv.slice(2);
if (zones.length !== 2) {
  console.error(`two-zones-merged: expected two names of network namespaces, got ${zones.length}`);
  process.exitCode = 2;
} else {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());

  const warn = (line) => process.stderr.write(`${line}\n`);
  const stdout = await openSink('stdout?format=json', { warn, full: false, raw: false });

  const { sinks } = await tap({
    sources: zones.map((zone) => routes({ zone, signal: stop.signal })),
    sinks: [stdout],
    warn,
  }).done;
  warn(`${sinks[0].written} records written, ${sinks[0].dropped} dropped`);
}
