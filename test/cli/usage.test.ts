import { describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/routetap.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command without any configuration of this machine. */
function routetap(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: '/nonexistent', ...environment },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({
        code,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}

describe('wrong usage', () => {
  test.each<[string[], string]>([
    [['--probe', 'ad'], '--probe: expected probes of'],
    [
      ['--prob', 'add'],
      '--prob: expected an option listed by routetap monitor --help, got an unknown one (did you mean --probe?)',
    ],
    [['--count'], '--count: expected N, got nothing'],
    [['--count', '0'], '--count: expected a whole number, at least 1, got "0"'],
    [['--duration', '5'], '--duration: expected a time like'],
    [['--family', 'ipx'], '--family: expected inet or inet6, got "ipx"'],
    [['--dst', '10.0.0.0/33'], '--dst: expected a prefix'],
    [
      ['--table', 'no-such-table'],
      '--table: expected a name or a number to 4294967295, got "no-such-table"',
    ],
    [['--protocol', 'no-such-protocol'], '--protocol: expected a name or a number to 255'],
    [['--where', 'route.priority >'], '--where: expected'],
    [['--sink', 'no such:sink'], '--sink'],
    [
      ['--bpf', 'maybe'],
      '--bpf: expected auto, require, off, fentry, kprobe or tracepoint, got "maybe"',
    ],
    [['--config', '/nonexistent/c.toml'], '--config: expected a readable file, got ENOENT'],
    [['replai', 'x'], 'got "replai" (did you mean replay?)'],
    [['replay'], 'expected FILE, got nothing'],
    [
      ['replay', '--zone', 'all', 'x'],
      '--zone: expected an option listed by routetap replay --help, got an unknown one',
    ],
    [['monitor', 'now'], 'monitor: expected no argument, got "now"'],
    [['doctor', '--json', 'now'], 'doctor: expected no argument, got "now"'],
    [['replay', 'a', 'b'], 'replay: expected one FILE, got more: "b"'],
    [['--probe', '--duration', '1s'], '--probe: expected LIST, got the option --duration'],
    [['replay', '--sink', '--json', 'x'], '--sink: expected SPEC, got the option --json'],
    [['--json=maybe'], '--json: expected no value, got "maybe"'],
    [
      ['help', 'nope'],
      'expected a command of monitor, replay, doctor, demo, get, trace, help, got "nope"',
    ],
    [['--dev', 'v0/1'], '--dev: expected an interface name'],
    [['--dev', 'sixteen-letters-'], '--dev: expected an interface name'],
    [
      ['--family', 'inet', '--dst', '2001:db8::/32'],
      '--dst: expected an inet prefix because of --family, got "2001:db8::/32"',
    ],
    [['--table', '4294967296'], '--table: expected a name or a number to 4294967295'],
    [['--protocol', '256'], '--protocol: expected a name or a number to 255'],
    [['\u001b[2J'], 'got "\\x1b[2J"'],
    [['trace', '--dst', 'x'], '--dst: expected an IPv4 or IPv6 address or prefix, got "x"'],
    [['trace', '--dst'], '--dst: expected PREFIX, got nothing'],
    [['trace', '--input=x'], '--input: expected no value, got "x"'],
    [['trace', '--jsno'], '--jsno: expected an option listed by routetap trace --help'],
    [['trace', 'no-such-command'], 'trace: expected a command that exists, got "no-such-command"'],
    [['trace', '--load', 'x', 'nc'], '--load: expected no command beside it, got both'],
    [['get'], 'expected ADDR, got nothing'],
    [['get', 'example'], 'get: expected an IPv4 or IPv6 address, got "example"'],
    [['get', '10.0.0.1', '10.0.0.2', '--mark', '7'], 'get: expected one ADDR, got 2'],
    [['get', '10.0.0.1', '--from', '::1'], '--from: expected an IPv4 address'],
    [['get', '10.0.0.1', '--iif', 'lo'], '--iif: expected the source of the packet by --from'],
    [['get', '::1', '--iif', 'lo', '--oif', 'lo'], '--oif: expected no --iif beside it, got both'],
    [['get', '10.0.0.1', '--mark', 'x'], '--mark: expected a number from 0 to 4294967295'],
    [['get', '10.0.0.1', '--dport', '0'], '--dport: expected a number from 1 to 65535, got "0"'],
    [['get', '10.0.0.1', '--tos', '256'], '--tos: expected a number from 0 to 255, got "256"'],
    [['get', '10.0.0.1', '--ipproto', 'x'], '--ipproto: expected tcp, udp, icmp, icmpv6 or'],
    [['get', '10.0.0.1', '--oif', 'a/b'], '--oif: expected an interface name'],
    [['get', '10.0.0.1', '--zone', 'all'], '--zone: expected one network namespace, got "all"'],
    [
      ['get', '10.0.0.1', '--sink', 'x'],
      '--sink: expected an option listed by routetap get --help',
    ],
  ])('%j ends with exit code 2 and one line', async (args, words) => {
    const { code, stdout, stderr } = await routetap(args);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^routetap: [^\n]+\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('a wrong environment variable is named as such', async () => {
    const { code, stderr } = await routetap([], { ROUTETAP_COUNT: 'many' });
    expect(stderr).toBe(
      'routetap: ROUTETAP_COUNT: expected a whole number, at least 1, got "many"\n',
    );
    expect(code).toBe(2);
  });

  test('a recording that can not be read ends with exit code 1', async () => {
    const { code, stderr } = await routetap(['replay', '--quiet', '/nonexistent/trace']);
    expect(stderr).toMatch(/^routetap: [^\n]*\/nonexistent\/trace[^\n]*\n$/);
    expect(code).toBe(1);
  });
});

describe('what needs no kernel', () => {
  test('--version prints the version of package.json', async () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(text) as { readonly version: string };
    expect(await routetap(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await routetap(['-V'])).stdout).toBe(`${version}\n`);
  });

  test('--help names every command on stdout', async () => {
    const { code, stdout } = await routetap(['--help']);
    for (const command of ['monitor', 'replay', 'doctor', 'demo', 'get', 'trace'])
      expect(stdout).toContain(command);
    expect(code).toBe(0);
  });

  test('doctor says for each probe and family whether it is seen', async () => {
    const { code, stdout } = await routetap(['doctor', '--json']);
    const found = JSON.parse(stdout) as {
      readonly probes: readonly { readonly probe: string; readonly family: string }[];
    };
    expect(found.probes.map(({ probe, family }) => `${probe} ${family}`)).toHaveLength(12);
    expect(code).toBe(0);
    expect((await routetap(['doctor'])).stdout).toMatch(
      /^PROBE +FAMILY +SEEN +BY +WHAT TO EXPECT\n/,
    );
  });

  test('a stdout that can not be written ends with exit code 1 and one line', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', '"$0" "$1" doctor >/dev/full', process.execPath, BIN],
      {
        encoding: 'utf8',
      },
    );
    expect(`${status} ${stderr}`).toBe(
      '1 routetap: expected a stdout that can be written, got ENOSPC\n',
    );
  });
});
