import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp, Namespace } from '../engine/harness.js';
import { Command, endCommands } from './command.js';

const folders: string[] = [];

afterEach(async () => {
  await endCommands();
  await cleanUp();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rt-trace-'));
  folders.push(folder);
  return join(folder, name);
}

/** v0 with a gateway, and where lookups end. */
function scene(): Namespace {
  const namespace = new Namespace('trace');
  namespace.quietIpv6();
  namespace.ip('link set lo up');
  namespace.pair('v0', '10.0.0.5/24', '2001:db8:a::5/64');
  namespace.batch([
    'route add 10.66.0.0/16 via 10.0.0.2',
    'route add blackhole 10.67.0.0/16',
    'rule add pref 100 fwmark 7 lookup 100',
    'route add 2001:db8:66::/48 via 2001:db8:a::1',
  ]);
  return namespace;
}

const send = (...addresses: readonly string[]): string =>
  addresses.map((address) => `(echo hi >/dev/udp/${address}/80) 2>&-`).join('; ');

/** The command which sends to these addresses inside the namespace. */
const sender = ({ name }: Namespace, ...addresses: readonly string[]): string[] => [
  ...['ip', 'netns', 'exec', name, 'bash', '-c'],
  `${send(...addresses)}; true`,
];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function trace(...words: readonly string[]): Promise<Ended> {
  const command = new Command(['trace', ...words]);
  const code = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

interface TraceJson {
  readonly zone: { readonly name: string };
  readonly flow: { readonly dst: string };
  readonly process: { readonly comm: string };
  readonly answer: { readonly errno: string | null; readonly gateway: string | null };
}

const lookups = (stdout: string): TraceJson[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceJson);

const begun = (command: Command): Promise<void> =>
  command.until(() => command.stderr.includes('tracing route lookups'), 'the trace to begin');

describe('routetap trace', () => {
  test('shows the lookups of a command and what they come to, and ends with it', async () => {
    const namespace = scene();
    const { code, stdout, stderr } = await trace(
      ...['--json', '--'],
      ...sender(namespace, '10.66.66.66', '10.67.1.1', '192.0.2.1', '2001:db8:66::1'),
    );
    expect(
      lookups(stdout).map(({ zone, flow, process, answer }) => [
        ...[zone.name, flow.dst, process.comm],
        ...[answer.errno, answer.gateway],
      ]),
    ).toEqual([
      [namespace.name, '10.66.66.66', 'bash', null, '10.0.0.2'],
      [namespace.name, '10.67.1.1', 'bash', 'EINVAL', null],
      [namespace.name, '192.0.2.1', 'bash', 'ENETUNREACH', null],
      [namespace.name, '2001:db8:66::1', 'bash', null, '2001:db8:a::1'],
    ]);
    expect(stderr).toMatch(/^tracing route lookups: (fentry|kprobe|tracepoint), \d+ /);
    expect(stderr).toMatch(/^4 lookups, \d+ without a lookup .*, 0 records lost$/m);
    expect(code).toBe(0);
  });

  test('as text is a tree with the rules, the tables and the answer', async () => {
    const { stdout } = await trace('--', ...sender(scene(), '10.66.66.66'));
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{6} bash\[\d+\] in zone rt-trace-.*: 10\.66\.66\.66 /,
    );
    expect(stdout).toContain('fib4_rule_match(rule 32766: from all lookup main)');
    expect(stdout).toMatch(/^ +\S*fib_table_lookup\(table main/m);
    expect(stdout).toMatch(/^answer: 10\.66\.66\.66 via 10\.0\.0\.2 dev v0 src 10\.0\.0\.5/m);
  });

  test('says how a command ended that failed, and ends well itself', async () => {
    const { code, stderr } = await trace('sh', '-c', 'exit 7');
    expect(stderr).toContain('routetap: sh ended with 7\n');
    expect(code).toBe(0);
  });

  test('gives the same text and JSON from the file it saved', async () => {
    const file = newFile('saved');
    const command = sender(scene(), '10.66.66.66', '192.0.2.1', '2001:db8:66::1');
    for (const format of [[], ['--json']]) {
      const live = await trace(...format, '--save', file, '--', ...command);
      const saved = await trace(...format, '--load', file);
      expect(live.stdout).not.toBe('');
      expect(saved.stdout).toBe(live.stdout);
      expect(saved.code).toBe(0);
    }
  });

  test('filters what was saved by address, interface and namespace', async () => {
    const file = newFile('saved');
    const namespace = scene();
    await trace('--save', file, '--', ...sender(namespace, '10.66.66.66', '192.0.2.1'));
    const destinations = async (...words: readonly string[]): Promise<string[]> => {
      const { stdout } = await trace('--json', '--load', file, ...words);
      return lookups(stdout).map(({ flow }) => flow.dst);
    };
    expect(await destinations('--dst', '192.0.2.0/24')).toEqual(['192.0.2.1']);
    expect(await destinations('--dst', '10.66.66.66', '--dev', 'v0')).toEqual(['10.66.66.66']);
    expect(await destinations('--dev', 'v9')).toEqual([]);
    expect(await destinations('--zone', namespace.name, '--count', '1')).toEqual(['10.66.66.66']);
    expect(await destinations('--zone', 'self')).toEqual([]);
    expect(await destinations('--input')).toEqual([]);
  });

  test('shows what a cut file holds, then says that it is cut', async () => {
    const file = newFile('saved');
    const live = await trace('--json', '--save', file, '--', ...sender(scene(), '10.66.66.66'));
    truncateSync(file, readFileSync(file).length - 1);
    const { code, stdout, stderr } = await trace('--json', '--load', file);
    expect(lookups(stdout)).toHaveLength(lookups(live.stdout).length);
    expect(stderr).toMatch(/^routetap: --load: \S+: cut off: \d+ bytes of a frame at its end$/m);
    expect(code).toBe(1);
  });

  test('takes only what was asked for, and stops after --count of it', async () => {
    const namespace = scene();
    const words = ['--json', '--zone', namespace.name, '--dst', '10.66.0.0/16', '--count', '2'];
    const command = new Command(['trace', ...words]);
    await begun(command);
    const script = send('192.0.2.1', '10.66.0.1', '10.67.0.1', '10.66.0.2', '10.66.0.3');
    namespace.exec('bash', ['-c', `${script}; true`]);
    expect(await command.ended).toBe(0);
    expect(lookups(command.stdout).map(({ flow }) => flow.dst)).toEqual(['10.66.0.1', '10.66.0.2']);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with its counters', async (signal) => {
    const command = new Command(['trace', '--zone', scene().name]);
    await begun(command);
    command.child.kill(signal);
    expect(await command.ended).toBe(0);
    expect(command.stderr).toContain('0 lookups, 0 without a lookup');
  });

  test('ends quietly when nobody reads any more', async () => {
    const namespace = scene();
    const command = new Command(['trace', '--quiet', '--zone', namespace.name, '--count', '9999']);
    command.child.stdout?.destroy();
    // When it has begun is not told: it gets lookups until it notices.
    for (let tries = 0; tries < 400 && command.child.exitCode === null; tries += 1) {
      namespace.exec('bash', ['-c', `${send('10.66.66.66')}; true`]);
      await sleep(50);
    }
    expect(await command.ended).toBe(0);
    expect(command.stderr).toBe('');
  });
});
