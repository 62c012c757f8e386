import { closeSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import { whenReady } from './listeners.js';
import { cpuMs, memoryBytes, whenIdle } from './process.js';

/** Lines of a file with the flood's prefix in them. */
function countLines(file, word) {
  const fd = openSync(file, 'r');
  const chunk = Buffer.alloc(4 << 20);
  let rest = Buffer.alloc(0);
  let count = 0;
  for (let length; (length = readSync(fd, chunk)) > 0;) {
    const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
    let start = 0;
    for (let end; (end = bytes.indexOf(10, start)) >= 0; start = end + 1) {
      const at = bytes.indexOf(word, start);
      // Nothing more in the whole chunk: only its last line has to be kept.
      if (at < 0) {
        start = bytes.lastIndexOf(10) + 1;
        break;
      }
      if (at < end) count++;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
  closeSync(fd);
  return count;
}

/** Runs one listener through `count` adds and as many deletes. */
export async function floodOne(scene, listener, count) {
  const file = scene.file('out');
  const fd = openSync(file, 'w');
  const child = scene.spawn(
    listener.command,
    listener.args,
    listener.counts === 'own' ? 'pipe' : fd,
  );
  const closed = new Promise((resolve) => child.on('close', resolve));
  let own = '';
  child.stdout?.on('data', (text) => (own += text));
  await whenReady(child, listener.ready);
  const cpuBefore = cpuMs(child.pid);
  const begun = performance.now();
  const floodSeconds = (await scene.flood('add', count)) + (await scene.flood('del', count));
  await whenIdle(child.pid);
  const seconds = (performance.now() - begun) / 1000 - 1;
  const cpu = cpuMs(child.pid) - cpuBefore;
  const peakBytes = memoryBytes(child.pid, 'VmHWM');
  child.kill('SIGINT');
  await closed;
  closeSync(fd);
  const delivered =
    listener.counts === 'own' ? Number(own.split(' ')[0]) : countLines(file, '100.');
  const outBytes = statSync(file).size;
  unlinkSync(file);
  const lost = Math.max(0, 2 * count - delivered);
  return { name: listener.name, delivered, lost, cpu, seconds, floodSeconds, peakBytes, outBytes };
}

/** One flood for each listener, one after the other, on the same machine in the same state. */
export async function flood(scene, listeners, count) {
  const rows = [];
  for (const listener of listeners) rows.push(await floodOne(scene, listener, count));
  const baseline = rows.find((row) => row.name === 'ip -ts monitor route');
  const perEvent = (row) => (row.cpu * 1000) / Math.max(1, row.delivered);
  return {
    title: `Flood: ${count.toLocaleString('en')} adds, then as many deletes, at full speed`,
    head: [
      'listener',
      'delivered',
      'lost',
      'CPU per delivered event',
      'against ip -ts',
      'until all told',
      'peak memory',
    ],
    rows: rows.map((row) => [
      row.name,
      row.delivered.toLocaleString('en'),
      row.lost.toLocaleString('en'),
      `${perEvent(row).toFixed(2)} µs`,
      baseline === undefined ? '' : `${(perEvent(row) / perEvent(baseline)).toFixed(2)}×`,
      `${row.seconds.toFixed(1)} s (sent in ${row.floodSeconds.toFixed(1)} s)`,
      `${Math.round(row.peakBytes / (1 << 20))} MiB`,
    ]),
  };
}
