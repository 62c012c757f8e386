import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { joinNamespaces, type JoinedNamespaces } from './namespaces.js';
import { runProgram } from './program.js';

interface Line {
  readonly seq: number;
  readonly type: string;
  readonly what?: string;
  readonly probe?: string;
  readonly zone?: { readonly name?: string };
  readonly route?: { readonly dst: string };
}

const linesOf = (stdout: string): Line[] =>
  stdout
    .slice(0, stdout.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);

describe('examples that watch the kernel', () => {
  let zones: JoinedNamespaces;
  beforeAll(() => {
    zones = joinNamespaces();
  });
  afterAll(() => {
    zones.remove();
  });

  test('two-zones-merged gives the routes of both zones as one numbered stream', async () => {
    const { first, second } = zones;
    const program = runProgram('examples/two-zones-merged.js', [first, second]);
    const watching = (stdout: string): number =>
      linesOf(stdout).filter(({ what }) => what === 'watching').length;
    await program.until((stdout) => watching(stdout) === 2);
    for (let n = 0; n < 23; n += 1) {
      zones.ip(first, 'route', 'add', `10.1.${String(n)}.0/24`, 'via', '192.0.2.2');
      zones.ip(second, 'route', 'add', `10.2.${String(n)}.0/24`, 'via', '192.0.2.1');
    }
    const added = (stdout: string): Line[] =>
      linesOf(stdout).filter(
        ({ route, probe }) => probe === 'add' && /^10\.[12]\./.test(route?.dst ?? ''),
      );
    await program.until((stdout) => added(stdout).length >= 46);
    program.process.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    const lines = linesOf(program.stdout());
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
    for (const [zone, net] of [
      [first, '10.1.'],
      [second, '10.2.'],
    ] as const) {
      const own = added(program.stdout()).filter((record) => record.zone?.name === zone);
      expect(own.map(({ route }) => route?.dst)).toEqual(
        Array.from({ length: 23 }, (_, n) => `${net}${String(n)}.0/24`),
      );
    }
    expect(program.stderr()).toContain(`${String(lines.length)} records written, 0 dropped`);
  });

  test('custom-filter tells of default routes that moved or went away, and of nothing else', async () => {
    const { first } = zones;
    const program = runProgram('examples/custom-filter.js', [first]);
    // The example says nothing at its start: a default route that comes and goes until it is seen tells.
    const probeDefault = (): void => {
      zones.ip(first, 'route', 'add', 'default', 'via', '192.0.2.9', 'metric', '77');
      zones.ip(first, 'route', 'del', 'default', 'via', '192.0.2.9', 'metric', '77');
    };
    const timer = setInterval(probeDefault, 300);
    try {
      await program.until((stdout) => stdout.includes('0.0.0.0/0 delete'));
    } finally {
      clearInterval(timer);
    }
    zones.ip(first, 'route', 'add', '10.99.0.0/16', 'via', '192.0.2.2');
    zones.ip(first, 'route', 'add', 'default', 'via', '192.0.2.2');
    zones.ip(first, 'route', 'replace', 'default', 'via', '192.0.2.3');
    await program.until((stdout) => stdout.includes('0.0.0.0/0 change from 192.0.2.2: '));
    program.process.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    expect(program.stdout()).not.toContain('10.99.0.0/16');
    expect(program.stderr()).toBe('');
  });
});
