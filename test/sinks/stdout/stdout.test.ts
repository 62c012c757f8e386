import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wantsColour } from '../../../sinks/stdout/output.js';
import { bundled } from '../bundled.js';
import { oneTo, seqs } from '../records.js';

interface Report {
  readonly written: number;
  readonly dropped: number;
  readonly queued: number;
  readonly failed: number;
  readonly warnings: readonly string[];
  readonly closed: boolean;
}

let folder = '';
let script = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-stdout-${process.pid}-`));
  script = bundled('test/sinks/stdout/writer.ts', folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The writer's report; with `shell` its output goes through a real pipe of the shell. */
const shell = (line: string): { report: Report; out: string } => {
  const { stdout } = spawnSync('sh', ['-c', line], {
    env: { ...process.env, NODE: process.execPath, SCRIPT: script, REPORT: `${folder}/report` },
    maxBuffer: 1 << 28,
  });
  return {
    report: JSON.parse(readFileSync(`${folder}/report`, 'utf8')) as Report,
    out: stdout.toString(),
  };
};

const collect = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
};

describe('the stdout sink', () => {
  test('writes every record into a pipe that is read slowly, and never holds up the loop for the reader', () => {
    const { report, out } = shell(
      '"$NODE" "$SCRIPT" 3000 json 2>"$REPORT" | (sleep 1; dd bs=4096 2>/dev/null)',
    );
    expect(seqs(out)).toEqual(oneTo(3000));
    expect(report).toMatchObject({ written: 3000, dropped: 0, queued: 0, failed: 0, warnings: [] });
  });

  test('drops and counts what a stuck reader leaves no room for, and still exits', () => {
    const { report } = shell('"$NODE" "$SCRIPT" 3000 json 64k 2>"$REPORT" | sleep 6');
    expect(report.dropped).toBeGreaterThan(2000);
    expect(report.written + report.dropped).toBe(3000);
    expect(report.queued).toBe(0);
  });

  test('ends quietly when the reader goes away', () => {
    const { report, out } = shell(
      '"$NODE" "$SCRIPT" 20000 json 64M until-closed 2>"$REPORT" | head -n 3',
    );
    expect(seqs(out)).toEqual([1, 2, 3]);
    expect(report).toMatchObject({ closed: true, queued: 0, warnings: [] });
    expect(report.written + report.dropped).toBe(20_000);
  });

  test('writes to a file behind a redirect at its shared offset', () => {
    shell('(echo first; "$NODE" "$SCRIPT" 500 json 2>"$REPORT"; echo last) >"$REPORT.out"');
    const lines = readFileSync(`${folder}/report.out`, 'utf8').trimEnd().split('\n');
    expect([lines[0], lines.at(-1)]).toEqual(['first', 'last']);
    expect(seqs(lines.slice(1, -1).join('\n'))).toEqual(oneTo(500));
  });

  test('writes text without colour codes when it is no terminal', () => {
    const { out } = shell('"$NODE" "$SCRIPT" 1 text 2>"$REPORT" | cat');
    expect(out).toMatch(/^[\d:.]{15} add /);
    expect(out).not.toContain('\u001b');
  });

  test('writes through the socket pair another Node process gives its child', async () => {
    const child = spawn(process.execPath, [script, '5000', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, report] = await Promise.all([collect(child.stdout), collect(child.stderr)]);
    expect(seqs(out)).toEqual(oneTo(5000));
    expect(JSON.parse(report)).toMatchObject({ written: 5000, dropped: 0 });
  });

  test('exits although the socket is never read', async () => {
    const child = spawn(process.execPath, [script, '5000', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pause();
    const report = JSON.parse(await collect(child.stderr)) as Report;
    expect(report.dropped).toBeGreaterThan(0);
    expect(report.written + report.dropped).toBe(5000);
    child.stdout.resume();
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});

test('colour needs a terminal', () => {
  const fd = openSync('/dev/null', 'w');
  expect(wantsColour(fd, { TERM: 'xterm' })).toBe(false);
});

test('a terminal gets colour unless NO_COLOR or TERM=dumb says no', () => {
  const pty = (environment: string): string =>
    spawnSync(
      'script',
      [
        '-qec',
        `env ${environment} "${process.execPath}" "${script}" 1 text 2>/dev/null`,
        '/dev/null',
      ],
      {
        env: { PATH: process.env['PATH'] ?? '' },
      },
    ).stdout.toString();
  expect(pty('TERM=xterm')).toContain('\u001b[32madd');
  expect(pty('TERM=xterm NO_COLOR=1')).not.toContain('\u001b');
  expect(pty('TERM=dumb')).not.toContain('\u001b');
});
