import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namesFrom } from '../../../core/names/names.js';

describe('names', () => {
  test('without files are those iproute2 has built in', () => {
    const names = namesFrom({});
    expect([0, 1, 2, 3, 4, 9, 11, 12, 16, 18, 42, 186, 188, 192].map(names.protocol)).toEqual([
      'unspec',
      'redirect',
      'kernel',
      'boot',
      'static',
      'ra',
      'zebra',
      'bird',
      'dhcp',
      'keepalived',
      'babel',
      'bgp',
      'ospf',
      'eigrp',
    ]);
    expect([0, 200, 253, 254, 255].map(names.scope)).toEqual([
      'global',
      'site',
      'link',
      'host',
      'nowhere',
    ]);
    expect([0, 253, 254, 255].map(names.table)).toEqual(['unspec', 'default', 'main', 'local']);
    expect(names.realm(0)).toBe('cosmos');
  });

  test('a number without a name is its text', () => {
    const names = namesFrom({});
    expect(names.protocol(77)).toBe('77');
    expect(names.scope(13)).toBe('13');
    expect(names.table(100_000)).toBe('100000');
    expect(names.realm(5)).toBe('5');
  });

  test('files add names in decimal or hexadecimal, with comments and blank lines', () => {
    const names = namesFrom({
      protos: ['# mine\n\n  80 frr # a daemon\n0x51\tcalico#1\n'],
      tables: ['100 blue\r\n0xfffffffe last\n'],
      realms: ['5 uplink'],
      scopes: ['100 region'],
    });
    expect(names.protocol(80)).toBe('frr');
    expect(names.protocol(0x51)).toBe('calico#1');
    expect(names.table(100)).toBe('blue');
    expect(names.table(0xfffffffe)).toBe('last');
    expect(names.realm(5)).toBe('uplink');
    expect(names.scope(100)).toBe('region');
    expect(names.table(254)).toBe('main');
  });

  test('a later file overrules an earlier one and the built-in names, which stay understood', () => {
    const names = namesFrom({ protos: ['4 fixed', '4 pinned'], tables: ['254 principal'] });
    expect(names.protocol(4)).toBe('pinned');
    expect(names.protocolNumber('static')).toBe(4);
    expect(names.protocolNumber('fixed')).toBe(4);
    expect(names.table(254)).toBe('principal');
    expect(names.tableNumber('main')).toBe(254);
  });

  test.each([
    'static 4',
    '300 too-large',
    '-1 negative',
    '4.5 fraction',
    '0x fish',
    '80',
    '80 ',
    '80 # nothing',
    `80 ${'x'.repeat(65)}`,
    '99999999999999999999 vast',
    '8o letter',
  ])('the line %p is skipped', (line) => {
    const names = namesFrom({ protos: [line] });
    const plain = namesFrom({});
    for (let n = 0; n < 256; n++) expect(names.protocol(n)).toBe(plain.protocol(n));
  });

  test('names and numbers are understood, anything else is not', () => {
    const names = namesFrom({ tables: ['100 blue'] });
    expect(names.tableNumber('blue')).toBe(100);
    expect(names.tableNumber('254')).toBe(254);
    expect(names.tableNumber('0xff')).toBe(255);
    expect(names.tableNumber('4294967295')).toBe(0xffffffff);
    expect(names.protocolNumber('bgp')).toBe(186);
    expect(names.protocolNumber('255')).toBe(255);
    for (const text of ['', ' ', 'red', '-1', '1.5', '1e2', '4294967296', '0x', 'Main']) {
      expect(names.tableNumber(text)).toBeNull();
    }
    expect(names.protocolNumber('256')).toBeNull();
  });

  test('no file makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (file) => {
        const names = namesFrom({ protos: [file], tables: [file] });
        expect(typeof names.protocol(4)).toBe('string');
        expect(names.tableNumber(names.table(100))).toBe(100);
      }),
    );
  });
});
