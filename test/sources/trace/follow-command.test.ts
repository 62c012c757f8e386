import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { followCommand, requireCommand } from '../../../sources/trace/follow-command.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a followed command', () => {
  test('runs, in the process that is followed, once that is so', async () => {
    const mark = join(folder, 'mark');
    let seen: readonly [number, boolean] | null = null;
    const command = followCommand(['sh', '-c', `echo $$ > '${mark}'; exit 7`], (pid) => {
      seen = [pid, existsSync(mark)];
    });
    expect(seen).toEqual([command.pid, false]);
    expect(await command.end).toEqual({ code: 7, signal: null });
    expect(existsSync(mark)).toBe(true);
  });

  test('gets its arguments as they are', async () => {
    const words = ['sh', '-c', 'test "$#" = 2 && test "$1" = "a  b" && test "$2" = "\\$x;"'];
    const command = followCommand(['sh', ...words.slice(1), 'sh', 'a  b', '$x;'], () => undefined);
    expect(await command.end).toEqual({ code: 0, signal: null });
  });

  test('has no more of ours than the three it needs', async () => {
    const command = followCommand(['sh', '-c', '! test -e /proc/$$/fd/3'], () => undefined);
    expect(await command.end).toEqual({ code: 0, signal: null });
  });

  test('can be ended by a signal', async () => {
    const command = followCommand(['sleep', '30'], () => undefined);
    command.signal('SIGTERM');
    expect(await command.end).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('does not run when following it fails', async () => {
    const mark = join(folder, 'mark');
    let pid = 0;
    expect(() =>
      followCommand(['sh', '-c', `echo > '${mark}'`], (started) => {
        pid = started;
        throw new Error('no room');
      }),
    ).toThrow('no room');
    while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(existsSync(mark)).toBe(false);
  });
});

describe('a command that is asked for', () => {
  test('is looked for on PATH, or where its path says', () => {
    const file = join(folder, 'tool');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
    expect(() => {
      requireCommand('tool', `/nowhere:${folder}`);
      requireCommand(file, '');
    }).not.toThrow();
  });

  test.each([['foo'], ['./foo'], [''], ['foo\nbar']])(
    'that is not there is a usage error: %j',
    (name) => {
      expect(() => {
        requireCommand(name, folder);
      }).toThrow(`trace: expected a command that exists, got ${JSON.stringify(name)}`);
    },
  );

  test('that cannot be run is a usage error', () => {
    writeFileSync(join(folder, 'text'), 'words', { mode: 0o644 });
    expect(() => {
      requireCommand('text', folder);
    }).toThrow('trace: expected a command that can be run, got "text"');
    expect(() => {
      requireCommand(folder, '');
    }).toThrow('trace: expected a command that exists');
  });
});
