import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configPaths } from '../../cli/config-file.js';
import { resolveOptions, type GivenFlags } from '../../cli/config.js';
import { REPLAY_OPTIONS } from '../../cli/replay.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), `routetap-config-${process.pid}-`));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const file = (text: string): string => {
  const path = join(folder, `${(files += 1)}.toml`);
  writeFileSync(path, text);
  return path;
};

const flags = (given: Readonly<Record<string, readonly string[]>>): GivenFlags =>
  new Map(Object.entries(given));
const none = flags({});

const resolve = (
  given: GivenFlags,
  environment: Readonly<Record<string, string>>,
  paths: readonly string[],
) => resolveOptions({ flags: given, environment, configFile: null, paths });

describe('where options come from', () => {
  test('a flag wins over the environment, which wins over the user file, which wins over /etc', () => {
    const user = file('count = 3\ndev = "user0"\nzone = "blue"');
    const etc = file('count = 4\ndev = "etc0"\nzone = "red"\ndst = "10.0.0.0/8"');
    const options = resolve(
      flags({ count: ['1'] }),
      { ROUTETAP_COUNT: '2', ROUTETAP_DEV: 'env0' },
      [user, etc],
    );
    expect(options).toMatchObject({ count: 1, dev: 'env0', zone: 'blue', dst: '10.0.0.0/8' });
  });

  test('without anything the defaults stand', () => {
    expect(resolve(none, {}, [join(folder, 'missing.toml')])).toMatchObject({
      json: false,
      zone: 'self',
      sink: ['stdout'],
      bpf: 'auto',
      probe: null,
      count: null,
    });
  });

  test('given sinks replace the default one and keep their order', () => {
    expect(resolve(flags({ sink: ['file:a', 'stdout'] }), {}, []).sink).toEqual([
      'file:a',
      'stdout',
    ]);
    expect(resolve(none, { ROUTETAP_SINK: 'file:a  syslog:' }, []).sink).toEqual([
      'file:a',
      'syslog:',
    ]);
    expect(resolve(none, {}, [file('sink = ["file:/a b", "stdout"]')]).sink).toEqual([
      'file:/a b',
      'stdout',
    ]);
  });

  test('lists are joined from commas, repeated flags and arrays alike', () => {
    expect(resolve(flags({ table: ['main,100', '7'] }), {}, []).table).toEqual([
      'main',
      '100',
      '7',
    ]);
    expect(resolve(none, {}, [file('table = ["main", 100]')]).table).toEqual(['main', '100']);
    expect(resolve(none, {}, [file('probe = "add,delete"')]).probe).toEqual(['add', 'delete']);
  });

  test('a switch can be taken back on the command line', () => {
    const config = file('json = true\nsnapshot = true');
    const options = resolve(flags({ json: ['false'] }), {}, [config]);
    expect(options).toMatchObject({ json: false, snapshot: true });
  });

  test('--config reads that file and no other', () => {
    const asked = file('count = 7');
    const other = file('dev = "v0"');
    const options = resolveOptions({
      flags: none,
      environment: {},
      configFile: asked,
      paths: [other],
    });
    expect(options).toMatchObject({ count: 7, dev: null });
  });

  test('ROUTETAP_CONFIG names the file when no flag does', () => {
    const asked = file('count = 9');
    expect(resolve(none, { ROUTETAP_CONFIG: asked }, []).count).toBe(9);
  });

  test('a replay leaves options of the live source alone', () => {
    const config = file('zone = "blue"\nsnapshot = true\ncount = 2');
    const options = resolveOptions(
      { flags: none, environment: {}, configFile: config },
      REPLAY_OPTIONS,
    );
    expect(options).toMatchObject({ zone: 'self', snapshot: false, count: 2 });
  });

  test('config files stand in the XDG folder, else ~/.config, and in /etc', () => {
    const etc = '/etc/routetap/routetap.toml';
    expect(configPaths({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toEqual([
      '/x/routetap/config.toml',
      etc,
    ]);
    expect(configPaths({ HOME: '/h' })).toEqual(['/h/.config/routetap/config.toml', etc]);
    expect(configPaths({})).toEqual([etc]);
  });
});

describe('a config file that is wrong', () => {
  test.each([
    ['is no TOML', 'count = = 1', /:1:\d+: expected TOML/],
    [
      'has an unknown key',
      'coutn = 1',
      /expected the name of an option, got "coutn" \(did you mean count\?\)/,
    ],
    ['gives a switch a text', 'json = "yes"', /json: expected true or false, got "yes"/],
    ['gives a text a table', 'dev = { a = 1 }', /dev: expected a string or whole number/],
    ['gives one value an array', 'zone = ["a", "b"]', /zone: expected a string or whole number/],
    [
      'has a value no flag would take',
      'count = 0',
      /count: expected a whole number, at least 1, got "0"/,
    ],
  ])('is refused in one line when it %s', (_, text, message) => {
    const path = file(text);
    let caught: unknown;
    try {
      resolve(none, {}, [path]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
    expect((caught as Error).message).toContain(path);
    expect((caught as Error).message).not.toContain('\n');
  });

  test('a file asked for must be there', () => {
    expect(() =>
      resolveOptions({ flags: none, environment: {}, configFile: join(folder, 'no.toml') }),
    ).toThrow(/--config: expected a readable file, got ENOENT/);
  });
});
