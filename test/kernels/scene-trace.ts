import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parsedLines, startBackground, type Background, type Ended } from './background.js';
import { buildTraceBench, type TraceBench } from './trace/bench.js';
import { playCases, titleOf, TRACE_CASES, type TraceCase } from './trace/cases.js';
import { compareTime, exactOffset, windowOf, type TraceRecord } from './trace/compare.js';
import { parseFunctionGraph, type FunctionGraph } from './trace/function-graph.js';
import { sourceName } from './trace/functions.js';
import { functionsIn } from './trace/outline.js';
import { blocksOf, pageProblem } from './trace/page.js';
import { startGraph } from './trace/recorder.js';

/** A claim about `trace`, as the ring reads it. */
export interface TraceResult {
  readonly tier: TraceTier;
  readonly probe: 'trace';
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string | null;
}

/** Pages of the cases by name, `local inet`: what docs/learning-the-routing-code.md shows. */
export type Pages = Readonly<Record<string, string>>;

const TIERS = ['fentry', 'kprobe'] as const;
type TraceTier = (typeof TIERS)[number];

/** `auto`: fentry, with breakpoints for functions that the kernel's BTF does not have, copies by the compiler. */
const CHOICE: Readonly<Record<TraceTier, string>> = { fentry: 'auto', kprobe: 'kprobe' };

const LAST = '203.0.113.250';
const STARTS_S = 90;
const SEES_S = 30;
const STOPS_S = 90;
const MOST_DIFFERENCES = 3;

const note = (text: string): void => {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1)} s: trace: ${text}\n`);
};

const claim = (tier: TraceTier, name: string, detail: string | null): TraceResult => ({
  ...{ tier, probe: 'trace', name, ok: detail === null, detail },
});

/** Wall clock minus CLOCK_BOOTTIME in microseconds; a machine that never slept has it as CLOCK_MONOTONIC. */
function wallOffsetUs(): number {
  const before = Date.now();
  let now = Date.now();
  while (now === before) now = Date.now();
  return now * 1000 - Number(process.hrtime.bigint() / 1000n);
}

interface Tracer extends Background {
  readonly tier: TraceTier;
}

/** Both at once: they and the kernel's tracer see the same lookups. */
async function startTracers(program: string, folder: string): Promise<readonly Tracer[]> {
  const tracers = TIERS.map((tier): Tracer => {
    const save = ['--save', `${folder}/${tier}.trace`];
    const args = ['trace', '--zone', 'all', '--json', '--bpf', CHOICE[tier], '--verbose', ...save];
    return { tier, ...startBackground(program, args, { folder, name: tier }) };
  });
  for (const { tier, sees } of tracers) {
    const isReady = await sees('tracing route lookups', STARTS_S, 'stderr');
    note(`${tier} ${isReady ? 'traces' : 'does not start'}`);
  }
  return tracers;
}

/** All at once: much of their time they wait for the kernel. */
const stopTracers = (
  tracers: readonly Tracer[],
): Promise<readonly (Ended & { readonly tier: TraceTier })[]> =>
  Promise.all(
    tracers.map(async ({ tier, sees, stop }) => {
      if (!(await sees(LAST, SEES_S))) note(`${tier} did not see the end`);
      const ended = await stop(STOPS_S);
      note(`${tier} ended`);
      return { tier, ...ended };
    }),
  );

interface Recording {
  readonly graph: FunctionGraph;
  /** Names in the source of what was recorded. */
  readonly expected: ReadonlySet<string>;
  readonly offsetUs: number;
}

async function record(bench: TraceBench): Promise<Recording> {
  const recorder = startGraph();
  const offsetUs = wallOffsetUs();
  await playCases(bench, recorder.mark);
  const graph = parseFunctionGraph(recorder.stop());
  return { graph, expected: new Set(recorder.symbols.map(sourceName)), offsetUs };
}

const recordingProblem = ({ graph }: Recording): string | null => {
  if (graph.lost > 0) return `the kernel's tracer lost ${graph.lost} records`;
  return graph.strange[0] === undefined ? null : `a line is not known: ${graph.strange[0]}`;
};

interface Compared {
  readonly problem: string | null;
  /** The record of the lookup of interest. */
  readonly record: TraceRecord | null;
}

function compareCase(
  one: TraceCase,
  recording: Recording,
  records: readonly TraceRecord[],
): Compared {
  const window = windowOf(recording.graph, titleOf(one));
  if (window === null) return { problem: 'it was not played', record: null };
  const { differences, same } = compareTime(recording.graph, records, { ...recording, window });
  const found = same.filter(
    ({ record, outline }) =>
      record.flow?.dst === one.to &&
      record.zone.name === one.in &&
      record.direction === one.direction &&
      one.needs.every((name) => functionsIn([outline]).has(name)),
  );
  const lacking = found.length === 0 ? [`no lookup of ${one.to} in ${one.in}`] : [];
  const wrong = [...lacking, ...differences];
  return {
    problem: wrong.length === 0 ? null : wrong.slice(0, MOST_DIFFERENCES).join('; '),
    record: found[0]?.record ?? null,
  };
}

