import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BIN, Command, endCommands } from './command.js';

const RECORDINGS = fileURLToPath(new URL('../fixtures/recordings/', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
});

afterEach(async () => {
  await endCommands();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(...words: string[]): Promise<Ended> {
  const tap = new Command(words);
  const code = await tap.ended;
  return { code, stdout: tap.stdout, stderr: tap.stderr };
}

function script(text: string): string {
  const path = join(folder, 'script.d');
  writeFileSync(path, text);
  return path;
}

/** How often each probe fires in a recording, by what it said when it was made. */
function probesIn(scene: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(join(RECORDINGS, `${scene}.jsonl`), 'utf8')
    .trim()
    .split('\n')) {
    const { type, probe } = JSON.parse(line) as { type: string; probe: string };
    if (type === 'route') counts.set(probe, (counts.get(probe) ?? 0) + 1);
  }
  return counts;
}

/** After the END clauses dtrace prints an empty line, and then the aggregations. */
describe('a program without route probes', () => {
  test('runs without the kernel, takes arguments, and exit gives the exit code', async () => {
    expect(
      await ended('-qn', 'BEGIN { printf("%d %s\\n", $1 + 1, $$2); exit(3); }', '7', 'x y'),
    ).toEqual({ code: 3, stdout: '8 x y\n\n', stderr: '' });
  });

  test('says what it matched when it begins, and prints the columns of dtrace', async () => {
    const { code, stdout, stderr } = await ended('-n', 'BEGIN { exit(0); }');
    expect(stderr).toBe("routetap: description 'BEGIN ' matched 1 probe\n");
    expect(stdout).toMatch(/^CPU {5}ID {20}FUNCTION:NAME\n +\d+ +1 +:BEGIN *\n/);
    expect(code).toBe(0);
  });

  test('several programs are one: each has its line, and they share their variables', async () => {
    const { stdout, stderr } = await ended(
      '-n',
      'BEGIN { x = 5; }',
      '-x',
      'quiet',
      '-s',
      script('BEGIN\n{\n\tprintf("%d\\n", x);\n\texit(0);\n}\n'),
    );
    expect(stdout).toBe('5\n\n');
    expect(stderr).toBe('');
  });

  test('each of several programs has its line', async () => {
    const path = script('BEGIN,END\n{\n\texit(0);\n}\n');
    const { stderr } = await ended('-n', 'tick-1s', '-s', path);
    expect(stderr).toBe(
      `routetap: description 'tick-1s' matched 1 probe\nroutetap: script '${path}' matched 2 probes\n`,
    );
  });

  test('a description may have arguments in it', async () => {
    const { stderr } = await ended('-n', '$1,END { exit(0); }', 'BEGIN');
    expect(stderr).toBe("routetap: description '$1,END ' matched 2 probes\n");
  });

  test('^C gives a newline, END and what was aggregated, and exit code 0', async () => {
    const tap = new Command([
      '-qn',
      'BEGIN { printf("begin\\n"); @["x"] = count(); } END { printf("end\\n"); }',
    ]);
    await tap.has('begin');
    tap.child.kill('SIGINT');
    expect(await tap.ended).toBe(0);
    expect(tap.stdout.replace(/ +/g, ' ')).toBe('begin\n\nend\n\n x 1\n');
    expect(tap.stderr).toBe('');
  });

  test('ticks come while nothing else happens', async () => {
    const { stdout } = await ended(
      '-qn',
      'tick-1ms { n++; } tick-1ms /n == 3/ { printf("%d\\n", n); exit(0); }',
    );
    expect(stdout).toBe('3\n\n');
  });

  test('a script from stdin runs, its interpreter line skipped', () => {
    const input = '#!/usr/bin/env -S routetap -qs\nBEGIN { trace("in"); exit(0); }\n';
    for (const name of ['-', '/dev/stdin']) {
      const stdout = execFileSync(process.execPath, [BIN, '-qs', name], {
        input,
        encoding: 'utf8',
      });
      expect(stdout.trim()).toBe('in');
    }
  });

  test('the command of -c has its pid in $target and ends the program with its end', async () => {
    const seen = join(folder, 'seen');
    const { code, stdout, stderr } = await ended(
      '-n',
      'BEGIN { printf("<%d>", $target); }',
      '-x',
      'strsize=64',
      '-c',
      `touch ${seen}`,
    );
    const [, pid = ''] = /<(\d+)>/.exec(stdout) ?? [];
    expect(stderr).toBe(
      `routetap: description 'BEGIN ' matched 1 probe\nroutetap: pid ${pid} has exited\n`,
    );
    expect(existsSync(seen)).toBe(true);
    expect(code).toBe(0);
  });

  test('-p ends with the process', async () => {
    const other = new Command(['-qn', 'BEGIN { printf("begin\\n"); }']);
    await other.has('begin');
    const tap = new Command([
      '-qn',
      'BEGIN { printf("%d begin\\n", $target); }',
      '-p',
      String(other.child.pid),
    ]);
    await tap.has(`${other.child.pid} begin`);
    other.child.kill('SIGKILL');
    expect(await tap.ended).toBe(0);
  });

  test('-o appends', async () => {
    const path = join(folder, 'out');
    for (const word of ['one', 'two']) {
      const { stdout } = await ended(
        '-qn',
        'BEGIN { printf("%s\\n", $$1); exit(0); }',
        '-o',
        path,
        word,
      );
      expect(stdout).toBe('');
    }
    expect(readFileSync(path, 'utf8')).toBe('one\n\ntwo\n\n');
  });

  test('a full disk behind -o ends it with exit code 1 and one line', async () => {
    expect(await ended('-qn', 'tick-1ms { printf("x\\n"); }', '-o', '/dev/full')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'routetap: expected an output file /dev/full that can be written, got ENOSPC\n',
    });
  });

  test('a reader that leaves ends it quietly with exit code 0', async () => {
    const tap = new Command(['-qn', 'tick-1ms { printf("x\\n"); }']);
    await tap.has('x');
    tap.child.stdout?.destroy();
    expect(await tap.ended).toBe(0);
    expect(tap.stderr).toBe('');
  });

  test('-e compiles and runs nothing; -v reports the stability', async () => {
    expect(await ended('-en', 'BEGIN { printf("x"); }')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const { stdout } = await ended(
      '-evn',
      'route:::add { trace(args[4]->route_flags); }',
      '-n',
      'tick-1s { trace(pid); }',
    );
    const report = (name: string, probes: string, statements: string): string => `
Stability attributes for description ${name}:

\tMinimum Probe Description Attributes
${probes}
\tMinimum Statement Attributes
${statements}
`;
    const attributes = (names: string, dependency: string): string =>
      `\t\tIdentifier Names: ${names}\n\t\tData Semantics:   ${names}\n\t\tDependency Class: ${dependency}\n`;
    expect(stdout).toBe(
      report('route:::add ', attributes('Evolving', 'ISA'), attributes('Evolving', 'ISA')) +
        report('tick-1s ', attributes('Evolving', 'Common'), attributes('Stable', 'Common')),
    );
  });

  test('--quiet silences stderr and leaves the columns', async () => {
    const { stdout, stderr } = await ended('--quiet', '-n', 'BEGIN { exit(0); }');
    expect(stderr).toBe('');
    expect(stdout).toContain('FUNCTION:NAME');
  });

  test('a pragma for quiet silences the line about what matched', async () => {
    const path = script('#pragma D option quiet\nBEGIN { exit(0); }\n');
    expect(await ended('-s', path)).toEqual({ code: 0, stdout: '\n', stderr: '' });
  });

  test('-V prints the version', async () => {
    expect((await ended('-q', '-V')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('with -Z a description may match nothing', async () => {
    const { code, stderr } = await ended('-Zn', 'no:such::probe, BEGIN { exit(0); }');
    expect(stderr).toBe("routetap: description 'no:such::probe, BEGIN ' matched 1 probe\n");
    expect(code).toBe(0);
  });
});

describe('a program over a recording', () => {
  test('counts what the recording has', async () => {
    const { code, stdout, stderr } = await ended(
      'replay',
      join(RECORDINGS, 'inet.rec'),
      '-n',
      'route::: { @[probename] = count(); }',
    );
    const counted = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, number] => {
        const [probe = '', count] = line.trim().split(/\s+/);
        return [probe, Number(count)];
      });
    expect(new Map(counted)).toEqual(probesIn('inet'));
    expect(stderr).toContain("routetap: description 'route::: ' matched 6 probes\n");
    expect(code).toBe(0);
  });

  test('ticks by the time of its records', async () => {
    const words = ['-qn', 'tick-100ms { ticks++; } END { printf("%d\\n", ticks); }'];
    const { stdout } = await ended('replay', join(RECORDINGS, 'inet.rec'), ...words);
    const lines = readFileSync(join(RECORDINGS, 'inet.jsonl'), 'utf8').trim().split('\n');
    const times = lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
    const lasted = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(lasted).toBeGreaterThan(200);
    expect(Math.abs(Number(stdout) - lasted / 100)).toBeLessThanOrEqual(1);
  });

  test('stops after --count events, and takes filters and arguments', async () => {
    const { stdout } = await ended(
      'replay',
      '--family',
      'inet',
      '--count',
      '2',
      '-qs',
      script('route:::add { printf("%s\\n", $$1); }\n'),
      join(RECORDINGS, 'inet.rec'),
      'event',
    );
    expect(stdout).toBe('event\nevent\n\n');
  });

  test('a recording that is not there ends it with exit code 1, and BEGIN does not run', async () => {
    const { code, stdout, stderr } = await ended(
      'replay',
      join(folder, 'none'),
      '-qn',
      'BEGIN { printf("x"); }',
    );
    expect(stderr).toMatch(/^routetap: [^\n]*none[^\n]*\n$/);
    expect(`${code} ${stdout}`).toBe('1 ');
  });
});

describe('wrong programs', () => {
  test.each<[string[], RegExp]>([
    [
      ['-n', 'route:::ad { trace(1); }'],
      /^routetap: invalid probe specifier route:::ad \{ trace\(1\); \}: column 1: probe description route:::ad does not match any probes; did you mean route:::add\?\n$/,
    ],
    [
      ['-n', 'BEGIN { trace(nothing); }'],
      /^routetap: invalid probe specifier BEGIN \{ trace\(nothing\); \}: .*column 15.*\n$/,
    ],
    [['-n', 'BEGIN {'], /^routetap: invalid probe specifier BEGIN \{: .*\n$/],
    [
      ['-n', 'BEGIN { x = 1; }', '-n', 'BEGIN { trace(y); }'],
      /specifier BEGIN \{ trace\(y\); \}: .*column 15/,
    ],
    [['-n', 'BEGIN', '-x', 'agsortrev'], /^routetap: [^\n]*agsortrev[^\n]*aggsortrev[^\n]*\n$/],
    [['-n', 'BEGIN { trace($1); }'], /^routetap: [^\n]*\$1[^\n]*\n$/],
    [
      ['-s', '/nonexistent/x.d'],
      /^routetap: failed to open script \/nonexistent\/x\.d: .*ENOENT\n$/,
    ],
    [['-q'], /^routetap: expected a program by -n or -s, or -l, got none\n$/],
  ])('%j ends with exit code 2 and one line', async (words, line) => {
    const { code, stdout, stderr } = await ended(...words);
    expect(stderr).toMatch(line);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('an error in a script names the file, the line and the column', async () => {
    const path = script('#!/usr/bin/env -S routetap -s\nBEGIN\n{\n\ttrace(nothing);\n}\n');
    const { code, stderr } = await ended('-s', path);
    expect(stderr).toMatch(
      /^routetap: failed to compile script [^\n]*: [^\n]*line 4, column 8[^\n]*\n$/,
    );
    expect(stderr).toContain(path);
    expect(code).toBe(2);
  });

  test('-l of a description that matches nothing ends with exit code 1', async () => {
    const { code, stdout, stderr } = await ended('-ln', 'route:::ad');
    expect(stdout).toMatch(/^ {3}ID {3}PROVIDER/);
    expect(stderr).toMatch(/^routetap: failed to match route:::ad: [^\n]*\n$/);
    expect(code).toBe(1);
  });
});
