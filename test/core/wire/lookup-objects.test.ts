import { describe, expect, test } from '@jest/globals';
import { readAddressLabel } from '../../../core/wire/address-label.js';
import {
  IFLA,
  IFLA_INET,
  IFLA_INET6,
  IFAL,
  INET6_DEVCONF,
  NDA,
  AF,
} from '../../../core/wire/constants.js';
import { readDeviceSettings } from '../../../core/wire/device-settings.js';
import { readNeighbour } from '../../../core/wire/neighbour.js';
import {
  dumpAddressLabels,
  dumpExceptions,
  dumpNeighbours,
  getRoute,
} from '../../../core/wire/requests.js';
import { attribute, fromHex, joined, u16le, u32le, u8 } from './build.js';

const made = <T>(
  read: (bytes: Uint8Array, start: number, end: number) => T,
  ...parts: readonly Uint8Array[]
): T => {
  const bytes = joined(...parts);
  return read(bytes, 0, bytes.length);
};

describe('neighbours', () => {
  const header = (family: number): Uint8Array =>
    joined(u8(family), u8(0), u16le(0), u32le(3), u16le(2), u8(0), u8(1));
  const address = attribute(NDA.DST, Uint8Array.of(10, 0, 0, 1));

  test('tell address, state and hardware address', () => {
    const lladdr = attribute(NDA.LLADDR, fromHex('020000000001'));
    expect(made(readNeighbour, header(AF.INET), address, lladdr)).toEqual({
      ifindex: 3,
      address: '10.0.0.1',
      state: 2,
      lladdrHex: '020000000001',
    });
    expect(made(readNeighbour, header(AF.INET), address)?.lladdrHex).toBeNull();
  });

  test('of other families, short or torn ones are none', () => {
    expect(made(readNeighbour, header(7), address)).toBeNull();
    expect(made(readNeighbour, header(AF.INET))).toBeNull();
    expect(made(readNeighbour, header(AF.INET6), address)).toBeNull();
    expect(made(readNeighbour, header(AF.INET).slice(0, 8))).toBeNull();
  });
});

describe('address labels', () => {
  const header = (length: number, family: number = AF.INET6): Uint8Array =>
    joined(u8(family), u8(0), u8(length), u8(0), u32le(4), u32le(9));
  const prefix = attribute(IFAL.ADDRESS, fromHex(`fc${'00'.repeat(15)}`));
  const label = attribute(IFAL.LABEL, u32le(5));

  test('tell prefix, interface and label', () => {
    expect(made(readAddressLabel, header(7), prefix, label)).toEqual({
      prefix: fromHex(`fc${'00'.repeat(15)}`),
      length: 7,
      ifindex: 4,
      label: 5,
    });
  });

  test('without label or prefix, or of another family, are none', () => {
    expect(made(readAddressLabel, header(7), prefix)).toBeNull();
    expect(made(readAddressLabel, header(7), label)).toBeNull();
    expect(made(readAddressLabel, header(129), prefix, label)).toBeNull();
    expect(made(readAddressLabel, header(7, AF.INET), prefix, label)).toBeNull();
  });
});

describe('settings of a device', () => {
  const header = new Uint8Array(16);

  test('are its group and what the families say', () => {
    const inet = new Uint8Array(26 * 4);
    inet[25 * 4] = 1;
    const inet6 = new Uint8Array(38 * 4);
    inet6[INET6_DEVCONF.USE_TEMPADDR * 4] = 2;
    inet6[INET6_DEVCONF.OPTIMISTIC_DAD * 4] = 1;
    inet6[INET6_DEVCONF.USE_OPTIMISTIC * 4] = 1;
    inet6[INET6_DEVCONF.USE_OIF_ADDRS_ONLY * 4] = 1;
    const spec = attribute(
      IFLA.AF_SPEC,
      attribute(AF.INET, attribute(IFLA_INET.CONF, inet)),
      attribute(AF.INET6, attribute(IFLA_INET6.CONF, inet6)),
    );
    const group = attribute(IFLA.GROUP, u32le(7));
    expect(made(readDeviceSettings, header, spec, group)).toEqual({
      group: 7,
      routeLocalnet: true,
      useTempaddr: 2,
      useOifAddrsOnly: true,
      useOptimistic: true,
    });
  });

  test('are at their defaults where the kernel says less', () => {
    const short = attribute(AF.INET6, attribute(IFLA_INET6.CONF, new Uint8Array(8)));
    expect(made(readDeviceSettings, header, attribute(IFLA.AF_SPEC, short))).toEqual({
      group: 0,
      routeLocalnet: false,
      useTempaddr: 0,
      useOifAddrsOnly: false,
      useOptimistic: false,
    });
    expect(made(readDeviceSettings, header.slice(0, 15))).toBeNull();
  });
});

describe('requests of a lookup', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const head = (length: string, type: string, flags: string): string =>
    `${length}000000${type}00${flags}0700000000000000`;

  test('dump exceptions alone, neighbours and labels', () => {
    expect(hex(dumpExceptions(2, 7))).toBe(
      `${head('1c', '1a', '0103')}02${'00'.repeat(7)}00020000`,
    );
    expect(hex(dumpNeighbours(10, 7))).toBe(`${head('1c', '1e', '0103')}0a${'00'.repeat(11)}`);
    expect(hex(dumpAddressLabels(7))).toBe(`${head('1c', '4a', '0103')}0a${'00'.repeat(11)}`);
  });

  test('carry protocol and ports in network order', () => {
    const dst = Uint8Array.of(10, 1, 2, 3);
    expect(hex(getRoute({ family: 2, dst, ipproto: 6, sport: 4096, dport: 443 }, 7))).toBe(
      `${head('3c', '1a', '0100')}022000000000000000100000` +
        '080001000a010203' +
        '05001b0006000000' +
        '06001c0010000000' +
        '06001d0001bb0000',
    );
  });
});
