import { execFileSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { compileTool } from '../test/tools/compile.js';
import { attachEmpty } from './bpf.js';
import { whenReady } from './listeners.js';
import { quantile } from './process.js';

const TRACED = { inet: '10.66.66.66', inet6: '2001:db8:66::66' };
const OTHERS = { inet: '100.64.0.0', inet6: '2001:db8:64::' };
const GATEWAYS = { inet: '192.0.2.2', inet6: '2001:db8:9::2' };
const FAMILIES = ['inet', 'inet6'];
/** With an address of one family nothing of the other is attached. */
const USELESS = { inet: 'empty_fib6_tp', inet6: 'empty_fib_tp' };

const median = (numbers) => quantile(numbers, 0.5);
const ns = (number) => `${Math.round(number)} ns`;
const count = (number) => number.toLocaleString('en');

/** What one datagram costs, ns of CPU time, and how many there were in a second. */
function flood(scene, sends, address) {
  const tool = compileTool('lookup-flood');
  const out = execFileSync('ip', ['netns', 'exec', scene.name, tool, String(sends), address], {
    encoding: 'utf8',
  });
  const [sent, failed, seconds, cpuSeconds] = out.trim().split(' ').map(Number);
  if (failed > 0) throw new Error(`bench: expected ${sends} datagrams to be sent, got ${sent}`);
  return { perSend: (cpuSeconds / sends) * 1e9, perSecond: sends / seconds };
}

/** Traces one address; `stop` gives its trees and the records lost. */
async function watch(scene, listener, address) {
  const file = scene.file('trace.jsonl');
  const [script] = listener.args;
  const args = [script, 'trace', '--json', '--zone', scene.name, '--dst', address];
  const child = scene.spawn(listener.command, args, openSync(file, 'w'));
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const closed = new Promise((resolve) => child.on('close', resolve));
  await whenReady(child, 'tracing route lookups');
  return {
    stop: async () => {
      child.kill('SIGINT');
      await closed;
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      const lost = Number(/(\d+) records lost/.exec(said)?.[1] ?? NaN);
      return { trees: lines.map((line) => JSON.parse(line)), lost };
    },
  };
}

/** One datagram to the address traced, between those of others. */
const sendTraced = (scene, address) =>
  execFileSync('ip', ['netns', 'exec', scene.name, compileTool('send-flood'), '1', address, '9']);

/**
 * What a lookup that nobody asked for pays while another address is traced: the same flood without the trace, with
 * programs that do nothing at the same places, and with the trace, in turn.
 */
export async function othersCost(scene, listener, { sends, rounds }) {
  const ip = (line) => execFileSync('ip', ['-n', scene.name, ...line.split(' ')]);
  for (const family of FAMILIES) {
    ip(`${family === 'inet6' ? '-6 ' : ''}route replace default via ${GATEWAYS[family]}`);
  }
  const rows = [];
  try {
    for (const family of FAMILIES) {
      const without = [];
      const tracing = [];
      const more = [];
      const empty = [];
      const seen = { complete: 0, lost: 0 };
      for (let round = 0; round < rounds; round++) {
        without.push(flood(scene, sends, OTHERS[family]));
        const close = attachEmpty(scene, (name) => name !== USELESS[family]);
        try {
          empty.push(flood(scene, sends, OTHERS[family]).perSend - without[round].perSend);
        } finally {
          close();
        }
        const watched = await watch(scene, listener, TRACED[family]);
        tracing.push(flood(scene, sends, OTHERS[family]));
        sendTraced(scene, TRACED[family]);
        const { trees, lost } = await watched.stop();
        seen.complete += trees.filter((tree) => tree.complete && tree.lost === 0).length;
        seen.lost += lost;
        more.push(tracing[round].perSend - without[round].perSend);
      }
      rows.push([
        family === 'inet' ? 'IPv4' : 'IPv6',
        ns(median(without.map(({ perSend }) => perSend))),
        ns(median(tracing.map(({ perSend }) => perSend))),
        ns(median(more)),
        ns(median(empty)),
        count(Math.round(median(tracing.map(({ perSecond }) => perSecond)))),
        `${seen.complete} of ${rounds}`,
        String(seen.lost),
      ]);
    }
  } finally {
    ip('route del default');
    ip('-6 route del default');
  }
  return {
    title: `Trace of one address: what ${count(sends)} datagrams to others pay, ${rounds} rounds`,
    head: [
      '',
      'sendto() without',
      'with the trace',
      'more',
      'more with empty programs',
      'sendto() a second',
      'traced lookups seen whole',
      'records lost',
    ],
    rows,
  };
}