const servedProblem = (tier: TraceTier, records: readonly TraceRecord[]): string | null => {
  const others = records.filter((one) => one.tier !== tier);
  if (records.length === 0) return 'nothing was traced';
  return others[0] === undefined ? null : `served by ${others[0].tier}`;
};

/** Records lost in the trees, and all of them as the last line says. */
function lostProblem(records: readonly TraceRecord[], stderr: string): string | null {
  const inTrees = records.reduce((sum, { lost }) => sum + lost, 0);
  const told = /(\d+) records? lost/.exec(stderr)?.[1];
  if (told === undefined) return `the last line does not say: ${stderr.slice(-200)}`;
  return told === '0' && inTrees === 0 ? null : `${told} lost, ${inTrees} of them in the trees`;
}

/** What `--load` prints of a saved trace: a page for each record that `--json` gave of it. */
function loadedPages(
  program: string,
  file: string,
): { readonly pages: readonly string[]; readonly problem: string | null } {
  const args = [program, 'trace', '--load', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const problem = status === 0 ? null : `exit code ${status}: ${stderr.slice(-300)}`;
  return { pages: blocksOf(stdout), problem };
}

function pageOf(one: TraceCase, page: string | undefined): string | null {
  if (page === undefined) return 'there is none';
  const { in: zone, to, says } = one;
  const address = to.replaceAll('.', '\\.');
  const header = new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d+ .*in zone ${zone}: .*${address}`);
  return (
    pageProblem(page, header) ?? (says.test(page) ? null : `nothing like ${String(says)}: ${page}`)
  );
}

/** The page of the mission: a trace of a command, to its end. What is not of interest need not be attached. */
function tracedCommand(program: string): string | null {
  const command = ['--output', '--dst', '10.66.66.66', '--', 'nc', '-w', '2', '10.66.66.66', '80'];
  const { status, stdout, stderr } = spawnSync(
    'ip',
    ['netns', 'exec', 'client', process.execPath, program, 'trace', ...command],
    { input: '', encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) return `exit code ${status}: ${stderr.slice(-500)}`;
  const pages = blocksOf(stdout);
  const page = pages.find((block) => block.includes('\ntcp_v4_connect(10.66.66.66:80)'));
  if (page === undefined) return `no connect: ${stdout.slice(0, 500)}`;
  const header = /^\d\d:\d\d:\d\d\.\d+ nc\[\d+\] in zone \w+: 10\.66\.66\.66 tcp dport 80$/;
  return pageProblem(page, header);
}

/** Plays all cases under both tiers; claims about what each said, and the pages of the first. */
export async function playTrace(
  program: string,
  agentProgram: string,
): Promise<{ readonly results: readonly TraceResult[]; readonly pages: Pages }> {
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  note('building the hosts');
  const bench = await buildTraceBench(agentProgram);
  const tracers = await startTracers(program, folder);
  note('playing');
  const recording = await record(bench);
  note('played');
  await bench.client.ask('udp', { to: LAST, port: 9 });
  const results: TraceResult[] = [];
  const pages: Record<string, string> = {};
  for (const { tier, code, stdout, stderr } of await stopTracers(tracers)) {
    const end = code === 0 ? null : `exit code ${code}: ${stderr.slice(-500)}`;
    if (end !== null) note(`${tier}: ${end}`);
    results.push(claim(tier, 'ends with exit code 0', end));
    results.push(claim(tier, 'the kernel recorded all it traced', recordingProblem(recording)));
    const records = parsedLines<TraceRecord>(stdout);
    results.push(claim(tier, 'serves', servedProblem(tier, records)));
    results.push(claim(tier, 'loses no record', lostProblem(records, stderr)));
    const { graph, expected } = recording;
    const offsetUs = exactOffset(graph, records, expected, recording.offsetUs);
    note(`${tier}: ${records.length} lookups, checking`);
    const loaded = loadedPages(program, `${folder}/${tier}.trace`);
    results.push(claim(tier, 'a saved trace is read', loaded.problem));
    for (const one of TRACE_CASES) {
      const { problem, record } = compareCase(one, { ...recording, offsetUs }, records);
      results.push(claim(tier, `${titleOf(one)}: as the kernel's own tracer saw it`, problem));
      const page = record === null ? undefined : loaded.pages[records.indexOf(record)];
      results.push(claim(tier, `${titleOf(one)}: a readable page`, pageOf(one, page)));
      if (tier === 'fentry' && page !== undefined) pages[titleOf(one)] = page;
    }
  }
  note('tracing a command');
  results.push(claim('fentry', 'traces a command to its end', tracedCommand(program)));
  bench.stop();
  note('done');
  return { results, pages };
}
