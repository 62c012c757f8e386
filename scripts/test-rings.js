import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { run } from './setup/run.js';
import { filesUnder } from './setup/stamp.js';

const NETNS = /\.netns\.test\.ts$/;
const BPF = /\.bpf\.test\.ts$/;
const FUZZ = /^test\/fuzz\/|\.fuzz\.test\.ts$/;

/** The ring that boots other kernels: scenes and scripts, no test files. */
async function runKernels(root) {
  const { runKernelsRing } = await import('./kernels/ring.js');
  return runKernelsRing(root);
}

/**
 * The rings by name of the test file. The netns ring makes interfaces and measures the kernel's answers,
 * so its files run one after the other; the bpf ring loads programs, which root of the machine alone may.
 */
export const RINGS = {
  pure: {
    has: (file) => !NETNS.test(file) && !FUZZ.test(file) && !BPF.test(file),
    workers: 2,
  },
  netns: { has: (file) => NETNS.test(file), workers: 1, prefix: namespacePrefix },
  bpf: { has: (file) => BPF.test(file), workers: 1, prefix: rootPrefix },
  fuzz: { has: (file) => FUZZ.test(file), workers: 2 },
  kernels: { has: () => false, run: runKernels },
};

/** Root of a user namespace may make network namespaces where /run is its own. */
const OWN_NAMESPACE = [
  'unshare',
  ['-Urnm', 'sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir /run/lock && exec "$@"', 'sh'],
];

/** How to become someone who may make network namespaces: a command before ours, or why there is none. */
async function namespacePrefix() {
  if (process.getuid?.() === 0) return { command: [] };
  const [command, args] = OWN_NAMESPACE;
  const probe = await run(command, [...args, 'ip', 'netns', 'add', 'probe'], { stdio: 'ignore' });
  return probe === 0
    ? { command: [command, ...args] }
    : { why: 'it needs root or user namespaces to make network namespaces' };
}

/** CAP_BPF and CAP_PERFMON count in the initial user namespace alone. */
const INITIAL_USER_NS = 'user:[4026531837]';

function rootPrefix(root) {
  if (!existsSync(`${root}build/libbpf.node`)) return { why: 'routetap was built without libbpf' };
  const isRoot = process.getuid?.() === 0;
  return isRoot && readlinkSync('/proc/self/ns/user') === INITIAL_USER_NS
    ? { command: [] }
    : { why: 'it needs root of the machine to load eBPF programs; a user namespace is not enough' };
}

/** Counts of jest's JSON report; a file that did not even run counts as one failed test. */
function countsOf(path, exitCode) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const broken = report.testResults.filter(
      (file) =>
        file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
    ).length;
    return {
      passed: report.numPassedTests,
      failed: Math.max(report.numFailedTests + broken, exitCode === 0 ? 0 : 1),
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch (error) {
    process.stderr.write(`jest left no report: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Runs one ring; resolves with what passed, failed and was skipped. */
export async function runRing(root, name) {
  const ring = RINGS[name];
  if (ring.run !== undefined) return ring.run(root);
  const files = filesUnder(root, ['test']).filter(
    (file) => file.endsWith('.test.ts') && ring.has(file),
  );
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const { command: prefix, why } = (await ring.prefix?.(root)) ?? { command: [] };
  if (why !== undefined) {
    process.stderr.write(`ring ${name}: skipped ${files.length} files, ${why}\n`);
    return { passed: 0, failed: 0, skipped: files.length };
  }
  const report = `${root}build/test-results/${name}.json`;
  mkdirSync(`${root}build/test-results`, { recursive: true });
  rmSync(report, { force: true });
  const [command, ...args] = [
    ...prefix,
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
    ring.workers === 1 ? '--runInBand' : `--maxWorkers=${ring.workers}`,
    '--runTestsByPath',
    ...files,
  ];
  const code = await run(command, args, { cwd: root, stdio: ['ignore', 'ignore', 2] });
  return countsOf(report, code);
}
