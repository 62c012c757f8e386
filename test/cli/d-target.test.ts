import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdCommand, watchProcess } from '../../cli/d/target.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that writes its pid and arguments into a file. */
function witness(): { script: string; seen: string } {
  const script = join(folder, 'witness');
  const seen = join(folder, 'seen');
  writeFileSync(script, `#!/bin/sh\necho "$$ $*" > ${seen}\n[ "$1" != fail ] || exit 3\n`);
  chmodSync(script, 0o755);
  return { script, seen };
}

describe('the command of -c', () => {
  test('begins when it is let go, under the pid known before, its words split at white space', async () => {
    const { script, seen } = witness();
    const target = holdCommand(`  ${script} one\t'two three' `);
    expect(existsSync(seen)).toBe(false);
    target.start();
    expect(await target.ended).toBe(`pid ${target.pid} has exited`);
    expect(readFileSync(seen, 'utf8')).toBe(`${target.pid} one 'two three'\n`);
  });

  test('its status is told', async () => {
    const { script } = witness();
    const target = holdCommand(`${script} fail`);
    target.start();
    expect(await target.ended).toBe(`pid ${target.pid} exited with status 3`);
  });

  test('never begins when it is released before', async () => {
    const { script, seen } = witness();
    const target = holdCommand(script);
    target.release();
    await target.ended;
    expect(existsSync(seen)).toBe(false);
  });

  test('is asked to end when it is released while it runs', async () => {
    const target = holdCommand('sleep 600');
    target.start();
    target.release();
    expect(await target.ended).toBe(`pid ${target.pid} terminated by SIGTERM`);
  });

  test('a program that is not there is named', () => {
    expect(() => holdCommand('no-such-program-here -x')).toThrow(
      'failed to execute no-such-program-here: expected a program',
    );
    expect(() => holdCommand(join(folder, 'none'))).toThrow('failed to execute');
    expect(() => holdCommand(' ')).toThrow('-c: expected a command, got none');
  });
});

describe('the process of -p', () => {
  test('its end is told, also while nobody has waited for it', async () => {
    const child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    const target = watchProcess(child.pid ?? 0);
    child.kill('SIGKILL');
    expect(await target.ended).toBe(`pid ${child.pid} has exited`);
  });

  test('is left alone when it is released', async () => {
    const child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    watchProcess(child.pid ?? 0).release();
    expect(child.kill(0)).toBe(true);
    child.kill('SIGKILL');
  });

  test('a process that is not there is named', () => {
    expect(() => watchProcess(4_194_304)).toThrow('failed to grab pid 4194304');
  });
});
