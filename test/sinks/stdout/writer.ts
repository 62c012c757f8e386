import openStdout from '../../../sinks/stdout/stdout.js';
import type { GuardableSink } from '../../../core/guard-sink.js';
import { events, sinkOptions } from '../records.js';

// A process of its own for stdout.test.ts: writes COUNT records, closes, and reports on stderr.
const [count = '0', format = 'json', queue = '64M', hold = 'no'] = process.argv.slice(2);
const warnings: string[] = [];
const sink = await openStdout(sinkOptions('', { format, queue }, warnings));
let longestMs = 0;
let lastMs = performance.now();
const ticker = setInterval(() => {
  longestMs = Math.max(longestMs, performance.now() - lastMs);
  lastMs = performance.now();
}, 5);
for (let first = 1; first <= Number(count); first += 100) {
  sink.write(events(Math.min(100, Number(count) - first + 1), first));
  await new Promise((resolve) => setImmediate(resolve));
}
if (hold === 'until-closed') await sink.whenClosed;
await sink.close();
clearInterval(ticker);
process.stderr.write(
  JSON.stringify({ ...pick(sink), warnings, closed: sink.closed === true, longestMs }),
);

function pick({ counters: { written, dropped, queued, failed } }: GuardableSink): object {
  return { written, dropped, queued, failed };
}
