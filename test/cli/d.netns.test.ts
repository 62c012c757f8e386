import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp, Namespace } from '../engine/harness.js';
import { Command, endCommands } from './command.js';

let zone: Namespace;
let folder: string;

beforeEach(() => {
  zone = new Namespace('d');
  zone.quietIpv6();
  zone.pair('v0', '192.168.5.1/24');
  folder = mkdtempSync(join(tmpdir(), `routetap-d-${process.pid}-`));
});

afterEach(async () => {
  await endCommands();
  rmSync(folder, { recursive: true, force: true });
  await cleanUp();
});

/** Runs `ip` inside; returns its pid. */
const ipPid = (command: string): number =>
  spawnSync('ip', ['-n', zone.name, ...command.split(' ')]).pid;

const inode = (): number => statSync(`/run/netns/${zone.name}`).ino;

const d = (...words: string[]): Command => new Command(['--zone', zone.name, ...words]);

/** The line that says tracing is on. */
const tracing = (tap: Command): Promise<void> =>
  tap.until(() => / matched \d+ probes?$/m.test(tap.stderr), 'the matched line');

async function interrupted(tap: Command): Promise<string> {
  tap.child.kill('SIGINT');
  expect(await tap.ended).toBe(0);
  return tap.stdout;
}

const PAGE_EXAMPLE =
  'route:::add,route:::delete,route:::change { @[probename, args[1]->cs_zoneid, args[1]->cs_pid] = count(); }';

const SOLARIS_EXAMPLE =
  'ip:::route-add,ip:::route-delete { @events[args[4]->route_destination_address] = count(); }';

