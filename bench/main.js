import { cpus, release } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lookupCost, missStorm } from './bpf.js';
import { programCost } from './d.js';
import { flood } from './flood.js';
import { latency } from './latency.js';
import { listeners } from './listeners.js';
import { Scene } from './scene.js';
import { idle, start } from './start.js';
import { othersCost } from './trace.js';

const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'benchmarks.md');
const BEGIN = '<!-- begin: written by node bench/main.js --write -->';
const END = '<!-- end -->';

const FULL = {
  flood: 1_000_000,
  latency: 50_000,
  runs: 5,
  routes: 1_000_000,
  idleSeconds: 10,
  settleSeconds: 25,
  sends: 200_000,
  storm: 1_000_000,
  trace: { sends: 200_000, rounds: 9 },
};
const QUICK = {
  flood: 50_000,
  latency: 10_000,
  runs: 2,
  routes: 50_000,
  idleSeconds: 3,
  settleSeconds: 3,
  sends: 20_000,
  storm: 100_000,
  trace: { sends: 20_000, rounds: 3 },
};
const RATE = 10_000;
const LATENCY_BATCH = 10;

const table = ({ title, head, rows }) =>
  [
    `### ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

const machine = () => {
  const all = cpus();
  return `${new Date().toISOString().slice(0, 10)}, Linux ${release().split('-')[0]}, ${all.length} × ${all[0]?.model.trim()}, Node.js ${process.version}.`;
};

async function main(args) {
  const unknown = args.find((arg) => arg !== '--quick' && arg !== '--write');
  if (unknown !== undefined) {
    console.error(`bench: expected --quick or --write, got ${unknown}`);
    return 2;
  }
  if (process.getuid() !== 0) {
    console.error('bench: expected root, which may make network namespaces');
    return 3;
  }
  const sizes = args.includes('--quick') ? QUICK : FULL;
  const all = listeners();
  const scene = new Scene();
  const sections = [];
  const tell = (section) => {
    const text = table(section);
    sections.push(text);
    console.log(`${text}\n`);
  };
  try {
    tell(await idle(scene, all, sizes.idleSeconds, sizes.settleSeconds));
    tell(await latency(scene, all, { count: sizes.latency, rate: RATE, batch: LATENCY_BATCH }));
    tell(await start(scene, all, sizes));
    tell(await flood(scene, all, sizes.flood));
    tell(await programCost(scene, all[1], sizes.flood / 2));
    tell(await lookupCost(scene, all[1], sizes.sends));
    tell(await missStorm(scene, all[1], sizes.storm));
    tell(await othersCost(scene, all[1], sizes.trace));
  } finally {
    scene.remove();
  }
  if (args.includes('--write')) {
    const page = readFileSync(PAGE, 'utf8');
    const [before, rest = ''] = page.split(BEGIN);
    const [, after = ''] = rest.split(END);
    const text = [BEGIN, '', machine(), '', sections.join('\n\n'), '', END].join('\n');
    writeFileSync(PAGE, before + text + after);
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
