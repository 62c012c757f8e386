import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TierRow } from '../../core/frame.js';
import { Command, endCommands, type JsonLine } from '../cli/command.js';
import { cleanUp, Namespace, root } from '../engine/harness.js';
import { heldBy, NOTHING, stillThere, until } from './objects.js';

const SCENES = fileURLToPath(new URL('./scenes/', import.meta.url));

const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const WITHOUT_CAPABILITIES = 'needs CAP_BPF and CAP_PERFMON (or root)';

let zone: Namespace;

beforeEach(() => {
  zone = new Namespace('bpf');
  zone.quietIpv6();
  zone.ip('link set lo up');
  zone.pair('v0', '192.168.5.1/24');
});
afterEach(async () => {
  await endCommands();
  await cleanUp();
});

async function play(scene: string, name: string): Promise<void> {
  const child = spawn('bash', [`${SCENES}${scene}.sh`, name], { stdio: 'ignore' });
  await once(child, 'exit');
}

/** A datagram to where there is no route. */
const sendAstray = (to: string): void => {
  const code =
    'import socket,sys\nf=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET\n' +
    'try: socket.socket(f,socket.SOCK_DGRAM).sendto(b"x",(sys.argv[1],9))\nexcept OSError: pass';
  zone.exec('python3', ['-c', code, to]);
};

const tiersOf = (tap: Command): readonly TierRow[] =>
  (tap.records.find(({ what }) => what === 'tiers')?.['tiers'] ?? []) as readonly TierRow[];

const mechanismOf = (tap: Command, probe: string): readonly (string | null)[] =>
  tiersOf(tap)
    .filter((row) => row.probe === probe)
    .map(({ mechanism }) => mechanism ?? null);

const eventsOf = (tap: Command, probe: string, name = zone.name): JsonLine[] =>
  tap.records.filter((record) => record.probe === probe && record.zone?.name?.startsWith(name));

const refusals = (tap: Command): JsonLine[] =>
  tap.records.filter(({ what, zone: { name } = {} }) => what === 'refused' && name === zone.name);

