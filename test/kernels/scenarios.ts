/**
 * Runs inside the virtual machine: one monitor for each tier watches the same scenes, then a trace for each. Prints a
 * JSON line { tier, probe, name, ok, detail } for each claim about what each of them said, and `page` with
 * { name, text } for each page of a trace.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildBench, ip, type Bench } from './bench.js';
import { mechanismOf, type Check, type Subject } from './check.js';
import { startLosing } from './scene-losing.js';
import { playMisses } from './scene-miss.js';
import { playQuiet } from './scene-quiet.js';
import { playRedirects } from './scene-redirect.js';
import { playRemovals, playRequests } from './scene-request.js';
import { playTrace } from './scene-trace.js';
import { startWatcher, type TierName, type Watched, type Watcher } from './watcher.js';

const TIERS: readonly TierName[] = ['fentry', 'kprobe', 'tracepoint'];
const LAST = '10.255.255.0/24';

/** Which programs a stock kernel must take. */
const PROGRAMS: readonly { readonly object: Subject; readonly tiers: readonly TierName[] }[] = [
  { object: 'miss', tiers: TIERS },
  { object: 'losing', tiers: TIERS },
  { object: 'redirect', tiers: TIERS },
  { object: 'removed', tiers: ['fentry', 'kprobe'] },
];

const familiesOf = (object: Subject): readonly string[] =>
  object === 'removed' ? ['inet'] : ['inet', 'inet6'];

const loaded: readonly Check[] = PROGRAMS.flatMap(({ object, tiers }) =>
  familiesOf(object).map((family): Check => ({
    subject: object,
    name: `the ${object} programs of ${family} load`,
    tiers,
    verify: (watched) => {
      const mechanism = mechanismOf(watched, object, family);
      return mechanism === watched.tier ? null : `served by ${mechanism ?? 'nothing'}`;
    },
  })),
);

const stream: readonly Check[] = [
  {
    subject: 'stream',
    name: 'nothing is lost and the numbers have no hole',
    verify: ({ lines }) => {
      const gaps = lines.filter(({ type }) => type === 'gap');
      if (gaps.length > 0) return JSON.stringify(gaps);
      const hole = lines.findIndex(({ seq }, index) => seq !== index + 1);
      return hole < 0 ? null : `line ${hole + 1} has number ${String(lines[hole]?.['seq'])}`;
    },
  },
  {
    subject: 'stream',
    name: 'the monitor ends with exit code 0',
    verify: ({ code, stderr }) => (code === 0 ? null : `exit code ${code}: ${stderr.slice(-500)}`),
  },
];

const note = (text: string): void => {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1)} s: ${text}\n`);
};

async function scenes(bench: Bench): Promise<readonly Check[]> {
  note('losing');
  const losing = await startLosing(bench);
  note('requests');
  const requests = await playRequests(bench);
  note('removals');
  const removals = await playRemovals(bench);
  note('redirects');
  const redirects = await playRedirects(bench);
  note('misses');
  const misses = await playMisses(bench);
  note('waiting for losing');
  const lost = await losing();
  ip('router', 'route del blackhole 10.9.2.2/32');
  ip('router', 'route del blackhole fd09:2::2/128');
  note('connections that work');
  const quiet = await playQuiet(bench);
  return [
    ...loaded,
    ...lost,
    ...requests,
    ...removals,
    ...redirects,
    ...misses,
    ...quiet,
    ...stream,
  ];
}

const STARTS_S = 120;

async function startAll(program: string, folder: string): Promise<readonly Watcher[]> {
  const watchers = TIERS.map((tier) => startWatcher(tier, program, folder));
  for (const watcher of watchers) {
    if (!(await watcher.sees('"what":"tiers"', STARTS_S))) {
      note(`${watcher.tier}: no tiers record`);
    } else note(`${watcher.tier} watches`);
  }
  return watchers;
}

function say(watched: Watched, { subject, name, verify }: Check): void {
  let detail: string | null;
  try {
    detail = verify(watched);
  } catch (error) {
    detail = String(error);
  }
  const result = { tier: watched.tier, probe: subject, name, ok: detail === null, detail };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function main(program: string, agentProgram: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
  note('building the hosts');
  const bench = await buildBench(agentProgram);
  note('starting the monitors');
  const watchers = await startAll(program, folder);
  const checks = await scenes(bench);
  ip('host', `route add ${LAST} via 10.9.1.1`);
  const seen: Watched[] = [];
  for (const watcher of watchers) {
    if (!(await watcher.sees(`"dst":"${LAST}"`, 30))) note(`${watcher.tier}: did not see the end`);
    seen.push(await watcher.stop());
  }
  bench.stop();
  note('checking');
  for (const watched of seen) {
    if (watched.code !== 0) note(`${watched.tier}: ${watched.stderr.slice(0, 1000)}`);
    for (const check of checks) {
      if ((check.tiers ?? TIERS).includes(watched.tier)) say(watched, check);
    }
  }
  await traces(program, agentProgram);
}

/** The ring keeps the pages: docs/learning-the-routing-code.md is made of them. */
async function traces(program: string, agentProgram: string): Promise<void> {
  const { results, pages } = await playTrace(program, agentProgram);
  for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
  for (const [name, text] of Object.entries(pages)) {
    process.stdout.write(`page ${JSON.stringify({ name, text })}\n`);
  }
}

await main('dist/routetap.mjs', 'test/kernels/scenes/agent.py');
