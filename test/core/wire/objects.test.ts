import { describe, expect, test } from '@jest/globals';
import { namesFrom } from '../../../core/names/names.js';
import { IFLA, IFLA_INFO, IFLA_VRF, NETCONFA, NETNSA, RTM } from '../../../core/wire/constants.js';
import { readAddress } from '../../../core/wire/ifaddr.js';
import { readLink } from '../../../core/wire/link.js';
import { readNetconf } from '../../../core/wire/netconf.js';
import { readNexthop } from '../../../core/wire/nexthop.js';
import { readNlError } from '../../../core/wire/nlerror.js';
import { readNsid } from '../../../core/wire/nsid.js';
import { readRule } from '../../../core/wire/rule.js';
import { attribute, joined, text, u16le, u32le, u8 } from './build.js';
import { messageBytes, type MessageName } from './messages.js';

const names = namesFrom({});
const real = <T>(
  name: MessageName,
  read: (bytes: Uint8Array, start: number, end: number) => T,
): T => {
  const bytes = messageBytes(name);
  return read(bytes, 16, bytes.length);
};
const made = <T>(
  read: (bytes: Uint8Array, start: number, end: number) => T,
  ...parts: Uint8Array[]
): T => {
  const bytes = joined(...parts);
  return read(bytes, 0, bytes.length);
};

describe('links', () => {
  test('a veth tells name, kind, peer and carrier', () => {
    expect(real('link', readLink)).toMatchObject({
      family: 0,
      name: 'v0',
      mtu: 1500,
      master: 0,
      kind: 'veth',
      vrfTable: null,
      carrier: true,
      operstate: 6,
      newNetnsid: null,
    });
  });

  const header = joined(u8(0), u8(0), u16le(1), u32le(7), u32le(0x1043), u32le(1));

  test('a VRF tells its table', () => {
    const data = attribute(IFLA_INFO.DATA, attribute(IFLA_VRF.TABLE, u32le(77)));
    expect(
      made(
        readLink,
        header,
        attribute(IFLA.IFNAME, text('blue')),
        attribute(IFLA.LINKINFO, attribute(IFLA_INFO.KIND, text('vrf')), data),
      ),
    ).toMatchObject({ ifindex: 7, flags: 0x1043, change: 1, kind: 'vrf', vrfTable: 77 });
  });

  test('the data of another kind is not taken for a VRF’s', () => {
    const data = attribute(IFLA_INFO.DATA, attribute(IFLA_VRF.TABLE, u8(7)));
    const info = attribute(IFLA.LINKINFO, attribute(IFLA_INFO.KIND, text('vlan')), data);
    expect(made(readLink, header, info)).toMatchObject({ kind: 'vlan', vrfTable: null });
  });

  test('a message that tells of one thing only has no name', () => {
    expect(made(readLink, header, attribute(11, u32le(0)))).toMatchObject({ name: null, mtu: 0 });
  });

  test('a move to another namespace tells where and as what', () => {
    expect(
      made(
        readLink,
        header,
        attribute(IFLA.NEW_NETNSID, u32le(4)),
        attribute(IFLA.NEW_IFINDEX, u32le(9)),
      ),
    ).toMatchObject({ newNetnsid: 4, newIfindex: 9 });
  });

  test('a name that is not UTF-8 still is a name', () => {
    const name = attribute(IFLA.IFNAME, Uint8Array.of(0x65, 0xff, 0x30, 0));
    expect(made(readLink, header, name)?.name).toBe('e\ufffd0');
    const accented = attribute(IFLA.IFNAME, text('né0'), u8(0x41));
    expect(made(readLink, header, accented)?.name).toBe('né0');
  });

  test('short headers and short attributes are malformed', () => {
    expect(made(readLink, header.slice(0, 15))).toBeNull();
    expect(made(readLink, header, attribute(IFLA.MTU, u8(1)))).toBeNull();
    expect(made(readLink, header, Uint8Array.of(90, 0, 3, 0))).toBeNull();
    expect(made(readLink, header, attribute(IFLA.LINKINFO, u32le(0x00010001)))).toBeNull();
  });
});

