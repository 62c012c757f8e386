import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp, Namespace } from '../engine/harness.js';
import { Command, endCommands, type JsonLine } from './command.js';

let zone: Namespace;
let folder: string;

beforeEach(() => {
  zone = new Namespace('cli');
  zone.quietIpv6();
  zone.pair('v0', '192.168.5.1/24');
  folder = mkdtempSync(join(tmpdir(), `routetap-cli-${process.pid}-`));
});

afterEach(async () => {
  await endCommands();
  rmSync(folder, { recursive: true, force: true });
  await cleanUp();
});

describe('routetap monitor', () => {
  test('shows what ip does and who did it, and at SIGINT the counters, with exit code 0', async () => {
    const tap = new Command(['--zone', zone.name, '--json']);
    await tap.watching();
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route replace 10.1.0.0/16 via 192.168.5.3');
    zone.ip('route del 10.1.0.0/16');
    await tap.until(() => tap.probes.length === 3, 'three events');
    tap.child.kill('SIGINT');
    expect(await tap.ended).toBe(0);
    expect(tap.probes).toEqual(['add 10.1.0.0/16', 'change 10.1.0.0/16', 'delete 10.1.0.0/16']);
    expect(tap.records.map(({ process: by }) => by?.comm).filter(Boolean)).toEqual([
      'ip',
      'ip',
      'ip',
    ]);
    expect(tap.records[0]).toMatchObject({ type: 'status', what: 'watching', seq: 1 });
    expect(tap.records.at(-1)).toMatchObject({
      type: 'status',
      what: 'stop',
      seq: tap.records.length,
    });
    expect(tap.stderr).toMatch(/^watching 1 zone, \d+ routes$/m);
    expect(tap.stderr).toMatch(
      /^\d+ received, \d+ decoded, 0 lost, 0 ring_lost, 0 malformed, \d+ inferred, 0 resyncs$/m,
    );
    expect(tap.stderr).toMatch(/^sink stdout: \d+ written, 0 dropped$/m);
  });

  test('stops by itself after the asked number of events that pass the filters', async () => {
    const tap = new Command([
      '--zone',
      zone.name,
      '--json',
      '--quiet',
      '--dst',
      '10.2.0.0/15',
      '--count',
      '2',
    ]);
    await tap.until(() => tap.stdout.includes('watching'), 'the watching record');
    zone.ip('route add 10.9.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.3.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.2.1.0/24 via 192.168.5.2');
    expect(await tap.ended).toBe(0);
    expect(tap.probes).toEqual(['add 10.2.0.0/16', 'add 10.3.0.0/16']);
    expect(tap.stderr).toBe('');
  });

  test('a snapshot stands before the events and obeys the filters', async () => {
    zone.ip('route add 10.4.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.5.0.0/16 via 192.168.5.2 table 77');
    const tap = new Command(['--zone', zone.name, '--json', '--snapshot', '--table', '77']);
    await tap.watching();
    zone.ip('route add 10.6.0.0/16 via 192.168.5.2 table 77');
    await tap.has('10.6.0.0/16');
    const known = tap.records.filter(({ what }) => what === 'route');
    expect(known.map(({ route }) => route?.dst)).toEqual(['10.5.0.0/16']);
    expect(tap.probes).toEqual(['add 10.6.0.0/16']);
  });

  test('a reader that leaves ends it quietly with exit code 0', async () => {
    const tap = new Command(['--zone', zone.name]);
    await tap.watching();
    tap.child.stdout?.destroy();
    const flow = setInterval(() => {
      zone.batch(['route replace 10.7.0.0/16 via 192.168.5.2', 'route del 10.7.0.0/16']);
    }, 100);
    const code = await tap.ended;
    clearInterval(flow);
    expect(code).toBe(0);
    expect(tap.stderr).not.toMatch(/EPIPE|Error/);
  });

  test('SIGHUP opens the file again and reads the filters again', async () => {
    const path = join(folder, 'routes.json');
    const config = join(folder, 'routetap.toml');
    writeFileSync(config, `sink = ["file:${path}"]\nzone = "${zone.name}"\nprobe = ["add"]\n`);
    const tap = new Command(['--config', config]);
    const text = (name: string): string => (existsSync(name) ? readFileSync(name, 'utf8') : '');
    await tap.watching();
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    await tap.until(() => text(path).includes('10.1.0.0/16'), 'the first file');
    renameSync(path, `${path}.1`);
    writeFileSync(config, `sink = ["file:${path}"]\nzone = "${zone.name}"\nprobe = ["delete"]\n`);
    tap.child.kill('SIGHUP');
    await tap.until(() => existsSync(path), 'the new file');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    zone.ip('route del 10.2.0.0/16');
    await tap.until(() => text(path).includes('10.2.0.0/16'), 'the second file');
    tap.child.kill('SIGTERM');
    expect(await tap.ended).toBe(0);
    const probes = text(path)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as JsonLine).probe)
      .filter((probe) => probe !== undefined);
    expect(probes).toEqual(['delete']);
    expect(text(`${path}.1`)).toContain('"add"');
  });

  test('a recording of it replays to the same records', async () => {
    const trace = join(folder, 'trace');
    const tap = new Command(['--zone', zone.name, '--json', '--snapshot', '--record', trace]);
    await tap.watching();
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    zone.ip('link set v0 down');
    await tap.until(() => tap.probes.includes('delete 10.2.0.0/16'), 'the silent delete');
    tap.child.kill('SIGINT');
    expect(await tap.ended).toBe(0);
    const replay = new Command(['replay', '--json', trace]);
    expect(await replay.ended).toBe(0);
    const routes = ({ stdout }: Command): string[] =>
      stdout.split('\n').filter((line) => /"type":"route"|"what":"route"/.test(line));
    expect(routes(replay)).toEqual(routes(tap));
    expect(routes(tap).length).toBeGreaterThan(4);
  });

  test('without privilege another namespace ends it with exit code 3 and one line', async () => {
    chmodSync(folder, 0o755);
    const tap = new Command(
      ['--zone', zone.name],
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    );
    expect(await tap.ended).toBe(3);
    expect(tap.stderr).toMatch(/^routetap: [^\n]+\n$/);
    expect(tap.stdout).toBe('');
  });

  test('a namespace that is not there ends it with one line that names it', async () => {
    const tap = new Command(['--zone', 'no-such-zone']);
    expect(await tap.ended).toBe(2);
    expect(tap.stderr).toMatch(/^routetap: [^\n]*no-such-zone[^\n]*\n$/);
  });

  test('SIGHUP leaves alone what the kernel filters, and takes the rest', async () => {
    const config = join(folder, 'routetap.toml');
    writeFileSync(config, `zone = "${zone.name}"\nfamily = "inet"\ndst = "10.1.0.0/16"\n`);
    const tap = new Command(['--config', config, '--json']);
    await tap.watching();
    writeFileSync(config, `zone = "${zone.name}"\nfamily = "inet6"\nprobe = ["delete"]\n`);
    tap.child.kill('SIGHUP');
    await tap.until(() => tap.stderr.includes('at the next start'), 'the line about the family');
    zone.ip('route add 10.2.0.0/16 via 192.168.5.2');
    zone.ip('route del 10.2.0.0/16');
    await tap.has('10.2.0.0/16');
    tap.child.kill('SIGTERM');
    expect(await tap.ended).toBe(0);
    expect(tap.probes).toEqual(['delete 10.2.0.0/16']);
  });

  test('a user without privilege watches his own namespace and is told of the smaller buffer', async () => {
    const tap = new Command(
      ['--receive-buffer', '1G', '--duration', '100ms'],
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    );
    expect(await tap.ended).toBe(0);
    expect(tap.stderr).toMatch(
      /^routetap: without CAP_NET_ADMIN the receive buffer has \d+ bytes at most; see routetap doctor$/m,
    );
  });

  test('with all namespaces watched each line names its own', async () => {
    const tap = new Command(['--zone', 'all', '--dst', '10.81.0.0/16']);
    await tap.watching();
    zone.ip('route add 10.81.0.0/16 via 192.168.5.2');
    await tap.has('10.81.0.0/16');
    expect(tap.stdout).toMatch(
      new RegExp(`add      10\\.81\\.0\\.0/16 .* zone ${zone.name}(  |$)`, 'm'),
    );
  });
});
