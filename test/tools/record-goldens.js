/**
 * Records test/fixtures/recordings/*.sh again: each script runs in a network namespace of its own while routetap
 * watches. Writes NAME.rec, and NAME.jsonl with what a replay of it says. As root, after a build:
 *
 *     node test/tools/record-goldens.js [--replay] [NAME...]
 *
 * `--replay` keeps the recordings and only says again what they hold.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Where the scripts, recordings and goldens are. */
export const folder = path.join(root, 'test', 'fixtures', 'recordings');
const routetap = path.join(root, 'bin', 'routetap.js');

/** Names of the scripts. */
export const scenes = readdirSync(folder)
  .filter((file) => file.endsWith('.sh'))
  .map((file) => file.slice(0, -'.sh'.length));

const HOST = 'golden';
/** Nothing more follows when nothing was said for so long; inferred events take a fraction of it. */
const QUIET_MS = 1500;
const PATIENCE_MS = 30_000;

/** struct of a frame: core/frame.ts. */
const FRAME_HEADER_BYTES = 32;
const PROCESS = 7;

/** Options in the script's `# routetap:` line. */
function optionsOf(script) {
  const [, options = ''] = /^# routetap: (.*)$/m.exec(script) ?? [];
  return options.split(' ').filter((word) => word !== '');
}

/** The recording with this tool's host name and without the recording machine's control groups. */
function impersonal(bytes) {
  const magicEnd = bytes.indexOf(0x0a) + 1;
  const headerEnd = bytes.indexOf(0x0a, magicEnd) + 1;
  const header = JSON.parse(bytes.subarray(magicEnd, headerEnd).toString());
  const parts = [
    bytes.subarray(0, magicEnd),
    Buffer.from(`${JSON.stringify({ ...header, host: HOST })}\n`),
  ];
  for (let at = headerEnd; at < bytes.length;) {
    const length = bytes.readUInt32LE(at);
    const end = at + FRAME_HEADER_BYTES + ((length + 7) & ~7);
    const frame = bytes.subarray(at, end);
    parts.push(frame.readUInt16LE(4) === PROCESS ? withoutCgroup(frame, length) : frame);
    at = end;
  }
  return Buffer.concat(parts);
}

/** A PROCESS frame (comm, exe, cgroup, each ended by NUL) with the root control group. */
function withoutCgroup(frame, length) {
  const payload = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + length);
  const comm = payload.indexOf(0, 12);
  const exe = payload.indexOf(0, comm + 1);
  const kept = Buffer.concat([payload.subarray(0, exe + 1), Buffer.from('/\0')]);
  const out = Buffer.alloc(FRAME_HEADER_BYTES + ((kept.length + 7) & ~7));
  frame.copy(out, 0, 0, FRAME_HEADER_BYTES);
  out.writeUInt32LE(kept.length, 0);
  kept.copy(out, FRAME_HEADER_BYTES);
  return out;
}

async function waitFor(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** Runs the script in a namespace under routetap's eyes; leaves a recording in `file`. */
async function record(name, file) {
  const namespace = `golden-${name}-${process.pid}`;
  const inside = ['netns', 'exec', namespace];
  const script = readFileSync(path.join(folder, `${name}.sh`), 'utf8');
  execFileSync('ip', ['netns', 'add', namespace]);
  try {
    for (const which of ['default', 'all']) {
      // Link-local addresses come from random hardware addresses, and late.
      execFileSync('ip', [...inside, 'sysctl', '-qw', `net.ipv6.conf.${which}.addr_gen_mode=1`]);
    }
    const monitor = spawn(
      'ip',
      [
        ...inside,
        process.execPath,
        routetap,
        'monitor',
        '--json',
        '--snapshot',
        '--record',
        file,
      ].concat(optionsOf(script)),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const exited = new Promise((resolve) => monitor.on('close', resolve));
    let stderr = '';
    let lastWord = Date.now();
    monitor.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    monitor.stdout.on('data', () => (lastWord = Date.now()));
    try {
      await waitFor(() => stderr.includes('watching '), `routetap to watch: ${stderr}`);
      const shell = spawn('ip', [...inside, 'sh', '-eu'], {
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      shell.stdin.end(script);
      const code = await new Promise((resolve) => shell.on('close', resolve));
      if (code !== 0) throw new Error(`${name}.sh exited with ${code}`);
      await waitFor(() => Date.now() - lastWord > QUIET_MS, 'silence');
    } finally {
      monitor.kill('SIGINT');
      await exited;
    }
  } finally {
    execFileSync('ip', ['netns', 'del', namespace]);
  }
}

async function main(words) {
  const replayOnly = words.includes('--replay');
  const names = words.filter((word) => word !== '--replay');
  const scratch = mkdtempSync(path.join(tmpdir(), 'routetap-golden-'));
  try {
    for (const name of names.length > 0 ? names : scenes) {
      const recording = path.join(folder, `${name}.rec`);
      if (!replayOnly) {
        const raw = path.join(scratch, name);
        await record(name, raw);
        writeFileSync(recording, impersonal(readFileSync(raw)));
      }
      const replay = [routetap, 'replay', '--json', '--quiet', recording];
      const told = execFileSync(process.execPath, replay);
      writeFileSync(path.join(folder, `${name}.jsonl`), told);
      const records = told.toString().split('\n').length - 1;
      process.stdout.write(
        `${name}: ${readFileSync(recording).length} bytes, ${records} records\n`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
