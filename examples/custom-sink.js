/**
 * A sink of your own: CSV, one line per route event.
 *
 *     routetap --sink './examples/custom-sink.js?path=routes.csv'
 *
 * A sink module exports a function that opens the sink, early and loudly. After that, `write` must neither
 * block nor throw: it takes records, or drops them and counts.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { RoutetapError } from 'routetap';

/** Where a slow disk makes the sink drop. */
const MOST_BYTES = 8 << 20;

const cell = (value) => `"${String(value ?? '').replaceAll('"', '""')}"`;

const line = ({ time, probe, route, process }) =>
  [time, probe, route.dst, route.table, route.nexthops[0]?.gateway, process?.comm]
    .map(cell)
    .join(',') + '\n';

export default async function openCsv({ options, warn }) {
  const { path } = options;
  if (path === undefined) throw new RoutetapError('usage', 'csv: expected ?path=FILE, got none');
  const file = createWriteStream(path, { flags: 'a' });
  await once(file, 'open');

  const counters = { written: 0, dropped: 0, queued: 0, failed: 0 };
  let isDead = false;
  file.on('error', (error) => {
    counters.failed += 1;
    counters.dropped += counters.queued;
    counters.queued = 0;
    if (!isDead) warn(`csv: ${error.message}; its records are dropped from now on`);
    isDead = true;
  });

  return {
    name: 'csv',
    counters,
    get backlogBytes() {
      return file.writableLength;
    },
    write(records) {
      const events = records.filter((record) => record.type === 'route');
      if (isDead || file.writableLength > MOST_BYTES) {
        counters.dropped += events.length;
        return;
      }
      if (events.length === 0) return;
      counters.queued += events.length;
      file.write(events.map(line).join(''), (error) => {
        if (error) return;
        counters.queued -= events.length;
        counters.written += events.length;
      });
    },
    flush: () =>
      isDead ? Promise.resolve() : new Promise((resolve) => file.write('', () => resolve())),
    async close() {
      if (isDead) return;
      file.end();
      await once(file, 'close');
    },
  };
}