describe('addresses', () => {
  test('an IPv4 address tells its label and prefix', () => {
    expect(real('address', readAddress)).toMatchObject({
      family: 'inet',
      prefixLength: 24,
      scope: 0,
      flags: 0x80,
      local: '192.168.5.1',
      address: '192.168.5.1',
      label: 'v0',
      text: '192.168.5.1/24',
    });
  });

  test('a point-to-point address tells both ends', () => {
    expect(real('peerAddress', readAddress)).toMatchObject({
      local: '10.9.0.1',
      address: '10.9.0.2',
      text: '10.9.0.1/32',
    });
  });

  test('an IPv6 address has no local end of its own', () => {
    expect(real('addressInet6', readAddress)).toMatchObject({
      family: 'inet6',
      local: '2001:db8:5::1',
      address: '2001:db8:5::1',
      flags: 0x82,
      label: null,
    });
  });

  test('other families, impossible lengths and no address at all are refused', () => {
    const header = (family: number, length: number): Uint8Array =>
      joined(u8(family), u8(length), u8(0), u8(0), u32le(3));
    const four = attribute(1, u32le(0x0100000a));
    expect(made(readAddress, header(2, 8), four)?.text).toBe('10.0.0.1/8');
    expect(made(readAddress, header(28, 8), four)).toBeNull();
    expect(made(readAddress, header(2, 33), four)).toBeNull();
    expect(made(readAddress, header(10, 8), four)).toBeNull();
    expect(made(readAddress, header(2, 8))).toBeNull();
  });
});

describe('nexthop objects', () => {
  test('single, blackhole, group, resilient group and tunnel', () => {
    expect(real('nexthop', readNexthop)).toMatchObject({
      id: 1,
      family: 2,
      scope: 253,
      gateway: '192.168.5.2',
      blackhole: false,
      group: null,
      groupType: null,
      encap: null,
    });
    expect(real('nexthopBlackhole', readNexthop)).toMatchObject({ id: 2, blackhole: true });
    expect(real('nexthopMpath', readNexthop)).toMatchObject({
      id: 10,
      oif: null,
      gateway: null,
      group: [
        { id: 1, weight: 5 },
        { id: 3, weight: 1 },
      ],
      groupType: 'mpath',
      resilient: null,
    });
    expect(real('nexthopResilient', readNexthop)).toMatchObject({
      id: 11,
      group: [
        { id: 1, weight: 1 },
        { id: 3, weight: 10 },
      ],
      groupType: 'resilient',
      resilient: { buckets: 32, idleTimerTicks: 6000, unbalancedTimerTicks: 30_000 },
    });
    expect(real('nexthopEncap', readNexthop)).toMatchObject({
      gateway: '2001:db8:5::2',
      encap: { type: 'seg6', mode: 'encap', segs: ['fd00::1'] },
    });
  });

  test('a weight above 256 uses its high byte, and an object without id is malformed', () => {
    const group = joined(u32le(5), u8(0xff), u8(0x01), u16le(0));
    const header = new Uint8Array(8);
    expect(made(readNexthop, header, attribute(1, u32le(9)), attribute(2, group))?.group).toEqual([
      { id: 5, weight: 512 },
    ]);
    expect(made(readNexthop, header)).toBeNull();
  });
});

