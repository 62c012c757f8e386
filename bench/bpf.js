import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileBpf } from '../scripts/build-bpf.js';
import { compileTool } from '../test/tools/compile.js';
import { whenReady } from './listeners.js';
import { cpuMs, memoryBytes } from './process.js';

const STATS = '/proc/sys/kernel/bpf_stats_enabled';
const mebibytes = (bytes) => `${Math.round(bytes / (1 << 20))} MiB`;
const count = (number) => number.toLocaleString('en');

/** Runs and nanoseconds of every loaded program by its name, as the kernel's own bpf_stats count them. */
function programTimes() {
  const shown = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' }));
  return new Map(
    shown
      .filter(({ name }) => name !== undefined)
      .map(({ id, name, run_cnt: runs = 0, run_time_ns: ns = 0 }) => [id, { name, runs, ns }]),
  );
}

/** What ran since, of programs that are not among `others`. */
function difference(others, before, after) {
  return [...after]
    .filter(([id]) => !others.has(id))
    .map(([id, { name, runs, ns }]) => {
      const was = before.get(id) ?? { runs: 0, ns: 0 };
      return { name, runs: runs - was.runs, ns: ns - was.ns };
    })
    .filter(({ runs }) => runs > 0);
}

function send(scene, sends, address) {
  const tool = compileTool('send-flood');
  const out = execFileSync('ip', ['netns', 'exec', scene.name, tool, String(sends), address, '9'], {
    encoding: 'utf8',
  });
  const [sent, failed, seconds] = out.trim().split(' ').map(Number);
  return { sent, failed, seconds };
}

async function watch(scene, listener, options, output) {
  const child = scene.spawn(listener.command, [...listener.args, ...options], output);
  const closed = new Promise((resolve) => child.on('close', resolve));
  await whenReady(child, listener.ready);
  return {
    child,
    stop: async () => {
      child.kill('SIGINT');
      await closed;
    },
  };
}

/** Attaches programs that do nothing, those `isWanted` says; returns what lets them go. */
export function attachEmpty(scene, isWanted) {
  const { BpfObject } = createRequire(import.meta.url)('../build/libbpf.node');
  const source = fileURLToPath(new URL('./empty.bpf.c', import.meta.url));
  const object = new BpfObject(readFileSync(compileBpf(source, scene.file('empty.bpf.o'))));
  object.load();
  for (const program of object.programs()) {
    if (isWanted(program.name)) object.attach(program.name);
  }
  return () => object.close();
}

/**
 * What a successful lookup costs with the probe `miss` on: each program by itself, next to a program that does nothing,
 * which is what the counting itself and the call cost.
 */
export async function lookupCost(scene, listener, sends) {
  const statsBefore = readFileSync(STATS, 'utf8');
  const rows = [];
  const others = programTimes();
  const close = attachEmpty(scene, (name) => /_fib6?_/.test(name));
  try {
    for (const address of ['192.0.2.2', '2001:db8:9::2']) {
      const watched = await watch(scene, listener, ['--probe', 'miss'], 'ignore');
      writeFileSync(STATS, '1');
      const before = programTimes();
      const { sent } = send(scene, sends, address);
      const costs = difference(others, before, programTimes());
      writeFileSync(STATS, statsBefore);
      await watched.stop();
      for (const { name, runs, ns } of costs) {
        if (runs < sent / 2) continue;
        rows.push([name, address, (runs / sent).toFixed(2), `${Math.round(ns / runs)} ns`]);
      }
    }
  } finally {
    writeFileSync(STATS, statsBefore);
    close();
  }
  return {
    title: `eBPF: ${count(sends)} successful lookups with the probe miss on`,
    head: ['program', 'sends to', 'runs per send', 'per run, counting included'],
    rows,
  };
}

/** A storm of lookups that fail: nothing uncounted, little written. */
export async function missStorm(scene, listener, sends) {
  const file = scene.file('misses.jsonl');
  const watched = await watch(scene, listener, ['--probe', 'miss', '--json'], openSync(file, 'w'));
  const { pid } = watched.child;
  const cpuBefore = cpuMs(pid);
  const { failed, seconds } = send(scene, sends, '203.0.113.1');
  await sleep(3000);
  const cpu = cpuMs(pid) - cpuBefore;
  const peak = memoryBytes(pid, 'VmHWM');
  await watched.stop();
  const records = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const events = records.filter(({ probe }) => probe === 'miss');
  const told = events.reduce((sum, { lookup }) => sum + (lookup.count ?? 1), 0);
  const lost = records.reduce((sum, record) => sum + (record.type === 'gap' ? record.lost : 0), 0);
  return {
    title: `eBPF: a storm of ${count(sends)} failed lookups`,
    head: ['', ''],
    rows: [
      ['failed lookups', `${count(failed)} in ${seconds.toFixed(1)} s`],
      ['events', count(events.length)],
      ['lookups they stand for', count(told)],
      ['counted as lost', count(lost)],
      ['neither told nor counted', count(failed - told - lost)],
      ['CPU of routetap', `${cpu} ms`],
      ['peak memory', mebibytes(peak)],
    ],
  };
}
