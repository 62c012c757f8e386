import { describe, expect, test } from '@jest/globals';
import {
  dumpAddresses,
  dumpLinks,
  dumpNetconf,
  dumpNexthops,
  dumpRoutes,
  dumpRules,
  getRoute,
} from '../../../core/wire/requests.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** nlmsghdr: length, type, REQUEST|DUMP, sequence 7, port 0. */
const head = (length: string, type: string, flags = '0103'): string =>
  `${length}000000${type}00${flags}0700000000000000`;

describe('requests', () => {
  test('a route dump names family, protocol and type in its header, table and interface behind it', () => {
    expect(hex(dumpRoutes({ family: 2 }, 7))).toBe(`${head('1c', '1a')}02${'00'.repeat(11)}`);
    expect(hex(dumpRoutes({ family: 10, table: 100_000, protocol: 186, type: 6, oif: 3 }, 7))).toBe(
      `${head('2c', '1a')}0a00000000ba000600000000` + '08000f00a0860100' + '0800040003000000',
    );
  });

  test('other dumps are a bare header of the right size', () => {
    expect(hex(dumpLinks(7))).toBe(`${head('28', '12')}${'00'.repeat(16)}08001d0008000000`);
    expect(hex(dumpAddresses(0, 7))).toBe(`${head('18', '16')}${'00'.repeat(8)}`);
    expect(hex(dumpAddresses(10, 7))).toBe(`${head('18', '16')}0a${'00'.repeat(7)}`);
    expect(hex(dumpNexthops(7))).toBe(`${head('18', '6a')}${'00'.repeat(8)}`);
    expect(hex(dumpRules(2, 7))).toBe(`${head('1c', '22')}02${'00'.repeat(11)}`);
    expect(hex(dumpNetconf(10, 7))).toBe(`${head('14', '52')}0a000000`);
  });

  test('a lookup carries every selector, in IPv4 with the table wanted back', () => {
    const dst = Uint8Array.of(10, 1, 2, 3);
    const src = Uint8Array.of(10, 0, 0, 1);
    expect(
      hex(
        getRoute(
          { family: 2, dst, src, iif: 2, oif: 3, mark: 5, uid: 1000, tos: 8, fibMatch: true },
          7,
        ),
      ),
    ).toBe(
      `${head('4c', '1a', '0100')}022020080000000000300000` +
        '080001000a010203' +
        '080002000a000001' +
        '0800030002000000' +
        '0800040003000000' +
        '0800100005000000' +
        '08001900e8030000',
    );
  });

  test('an IPv6 lookup leaves out the flag its kernel refuses', () => {
    const dst = new Uint8Array(16).fill(1);
    expect(hex(getRoute({ family: 10, dst }, 7))).toBe(
      `${head('30', '1a', '0100')}0a80${'00'.repeat(10)}14000100${'01'.repeat(16)}`,
    );
  });

  test('the sequence number fills its word', () => {
    expect(hex(dumpNexthops(0xfffffffe)).slice(16, 24)).toBe('feffffff');
  });
});