describe('rules', () => {
  const rule = (name: MessageName): unknown =>
    real(name, (bytes, start, end) => readRule(bytes, start, end, names));

  test('prefixes, mark, interfaces, table and suppression', () => {
    expect(rule('rule')).toMatchObject({
      priority: 100,
      src: '10.0.0.0/8',
      dst: '10.1.0.0/16',
      tos: 16,
      fwmark: 16,
      fwmask: 255,
      iif: 'v0',
      oif: 'gone',
      oifDetached: true,
      action: 'lookup',
      table: 100_000,
      suppressPrefixLength: 0,
      suppressIfgroup: null,
      uidrange: null,
    });
  });

  test('inversion, users, ports, tunnel key, realms and maker', () => {
    expect(rule('ruleNot')).toMatchObject({
      not: true,
      uidrange: { start: 100, end: 200, mask: null },
      ipproto: 17,
      sport: { start: 53, end: 53 },
      dport: { start: 1000, end: 2000 },
      tunId: 9,
      realms: '3/4',
      protocol: 'bgp',
      tableName: 'main',
    });
    expect(rule('ruleGoto')).toMatchObject({ action: 'goto', goto: 300, unresolved: true });
  });

  test('a range that is too short is malformed', () => {
    const header = joined(u8(2), new Uint8Array(11));
    const read = (...parts: Uint8Array[]): unknown =>
      made((bytes, start, end) => readRule(bytes, start, end, names), ...parts);
    expect(read(header, attribute(23, u16le(1), u16le(2)))).toMatchObject({
      sport: { start: 1, end: 2 },
    });
    expect(read(header, attribute(23, u16le(1)))).toBeNull();
    expect(read(header.slice(1))).toBeNull();
  });
});

describe('settings, namespace ids and errors', () => {
  test('netconf says which settings it speaks of', () => {
    expect(real('netconf', readNetconf)).toMatchObject({
      family: 2,
      ifindex: -1,
      ignoreRoutesWithLinkdown: false,
    });
    const one = made(
      readNetconf,
      joined(u8(10), new Uint8Array(3)),
      attribute(NETCONFA.IFINDEX, u32le(3)),
      attribute(NETCONFA.IGNORE_ROUTES_WITH_LINKDOWN, u32le(1)),
    );
    expect(one).toMatchObject({
      ifindex: 3,
      ignoreRoutesWithLinkdown: true,
      forwarding: null,
      rpFilter: null,
    });
    expect(made(readNetconf, u32le(2))).toBeNull();
  });

  test('namespace ids may be unassigned', () => {
    expect(
      made(
        readNsid,
        u32le(0),
        attribute(NETNSA.NSID, u32le(0xffffffff)),
        attribute(NETNSA.PID, u32le(12)),
      ),
    ).toEqual({ nsid: -1, pid: 12, fd: null, currentNsid: null });
    expect(made(readNsid, u32le(0))).toBeNull();
  });

  test('errors carry errno and the words of the kernel', () => {
    expect(real('errorHeader', readNlError)).toEqual({
      errno: 22,
      message: 'Invalid values in header for FIB dump request',
      offset: null,
    });
    expect(real('errorTable', readNlError)).toMatchObject({ errno: 2 });
    expect(real('errorAck', readNlError)).toMatchObject({ errno: 19 });
    expect(real('done', readNlError)).toEqual({ errno: 0, message: null, offset: null });
  });

  test('a refused attribute is named by its place, behind the whole request or a capped one', () => {
    const request = joined(u32le(20), u16le(RTM.GETROUTE), u16le(1), u32le(1), u32le(0));
    const tail = attribute(2, u32le(20));
    const error = (flags: number, length: number, ...rest: Uint8Array[]): unknown => {
      const head = joined(u32le(0), u16le(2), u16le(flags), u32le(1), u32le(0), u32le(-22));
      const bytes = joined(head, u32le(length), request.slice(4), ...rest);
      return readNlError(bytes, 16, bytes.length);
    };
    expect(error(0x200, 20, u32le(0), tail)).toMatchObject({ errno: 22, offset: 20 });
    expect(error(0x300, 20, tail)).toMatchObject({ errno: 22, offset: 20 });
    expect(error(0x200, 500, tail)).toBeNull();
    expect(error(0x200, 3, tail)).toBeNull();
  });

  test('an empty NLMSG_DONE is a success, an error without errno is malformed', () => {
    const head = (type: number): Uint8Array => joined(u32le(16), u16le(type), new Uint8Array(10));
    expect(readNlError(head(3), 16, 16)?.errno).toBe(0);
    expect(readNlError(head(2), 16, 16)).toBeNull();
    expect(readNlError(new Uint8Array(8), 0, 8)).toBeNull();
  });
});
