import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readNames } from '../../sources/names-files.js';

describe('iproute2’s files', () => {
  let etc = '';
  let usr = '';
  beforeEach(() => {
    const root = mkdtempSync(join(tmpdir(), `names-${process.pid}-`));
    etc = join(root, 'etc');
    usr = join(root, 'usr');
    mkdirSync(etc);
    mkdirSync(usr);
  });
  afterEach(() => {
    rmSync(join(etc, '..'), { recursive: true });
  });

  const write = (directory: string, file: string, text: string): void => {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), text);
  };

  test('missing leave the built-in names', () => {
    expect(readNames([etc, usr]).protocol(186)).toBe('bgp');
    expect(readNames([join(etc, 'nowhere')]).table(254)).toBe('main');
  });

  test('of /etc hide those of /usr, whole files at a time', () => {
    write(usr, 'rt_protos', '70 one\n71 two\n');
    expect(readNames([etc, usr]).protocol(71)).toBe('two');
    write(etc, 'rt_protos', '70 uno\n');
    const names = readNames([etc, usr]);
    expect(names.protocol(70)).toBe('uno');
    expect(names.protocol(71)).toBe('71');
  });

  test('ending in .conf are read from the .d directories, /etc before /usr for the same name', () => {
    write(usr, 'rt_tables', '100 base\n');
    write(usr, 'rt_tables.d/vrf.conf', '101 hidden\n102 gone\n');
    write(usr, 'rt_tables.d/usr.conf', '103 brought\n');
    write(etc, 'rt_tables.d/vrf.conf', '101 blue\n');
    write(etc, 'rt_tables.d/README', '104 readme\n');
    write(etc, 'rt_tables.d/.hidden.conf', '105 dot\n');
    const names = readNames([etc, usr]);
    expect([100, 101, 102, 103, 104, 105].map(names.table)).toEqual([
      'base',
      'blue',
      '102',
      'brought',
      '104',
      '105',
    ]);
  });

  test('name scopes and realms too', () => {
    write(etc, 'rt_scopes', '100 region\n');
    write(etc, 'rt_realms', '7 peer\n');
    const names = readNames([etc]);
    expect([names.scope(100), names.realm(7)]).toEqual(['region', 'peer']);
  });

  test('that are directories or far too large are passed over', () => {
    mkdirSync(join(etc, 'rt_protos'));
    write(usr, 'rt_protos', '70 fallback\n');
    expect(readNames([etc, usr]).protocol(70)).toBe('fallback');
    write(usr, 'rt_tables', `#${'x'.repeat(1 << 20)}\n100 blue\n`);
    expect(readNames([etc, usr]).table(100)).toBe('100');
  });

  test('of this machine give its names', () => {
    expect(readNames().table(254)).toBe('main');
  });
});
