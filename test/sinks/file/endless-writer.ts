import openFile from '../../../sinks/file/file.js';
import { events, sinkOptions } from '../records.js';

// A process of its own, which file.test.ts kills while it writes.
const sink = await openFile(sinkOptions(process.argv[2] ?? ''));
for (let first = 1; ; first += 1000) {
  sink.write(events(1000, first));
  await sink.flush();
}
