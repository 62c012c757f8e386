import { describe, expect, test } from '@jest/globals';

import { cpioBytes } from '../../scripts/kernels/cpio.js';
import { dependenciesOf, loadOrder } from '../../scripts/kernels/modules.js';
import { newestPackage } from '../../scripts/kernels/packages.js';
import {
  failureLine,
  machineResults,
  pagesIn,
  resultsIn,
  tableLines,
} from '../../scripts/kernels/results.js';

describe('choice of kernel packages', () => {
  const NAMES = [
    'linux-image-6.1.0-9-cloud-amd64',
    'linux-image-6.1.0-56-cloud-amd64',
    'linux-image-6.1.0-56-cloud-amd64-dbg',
    'linux-image-6.1.0-57-amd64',
    'linux-image-6.12.9+deb12-cloud-amd64',
    'linux-image-6.12.117+deb12-cloud-amd64',
    'linux-image-6.12.200+deb12-cloud-amd64-unsigned',
  ];

  test('the newest cloud kernel of a series is taken, by number and not by spelling', () => {
    expect(newestPackage('6.1', NAMES)).toBe('linux-image-6.1.0-56-cloud-amd64');
    expect(newestPackage('6.12', NAMES)).toBe('linux-image-6.12.117+deb12-cloud-amd64');
  });

  test('there is none where the archive has other kernels only', () => {
    expect(newestPackage('6.12', ['linux-image-6.1.0-56-cloud-amd64'])).toBeUndefined();
  });
});

describe('drivers of the machine', () => {
  const MODULES = new Map([
    ['bridge', '/m/bridge.ko'],
    ['stp', '/m/stp.ko'],
    ['llc', '/m/llc.ko'],
    ['veth', '/m/veth.ko'],
  ]);
  const DEPENDS: Readonly<Record<string, readonly string[]>> = {
    '/m/bridge.ko': ['stp', 'llc'],
    '/m/stp.ko': ['llc'],
  };
  const depends = (path: string): readonly string[] => DEPENDS[path] ?? [];

  test('are loaded after what they depend on, each once', () => {
    const order = loadOrder(
      ['bridge', 'veth', 'virtio_pci'],
      MODULES,
      new Set(['virtio_pci']),
      depends,
    );
    expect(order).toEqual(['/m/llc.ko', '/m/stp.ko', '/m/bridge.ko', '/m/veth.ko']);
  });

  test('that a kernel neither has nor is built with are an error', () => {
    expect(() => loadOrder(['vrf'], MODULES, new Set(), depends)).toThrow('no module vrf');
  });

  test('say in their .modinfo what they depend on', () => {
    const modinfo = (text: string): Buffer =>
      Buffer.from(`ELF\0license=GPL\0depends=${text}\0name=x\0`);
    expect(dependenciesOf(modinfo('stp,llc'))).toEqual(['stp', 'llc']);
    expect(dependenciesOf(modinfo('ip-tunnel'))).toEqual(['ip_tunnel']);
    expect(dependenciesOf(modinfo(''))).toEqual([]);
  });
});

describe('the first root', () => {
  test('is a newc archive whose members are aligned to four bytes and that ends with its trailer', () => {
    const bytes = Buffer.concat([
      ...cpioBytes([
        { name: 'etc', type: 'directory', mode: 0o755 },
        {
          name: 'etc/name',
          type: 'file',
          mode: 0o644,
          mtimeS: 1,
          data: () => Buffer.from('abcde'),
        },
      ]),
    ]);
    expect(bytes.length % 4).toBe(0);
    const members: unknown[] = [];
    let offset = 0;
    for (;;) {
      const field = (index: number): number =>
        parseInt(bytes.toString('latin1', offset + 6 + 8 * index, offset + 14 + 8 * index), 16);
      expect(bytes.toString('latin1', offset, offset + 6)).toBe('070701');
      const nameEnd = offset + 110 + field(11);
      const begin = (nameEnd + 3) & ~3;
      const end = begin + field(6);
      const name = bytes.toString('utf8', offset + 110, nameEnd - 1);
      members.push([name, field(1), bytes.toString('utf8', begin, end)]);
      offset = (end + 3) & ~3;
      if (name === 'TRAILER!!!') break;
    }
    expect(offset).toBe(bytes.length);
    expect(members).toEqual([
      ['etc', 0o040755, ''],
      ['etc/name', 0o100644, 'abcde'],
      ['TRAILER!!!', 0, ''],
    ]);
  });
});

describe('results of the ring', () => {
  const line = (tier: string, probe: string, ok: boolean): string =>
    JSON.stringify({ tier, probe, name: 'a claim', ok, detail: ok ? null : 'got nothing' });

  test('are the JSON lines the machine printed; a broken line is a failure, other text is none', () => {
    const results = resultsIn(`hello\n${line('fentry', 'miss', true)}\n{"tier":\n`, '6.1');
    expect(results.map(({ kernel, probe, ok }) => [kernel, probe, ok])).toEqual([
      ['6.1', 'miss', true],
      ['6.1', 'machine', false],
    ]);
  });

  test('have pages of traces beside them, by name', () => {
    const page = (name: string, text: string): string => `page ${JSON.stringify({ name, text })}`;
    const text = `${page('local inet', 'a\nb')}\npage {"na\nother page {}\n${page('vrf inet6', 'c')}\n`;
    expect(pagesIn(text)).toEqual({ 'local inet': 'a\nb', 'vrf inet6': 'c' });
    expect(resultsIn(page('local inet', 'a'), '6.1')).toEqual([]);
  });

  test('make a table of kernels, probes and tiers, with a dash where nothing was claimed', () => {
    const text = [
      line('fentry', 'miss', true),
      line('fentry', 'miss', false),
      line('tracepoint', 'miss', true),
      line('kprobe', 'removed', true),
    ].join('\n');
    expect(tableLines([...machineResults('6.1', DONE), ...resultsIn(text, '6.1')])).toEqual([
      'kernel  probe    fentry  kprobe  tracepoint',
      '6.1     miss     1/2     -       1/1',
      '6.1     removed  -       1/1     -',
    ]);
  });

  const DONE = { exitCode: 0, why: null, console: '[    1.0] Linux version\n' };

  test('tell a machine that did not end, and a kernel that complains', () => {
    const late = machineResults('6.1', { exitCode: null, why: 'did not end in 9 s', console: '' });
    expect(late.filter(({ ok }) => !ok).map(failureLine)).toEqual([
      'FAILED 6.1 machine machine: the scenes run to their end: did not end in 9 s',
    ]);
    const console = '[    5.1] WARNING: CPU: 0 PID: 1 at net/ipv4/route.c:1\n';
    const bad = machineResults('6.1', { ...DONE, console }).filter(({ ok }) => !ok);
    expect(bad.map(({ detail }) => detail)).toEqual([console.trimEnd()]);
    expect(machineResults('6.1', DONE).every(({ ok }) => ok)).toBe(true);
  });
});
