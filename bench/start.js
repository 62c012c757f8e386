import { setTimeout as sleep } from 'node:timers/promises';
import { whenReady } from './listeners.js';
import { cpuMs, memoryBytes, quantile, voluntarySwitches, whenIdle } from './process.js';

const mebibytes = (bytes) => `${Math.round(bytes / (1 << 20))} MiB`;

async function startOnce(scene, listener) {
  const begun = performance.now();
  const child = scene.spawn(listener.command, listener.args, 'ignore');
  const closed = new Promise((resolve) => child.on('close', resolve));
  await whenReady(child, listener.ready);
  const ms = performance.now() - begun;
  return { child, closed, ms };
}

async function stop({ child, closed }) {
  child.kill('SIGINT');
  await closed;
}

/** Time until events flow, and memory then: with an empty table and with a full one. */
export async function start(scene, listeners, { runs, routes }) {
  const [listener] = listeners;
  const times = [];
  for (let n = 0; n < runs; n++) {
    const started = await startOnce(scene, listener);
    times.push(started.ms);
    await stop(started);
  }
  await scene.flood('add', routes);
  const full = await startOnce(scene, listener);
  await whenIdle(full.child.pid);
  const row = [
    `${routes.toLocaleString('en')} routes`,
    `${Math.round(full.ms)} ms`,
    mebibytes(memoryBytes(full.child.pid)),
    mebibytes(memoryBytes(full.child.pid, 'VmHWM')),
  ];
  await stop(full);
  await scene.flood('del', routes);
  return {
    title: 'Start of routetap: process begun to events flowing',
    head: ['table', 'start', 'memory (RSS)', 'peak'],
    rows: [['empty', `${Math.round(quantile(times, 0.5))} ms (median of ${runs})`, '', ''], row],
  };
}

/** What a listener costs while nothing happens. */
export async function idle(scene, listeners, seconds, settleSeconds) {
  const rows = [];
  for (const listener of listeners) {
    const started = await startOnce(scene, listener);
    const { pid } = started.child;
    await whenIdle(pid, 2000);
    // A runtime tidies its heap for some seconds after the start; what is asked is how it sleeps.
    await sleep(settleSeconds * 1000);
    const before = voluntarySwitches(pid);
    const cpuBefore = cpuMs(pid);
    await sleep(seconds * 1000);
    rows.push([
      listener.name,
      String(voluntarySwitches(pid) - before),
      `${cpuMs(pid) - cpuBefore} ms`,
      mebibytes(memoryBytes(pid)),
    ]);
    await stop(started);
  }
  return {
    title: `Idle for ${seconds} s, ${settleSeconds} s after the start`,
    head: ['listener', 'wake-ups', 'CPU', 'memory (RSS)'],
    rows,
  };
}
