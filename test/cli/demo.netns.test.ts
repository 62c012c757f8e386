import { execFileSync, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { JsonRecord } from '../tools/rebuild-state.js';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
}

/** Runs the demo; `interrupt`: SIGINT as soon as stderr has this in it. */
function demo(options: readonly string[], interrupt: string | null = null): Promise<Run> {
  const args = [path.join(root, 'bin', 'routetap.js'), 'demo', ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let interrupted = interrupt === null;
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => {
    stderr += String(text);
    if (interrupted || !stderr.includes(interrupt ?? '')) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr, pid: child.pid ?? 0 });
    });
  });
}

const leftOvers = (pid: number): string[] =>
  execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`routetap-demo-${pid}`));

describe('the demo', () => {
  test('shows an add, a change, a delete and inferred deletes, and leaves nothing behind', async () => {
    const { code, stdout, stderr, pid } = await demo(['--json']);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonRecord)
      .filter((record) => record.type === 'route')
      .map((record) =>
        [
          record.probe,
          record.route?.dst,
          record.inferred === true ? `inferred ${record.cause?.kind}` : '',
        ].join(' '),
      );
    expect(told).toEqual(
      expect.arrayContaining([
        'add 10.1.0.0/16 ',
        'change 10.1.0.0/16 ',
        'delete 10.1.0.0/16 ',
        'change 2001:db8:100::/48 ',
        'delete 10.2.0.0/16 inferred nexthop-removed',
        'delete 10.3.0.0/16 inferred link-down',
        'delete 127.0.0.0/8 inferred zone-removed',
      ]),
    );
    expect(told.filter((line) => line === 'change 10.1.0.0/16 ')).toHaveLength(1);
    expect(leftOvers(pid)).toEqual([]);
  });

  test('cleans up when it is interrupted', async () => {
    const { code, pid, stderr } = await demo([], 'a route is added');
    expect(code).toBe(0);
    expect(stderr).not.toContain('the namespace itself goes away');
    expect(leftOvers(pid)).toEqual([]);
  });

  test('cleans up when nobody reads its output any more', async () => {
    const child = spawn(process.execPath, [path.join(root, 'bin', 'routetap.js'), 'demo'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.once('data', () => {
      child.stderr.destroy();
      child.stdout.destroy();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(leftOvers(child.pid ?? 0)).toEqual([]);
  });

  test('without the right to make namespaces it ends with exit code 3 and one line', () => {
    const { status, stderr } = spawnSync(
      'unshare',
      ['-Ur', process.execPath, path.join(root, 'bin', 'routetap.js'), 'demo'],
      { encoding: 'utf8' },
    );
    expect(`${status} ${stderr}`).toMatch(/^3 routetap: demo: expected .*CAP_SYS_ADMIN.*\n$/);
  });
});