describe('routetap monitor with eBPF', () => {
  test('all six probes fire, by the mechanism the tiers name, with the process where one acts', async () => {
    const tap = new Command(['--zone', 'all', '--json', '--bpf', 'require']);
    await tap.watching();
    zone.ip('route add 10.1.0.0/16 via 192.168.5.2');
    zone.ip('route change 10.1.0.0/16 via 192.168.5.2 mtu 1400');
    zone.ip('route del 10.1.0.0/16');
    sendAstray('203.0.113.1');
    sendAstray('2001:db8::1');
    const name = `rt-six-${process.pid}`;
    await Promise.all([play('losing', `${name}-l`), play('redirect', `${name}-r`)]);
    for (const probe of ['add', 'change', 'delete'] as const) {
      await tap.until(() => eventsOf(tap, probe).length > 0, probe);
      expect(eventsOf(tap, probe)[0]).toMatchObject({
        process: { comm: 'ip', confidence: 'exact' },
        provenance: 'rtnetlink',
      });
    }
    const seen = [
      ['miss', zone.name],
      ['losing', name],
      ['redirect', name],
    ] as const;
    for (const [probe, where] of seen) {
      for (const [at, family] of (['inet', 'inet6'] as const).entries()) {
        const own = (): JsonLine[] =>
          eventsOf(tap, probe, where).filter(({ route }) => route?.family === family);
        await tap.until(() => own().length > 0, `${probe} of ${family}`);
        expect(own()[0]?.provenance).toBe(mechanismOf(tap, probe)[at]);
      }
    }
    expect(eventsOf(tap, 'miss')[0]).toMatchObject({
      route: { dst: '203.0.113.1/32' },
      process: { comm: 'python3', confidence: 'exact' },
    });
  });

  test('a cascade names the process that set it off, which no message tells', async () => {
    const tap = new Command(['--zone', zone.name, '--json']);
    await tap.watching();
    zone.ip('route add 10.3.0.0/16 via 192.168.5.2');
    zone.ip('link set v0 down');
    const gone = (): JsonLine | undefined =>
      eventsOf(tap, 'delete').find(({ route }) => route?.dst === '10.3.0.0/16');
    await tap.until(() => gone() !== undefined, 'the silent delete');
    expect(gone()).toMatchObject({ inferred: true, process: { comm: 'ip' } });
  });

  test('a refused request is told, with the process and the reason', async () => {
    const tap = new Command(['--zone', zone.name, '--json']);
    await tap.watching();
    zone.ip('route add 10.4.0.0/16 via 192.168.5.2');
    expect(() => zone.ip('route add 10.4.0.0/16 via 192.168.5.2')).toThrow('File exists');
    const refused = (): JsonLine | undefined =>
      refusals(tap).find((record) => record['request'] === 'RTM_NEWROUTE');
    await tap.until(() => refused() !== undefined, 'the refusal');
    expect(refused()).toMatchObject({ errno: 'EEXIST', process: { comm: 'ip' } });
  });

  test('whoever asks for a route is named, also by ioctl, from an unbound socket and where the namespace is new', async () => {
    const tap = new Command(['--zone', 'all', '--json']);
    await tap.watching();
    const name = `rt-asked-${process.pid}`;
    await play('request', name);
    const there = (): JsonLine[] =>
      tap.records.filter(({ zone: where }) => where?.name?.startsWith(name));
    const refused = (): JsonLine[] => there().filter(({ what }) => what === 'refused');
    await tap.until(
      () => refused().some(({ dst, errno }) => dst === '10.71.0.0/16' && errno === 'EEXIST'),
      'the last refusal',
    );
    const isAsked = ({ cause }: JsonLine): boolean =>
      (cause as { readonly kind: string } | undefined)?.kind === 'request';
    const asked = there().filter(isAsked);
    const dsts = asked.map(({ route }) => route?.dst);
    expect(dsts).toEqual(expect.arrayContaining(['10.70.0.0/16', 'fd70::/32', '10.71.0.0/16']));
    expect(asked.filter((record) => record.process?.confidence !== 'exact')).toEqual([]);
    // ip asks before each change of a link whether the kernel knows RTM_NEWLINK.
    expect(refused().map(({ request }) => request)).not.toContain('RTM_NEWLINK');
  });

  test('--bpf off loads nothing: no misses, no refusals, processes by the port id', async () => {
    const tap = new Command(['--zone', zone.name, '--json', '--bpf', 'off']);
    await tap.watching();
    expect(heldBy(tap.child.pid ?? 0)).toEqual(NOTHING);
    sendAstray('203.0.113.1');
    expect(() => zone.ip('route del 10.5.0.0/16')).toThrow('No such process');
    zone.ip('route add 10.5.0.0/16 via 192.168.5.2');
    await tap.has('10.5.0.0/16');
    expect(eventsOf(tap, 'miss')).toEqual([]);
    expect(refusals(tap)).toEqual([]);
    expect(eventsOf(tap, 'add')[0]?.process?.confidence).toBe('portid');
    expect(mechanismOf(tap, 'miss')).toEqual([null, null]);
  });

  test('what is not asked for is not loaded', async () => {
    const tap = new Command(['--zone', zone.name, '--json', '--probe', 'miss']);
    await tap.watching();
    await tap.until(() => tiersOf(tap).length > 0, 'the tiers');
    expect(new Set(tiersOf(tap).map(({ probe }) => probe))).toEqual(new Set(['miss']));
    sendAstray('203.0.113.1');
    await tap.until(() => eventsOf(tap, 'miss').length > 0, 'the miss');
    expect(tap.stderr).not.toContain('nothing here sees');
  });

  test('a recording with what programs saw replays to the same records', async () => {
    const folder = mkdtempSync(join(tmpdir(), `routetap-bpf-${process.pid}-`));
    try {
      const trace = join(folder, 'trace');
      const tap = new Command(['--zone', zone.name, '--json', '--record', trace]);
      await tap.watching();
      sendAstray('203.0.113.1');
      zone.ip('route add 10.6.0.0/16 via 192.168.5.2');
      expect(() => zone.ip('route add 10.6.0.0/16 via 192.168.5.2')).toThrow('File exists');
      zone.ip('link set v0 down');
      await tap.until(
        () => eventsOf(tap, 'delete').some(({ route }) => route?.dst === '10.6.0.0/16'),
        'the delete',
      );
      tap.child.kill('SIGINT');
      expect(await tap.ended).toBe(0);
      const replay = new Command(['replay', '--json', trace]);
      expect(await replay.ended).toBe(0);
      expect(replay.stdout).toBe(tap.stdout);
      expect(eventsOf(tap, 'miss')).toHaveLength(1);
      expect(refusals(tap).length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('killed, it leaves no program, map or link behind', async () => {
    const tap = new Command(['--zone', 'all', '--json']);
    await tap.watching();
    const held = heldBy(tap.child.pid ?? 0);
    for (const ids of [held.prog, held.map, held.link]) expect(ids.length).toBeGreaterThan(0);
    expect(stillThere(held)).toEqual(held);
    tap.child.kill('SIGKILL');
    await tap.ended;
    await until(() => Object.values(stillThere(held)).flat().length === 0);
  });
});

describe('where eBPF is refused', () => {
  test('a user without privilege goes on, and is told why what he asked for is not seen', async () => {
    const tap = new Command(['--json', '--probe', 'miss', '--duration', '100ms'], AS_NOBODY);
    expect(await tap.ended).toBe(0);
    const lines = tap.stderr.split('\n').filter((line) => line.includes('nothing here sees'));
    expect(lines).toEqual([
      `routetap: nothing here sees miss: ${WITHOUT_CAPABILITIES}; see routetap doctor`,
    ]);
    expect(tiersOf(tap)).toMatchObject([
      { probe: 'miss', family: 'inet', better: WITHOUT_CAPABILITIES },
      { probe: 'miss', family: 'inet6', better: WITHOUT_CAPABILITIES },
    ]);
  });

  test('root of a user namespace goes on, and the tiers say that it takes the initial one', async () => {
    const tap = new Command(['--json', '--duration', '100ms'], ['unshare', '-Urn']);
    expect(await tap.ended).toBe(0);
    expect(mechanismOf(tap, 'miss')).toEqual([null, null]);
    expect(tiersOf(tap)[0]?.better).toContain('in the initial user namespace');
  });

  test('require ends with exit code 3 and one line', async () => {
    const tap = new Command(['--bpf', 'require'], AS_NOBODY);
    expect(await tap.ended).toBe(3);
    expect(tap.stderr).toBe(
      `routetap: --bpf require: expected an eBPF tier, got none: ${WITHOUT_CAPABILITIES}\n`,
    );
    expect(tap.stdout).toBe('');
  });

  test('a build without the addon goes on, and says so where it is required', async () => {
    const copy = mkdtempSync(join(tmpdir(), `routetap-copy-${process.pid}-`));
    try {
      for (const part of ['bin', 'package.json', 'dist/routetap.mjs', 'build/rtnetlink.node']) {
        mkdirSync(join(copy, part, '..'), { recursive: true });
        cpSync(join(root, part), join(copy, part), { recursive: true });
      }
      chmodSync(copy, 0o755);
      const bin = join(copy, 'bin/routetap.js');
      const tap = new Command(['--json', '--duration', '100ms'], [], bin);
      expect(await tap.ended).toBe(0);
      expect(tiersOf(tap)[0]?.better).toContain('built without libbpf');
      const required = new Command(['--bpf', 'require'], [], bin);
      expect(await required.ended).toBe(3);
      expect(required.stderr).toMatch(
        /^routetap: --bpf require: [^\n]*built without libbpf[^\n]*\n$/,
      );
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  test('doctor loads the programs, says what it found, and lets them go', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(root, 'bin/routetap.js'), 'doctor', '--json'],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toBe(0);
    const { probes, tiers } = JSON.parse(stdout) as {
      readonly probes: readonly { readonly probe: string; readonly mechanism: string | null }[];
      readonly tiers: readonly TierRow[];
    };
    const miss = tiers.filter(({ probe }) => probe === 'miss').map(({ mechanism }) => mechanism);
    expect(
      probes.filter(({ probe }) => probe === 'miss').map(({ mechanism }) => mechanism),
    ).toEqual(miss);
    expect(miss.every((mechanism) => mechanism !== null)).toBe(true);
  });
});
