import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { whenReady } from './listeners.js';
import { quantile, whenIdle } from './process.js';

const here = path.dirname(fileURLToPath(import.meta.url));

function lineClock() {
  const binary = path.join(here, '..', 'build', 'tools', 'line-clock');
  mkdirSync(path.dirname(binary), { recursive: true });
  execFileSync('gcc', ['-O2', '-Wall', '-o', binary, path.join(here, 'listeners', 'line-clock.c')]);
  return binary;
}

/** From the request being sent to its line being read from the listener's pipe. */
async function latencyOne(scene, listener, clock, { count, rate, batch }) {
  const child = scene.spawn(listener.command, listener.args, 'pipe');
  const reader = spawn(clock, ['100.', scene.file('arrived')], {
    stdio: [child.stdout, 'ignore', 'inherit'],
  });
  const readerClosed = new Promise((resolve) => reader.on('close', resolve));
  // The reader has the pipe now.
  child.stdout.destroy();
  await whenReady(child, listener.ready);
  await scene.flood(
    'add',
    count,
    '-r',
    String(rate),
    '-b',
    String(batch),
    '-l',
    scene.file('sent'),
  );
  await whenIdle(child.pid);
  child.kill('SIGINT');
  await readerClosed;
  await scene.flood('del', count);
  const sent = scene.times('sent');
  const arrived = scene.times('arrived');
  if (arrived.length !== sent.length) {
    return [listener.name, `${sent.length - arrived.length} lost`, '', ''];
  }
  const ms = Array.from(sent, (time, i) => Number(arrived[i] - time) / 1e6);
  return [listener.name, ...[0.5, 0.99, 1].map((share) => `${quantile(ms, share).toFixed(2)} ms`)];
}

export async function latency(scene, listeners, settings) {
  const clock = lineClock();
  const rows = [];
  for (const listener of listeners.filter((one) => one.counts === 'lines')) {
    rows.push(await latencyOne(scene, listener, clock, settings));
  }
  return {
    title: `Latency at ${settings.rate.toLocaleString('en')} events a second (request sent to line read from a pipe)`,
    head: ['listener', 'median', '99 %', 'worst'],
    rows,
  };
}