describe('routetap -n on the kernel', () => {
  test("the example of the route provider's page prints its table: event, zone, process, count", async () => {
    const tap = d('-n', PAGE_EXAMPLE);
    await tracing(tap);
    const added = ipPid('route add 10.1.0.0/16 via 192.168.5.2');
    const replaced = ipPid('route replace 10.1.0.0/16 via 192.168.5.3');
    const deleted = ipPid('route del 10.1.0.0/16');
    const rows = (await interrupted(tap)).split('\n').filter((line) => line !== '');
    expect(tap.stderr).toBe(
      "routetap: description 'route:::add,route:::delete,route:::change ' matched 3 probes\n",
    );
    const words = rows.map((row) => row.trim().split(/\s+/));
    expect(words.sort()).toEqual([
      ['add', String(inode()), String(added), '1'],
      ['change', String(inode()), String(replaced), '1'],
      ['delete', String(inode()), String(deleted), '1'],
    ]);
    expect(rows.every((row) => row.startsWith('  '))).toBe(true);
  });

  test("Solaris's one-liner counts by destination", async () => {
    const tap = d('-n', SOLARIS_EXAMPLE);
    await tracing(tap);
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    zone.ip('route del 10.1.0.0/16');
    expect((await interrupted(tap)).replace(/ +/g, ' ')).toBe('\n\n 10.2.0.0 1\n 10.1.0.0 2\n');
  });

  test('the default output names probe by probe what fired, under its columns', async () => {
    const tap = d('-n', 'route:::delete', '--count', '2');
    await tracing(tap);
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route del 10.1.0.0/16');
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    expect(await tap.ended).toBe(0);
    const [header, row] = tap.stdout.split('\n');
    expect(header).toBe('CPU     ID                    FUNCTION:NAME');
    expect(row).toMatch(/^ +\d+ +\d+ +\S*:delete *$/);
  });

  test('a script takes arguments, and exit ends it with its status', async () => {
    const script = join(folder, 'watch.d');
    writeFileSync(
      script,
      `#!/usr/bin/env -S routetap -s
#pragma D option quiet
route:::add
/args[4]->route_destination_address == $$1/
{
	printf("%s by %s\\n", args[4]->route_destination_address, execname);
	exit($2);
}
`,
    );
    const tap = d('-s', script, '10.2.0.0', '3', '-o', join(folder, 'out'), '--verbose');
    await tap.until(() => tap.stderr.includes('watching'), 'the watching record');
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    expect(await tap.ended).toBe(3);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('10.2.0.0 by ip\n\n');
    expect(tap.stdout).toBe('');
  });

  test('the command of -c starts when tracing is on, and its events are seen before the end', async () => {
    const tap = d(
      '-n',
      'route:::add /pid == $target/ { @[execname] = count(); }',
      '-c',
      `ip -n ${zone.name} route add 10.1.0.0/16 via 192.168.5.2`,
    );
    expect(await tap.ended).toBe(0);
    expect(tap.stdout.trim().split(/\s+/)).toEqual(['ip', '1']);
    expect(tap.stderr).toMatch(
      /^routetap: description 'route:::add ' matched 1 probe\nroutetap: pid \d+ has exited\n$/,
    );
  });

  test('BEGIN stands before the first event, ticks between, END after the last', async () => {
    const tap = d(
      '-qn',
      `BEGIN { printf("begin\\n"); } route:::add { printf("add\\n"); seen = 1; }
       tick-10ms /seen/ { printf("tick\\n"); exit(0); } END { printf("end\\n"); }`,
    );
    await tap.has('begin');
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    expect(await tap.ended).toBe(0);
    expect(tap.stdout).toBe('begin\nadd\ntick\nend\n\n');
    expect(tap.stderr).toBe('');
  });

  test('a fault is told on stderr and ends nothing', async () => {
    const tap = d('-n', 'route:::add { @[10 / (args[1]->cs_pid - args[1]->cs_pid)] = count(); }');
    await tracing(tap);
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    await tap.until(() => tap.stderr.includes('error on enabled probe ID'), 'the fault');
    await interrupted(tap);
    expect(tap.stderr).toMatch(
      /^routetap: error on enabled probe ID \d+ \(ID \d+: route:linux:\S*:add\): divide-by-zero in action #1/m,
    );
  });

  test('a recording of the run replays to the same table', async () => {
    const trace = join(folder, 'trace');
    const tap = d('-n', PAGE_EXAMPLE, '--record', trace);
    await tracing(tap);
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route del 10.1.0.0/16');
    const table = await interrupted(tap);
    expect(table).toContain('delete');
    const replay = new Command(['replay', trace, '-n', PAGE_EXAMPLE]);
    expect(await replay.ended).toBe(0);
    expect(`\n${replay.stdout}`).toBe(table);
  });

  test('a reader that leaves ends it quietly with exit code 0', async () => {
    const tap = d('-qn', 'BEGIN { printf("begin\\n"); } route::: { printf("event\\n"); }');
    await tap.has('begin');
    tap.child.stdout?.destroy();
    const flow = setInterval(() => {
      zone.batch(['route replace 10.7.0.0/16 via 192.168.5.2', 'route del 10.7.0.0/16']);
    }, 100);
    const code = await tap.ended;
    clearInterval(flow);
    expect(`${code} ${tap.stderr}`).toBe('0 ');
  });

  test('a slow reader holds the source back and loses nothing', async () => {
    const tap = d('-qn', 'BEGIN { printf("begin\\n"); } route:::add { @ = count(); }');
    await tap.has('begin');
    tap.child.stdout?.pause();
    zone.batch(
      Array.from({ length: 500 }, (_, n) => `route add 10.9.${n >> 8}.${n & 255}/32 dev v0`),
    );
    tap.child.stdout?.resume();
    expect((await interrupted(tap)).trim().split(/\s+/)).toEqual(['begin', '500']);
    expect(tap.stderr).toBe('');
  });

  test('without privilege another namespace ends it with exit code 3 and one line, and BEGIN does not run', async () => {
    chmodSync(folder, 0o755);
    const witness = join(folder, 'witness');
    const tap = new Command(
      ['--zone', zone.name, '-n', 'BEGIN,route:::add', '-c', `touch ${witness}`],
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    );
    expect(await tap.ended).toBe(3);
    expect(tap.stderr).toMatch(/^routetap: [^\n]+\n$/);
    expect(tap.stdout).toBe('');
    expect(existsSync(witness)).toBe(false);
  });
});
