import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { namesFrom } from '../../../core/names/names.js';
import { parseAddress } from '../../../core/wire/address.js';
import { AF, IFF, NLMSG, RTM, type RTN } from '../../../core/wire/constants.js';
import { readAddress } from '../../../core/wire/ifaddr.js';
import { readLink } from '../../../core/wire/link.js';
import { readNetconf } from '../../../core/wire/netconf.js';
import { readNexthop } from '../../../core/wire/nexthop.js';
import { readNlError } from '../../../core/wire/nlerror.js';
import {
  dumpAddresses,
  dumpLinks,
  dumpNetconf,
  dumpNexthops,
  dumpRoutes,
  dumpRules,
  getRoute,
} from '../../../core/wire/requests.js';
import { readRule } from '../../../core/wire/rule.js';
import { readRouteBody } from '../../../core/wire/route.js';
import { bodyOf, TestNamespace, type Message } from './namespace.js';

type Json = Record<string, unknown>;
const names = namesFrom({});
const context = { deviceName: () => null, names };
const ENOENT = 2;
const EINVAL = 22;

const SETUP = [
  'link set lo up',
  'link add v0 type veth peer name v1',
  'link add br0 type bridge',
  'link set v1 master br0',
  'link set v0 addrgenmode none',
  'link set v1 addrgenmode none',
  'link set v0 mtu 1400 up',
  'link set v1 up',
  'addr add 192.168.5.1/24 brd + dev v0 label v0:web',
  'addr add 10.9.0.1 peer 10.9.0.2/32 dev v0 metric 77',
  'addr add 2001:db8:5::1/64 dev v0 nodad',
  'nexthop add id 1 via 192.168.5.2 dev v0 proto bgp onlink',
  'nexthop add id 2 blackhole',
  'nexthop add id 3 via 192.168.5.3 dev v0',
  'nexthop add id 4 via 2001:db8:5::2 dev v0',
  'nexthop add id 5 dev v0',
  'nexthop add id 10 group 1,5/3',
  'nexthop add id 11 group 1/3,10 type resilient buckets 32 idle_timer 60 unbalanced_timer 300',
  'nexthop add id 12 via 192.168.5.9 fdb',
  'nexthop add id 13 encap seg6 mode encap segs fd00::1 via 2001:db8:5::2 dev v0',
  'route add 10.0.0.0/8 via 192.168.5.2',
  '-6 route add fd00::/16 via 2001:db8:5::2 dev v0',
];

const RULES = [
  'rule add pref 100 from 10.0.0.0/8 to 10.1.0.0/16 tos 0x10 fwmark 0x10/0xff table 100000',
  'rule add pref 101 not from all iif v0 oif gone lookup main suppress_prefixlength 0',
  'rule add pref 102 uidrange 100-200 ipproto udp sport 53 dport 1000-2000 lookup main protocol bgp',
  'rule add pref 103 l3mdev',
  'rule add pref 104 from 10.7.0.0/16 goto 300',
  'rule add pref 105 from 10.8.0.1 blackhole',
  'rule add pref 106 unreachable fwmark 0x7',
  'rule add pref 107 prohibit',
  'rule add pref 108 nop',
  'rule add pref 109 from all tun_id 123456789 lookup 55 realms 3/4',
  '-6 rule add pref 100 from fd00::/8 to fd01::1 lookup 70 suppress_ifgroup 5',
];

describe('objects of a real kernel', () => {
  const namespace = new TestNamespace('objects');

  beforeAll(() => {
    for (const line of [...SETUP, ...RULES]) namespace.ip(line);
  });
  afterAll(() => {
    namespace.remove();
  });

  const dump = (request: Uint8Array, type: number): readonly Message[] => {
    const messages = namespace.exchange(request);
    const last = messages.at(-1);
    expect(last?.type).toBe(NLMSG.DONE);
    if (last !== undefined) expect(readNlError(last.bytes, last.start, last.end)?.errno).toBe(0);
    return messages.filter((message) => message.type === type);
  };

  test('links read as ip prints them', () => {
    const links = dump(dumpLinks(1), RTM.NEWLINK).map((m) => readLink(m.bytes, m.start, m.end));
    const printed = namespace.json('-details link show');
    const index = new Map(printed.map((json) => [json['ifname'], json['ifindex']]));
    expect(
      links.map((link) => ({
        family: link?.family,
        ifindex: link?.ifindex,
        name: link?.name,
        mtu: link?.mtu,
        up: ((link?.flags ?? 0) & IFF.UP) !== 0,
        running: ((link?.flags ?? 0) & IFF.LOWER_UP) !== 0,
        master: link?.master,
        linkIndex: link?.linkIndex,
        kind: link?.kind,
        addressHex: link?.addressHex,
      })),
    ).toEqual(
      printed.map((json) => ({
        family: AF.UNSPEC,
        ifindex: json['ifindex'],
        name: json['ifname'],
        mtu: json['mtu'],
        up: (json['flags'] as string[]).includes('UP'),
        running: (json['flags'] as string[]).includes('LOWER_UP'),
        master: index.get(json['master']) ?? 0,
        linkIndex: index.get(json['link']) ?? 0,
        kind: (json['linkinfo'] as Json | undefined)?.['info_kind'] ?? null,
        addressHex: String(json['address']).replaceAll(':', ''),
      })),
    );
    expect(links.find((link) => link?.name === 'v0')).toMatchObject({ mtu: 1400, carrier: true });
  });

  test('addresses read as ip prints them', () => {
    const read = [AF.INET, AF.INET6].flatMap((family) =>
      dump(dumpAddresses(family, 2), RTM.NEWADDR).map((m) => readAddress(m.bytes, m.start, m.end)),
    );
    const printed = namespace
      .json('address show')
      .flatMap((link) =>
        (link['addr_info'] as Json[]).map((json) => [
          json['family'],
          link['ifindex'],
          json['local'],
          json['address'] ?? json['local'],
          json['prefixlen'],
          json['scope'],
          json['label'] ?? null,
          json['metric'] ?? null,
          `${String(json['local'])}/${String(json['prefixlen'])}`,
        ]),
      );
    const seen = read.map((address) => [
      address?.family,
      address?.ifindex,
      address?.local,
      address?.address,
      address?.prefixLength,
      names.scope(address?.scope ?? -1),
      address?.label ?? null,
      address?.metric ?? null,
      address?.text,
    ]);
    const sorted = (rows: readonly unknown[]): string[] =>
      rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(seen)).toEqual(sorted(printed));
  });

  test('nexthop objects read as ip prints them', () => {
    const read = dump(dumpNexthops(3), RTM.NEWNEXTHOP).map((m) =>
      readNexthop(m.bytes, m.start, m.end, context),
    );
    const printed = namespace.json('nexthop show');
    expect(read.map((nexthop) => nexthop?.id)).toEqual(printed.map((json) => json['id']));
    read.forEach((nexthop, i) => {
      const json = printed[i] ?? {};
      const group = json['group'] as Json[] | undefined;
      expect({
        gateway: nexthop?.gateway,
        blackhole: nexthop?.blackhole,
        fdb: nexthop?.fdb,
        groupType: nexthop?.groupType,
        group: nexthop?.group,
        encap: nexthop?.encap?.type ?? null,
        protocol: nexthop?.protocol === 0 ? undefined : names.protocol(nexthop?.protocol ?? 0),
      }).toEqual({
        gateway: json['gateway'] ?? null,
        blackhole: 'blackhole' in json,
        fdb: 'fdb' in json,
        groupType: group === undefined ? null : (json['type'] ?? 'mpath'),
        group:
          group?.map((member) => ({ id: member['id'], weight: member['weight'] ?? 1 })) ?? null,
        encap: json['encap'] ?? null,
        protocol: json['protocol'],
      });
    });
    expect(read.find((nexthop) => nexthop?.id === 11)?.resilient).toMatchObject({
      buckets: 32,
      idleTimerTicks: 6000,
      unbalancedTimerTicks: 30_000,
    });
  });

  test('IPv4 rules carry every selector', () => {
    const rules = dump(dumpRules(AF.INET, 4), RTM.NEWRULE).map((m) =>
      readRule(m.bytes, m.start, m.end, names),
    );
    const at = (priority: number): unknown => rules.find((rule) => rule?.priority === priority);
    expect(rules).toHaveLength(namespace.json('rule show').length);
    expect(at(0)).toMatchObject({ action: 'lookup', table: 255, tableName: 'local', src: null });
    expect(at(0)).toMatchObject({ protocol: 'kernel', realms: null, suppressPrefixLength: null });
    expect(at(100)).toMatchObject({
      family: 'inet',
      src: '10.0.0.0/8',
      dst: '10.1.0.0/16',
      tos: 16,
      fwmark: 0x10,
      fwmask: 0xff,
      table: 100_000,
      tableName: '100000',
      not: false,
    });
    expect(at(101)).toMatchObject({
      not: true,
      iif: 'v0',
      iifDetached: false,
      oif: 'gone',
      oifDetached: true,
      suppressPrefixLength: 0,
    });
    expect(at(102)).toMatchObject({
      uidrange: { start: 100, end: 200 },
      ipproto: 17,
      sport: { start: 53, end: 53 },
      dport: { start: 1000, end: 2000 },
      protocol: 'bgp',
    });
    expect(at(103)).toMatchObject({ l3mdev: true, table: 0, tableName: null });
    expect(at(104)).toMatchObject({ action: 'goto', goto: 300, unresolved: true });
    expect(at(105)).toMatchObject({ action: 'blackhole', src: '10.8.0.1/32' });
    expect(at(106)).toMatchObject({ action: 'unreachable', fwmark: 7, fwmask: 0xffffffff });
    expect(at(107)).toMatchObject({ action: 'prohibit' });
    expect(at(108)).toMatchObject({ action: 'nop' });
    expect(at(109)).toMatchObject({ tunId: 123_456_789, table: 55, realms: '3/4' });
  });

  test('IPv6 rules carry their prefixes and suppression', () => {
    const rules = dump(dumpRules(AF.INET6, 5), RTM.NEWRULE).map((m) =>
      readRule(m.bytes, m.start, m.end, names),
    );
    expect(rules.find((rule) => rule?.priority === 100)).toMatchObject({
      family: 'inet6',
      src: 'fd00::/8',
      dst: 'fd01::1/128',
      table: 70,
      suppressIfgroup: 5,
    });
  });

  test('netconf tells the settings of all, default and each interface', () => {
    for (const family of [AF.INET, AF.INET6] as const) {
      const read = dump(dumpNetconf(family, 6), RTM.NEWNETCONF).map((m) =>
        readNetconf(m.bytes, m.start, m.end),
      );
      const indexes = read.map((netconf) => netconf?.ifindex);
      expect(indexes).toEqual(expect.arrayContaining([-1, -2, 1]));
      for (const netconf of read) {
        expect(netconf).toMatchObject({ family, ignoreRoutesWithLinkdown: false });
        expect(typeof netconf?.forwarding).toBe('boolean');
      }
    }
  });

  test.each([
    ['10.1.2.3', AF.INET, '192.168.5.2'],
    ['fd00::5', AF.INET6, '2001:db8:5::2'],
  ] as const)('a lookup of %s finds its route', (address, family, gateway) => {
    const dst = parseAddress(address) ?? new Uint8Array(0);
    const [whole] = namespace.exchange(getRoute({ family, dst, fibMatch: true }, 7));
    const [cached] = namespace.exchange(getRoute({ family, dst, mark: 5, tos: 0 }, 8));
    const unicast: typeof RTN.UNICAST = 1;
    for (const message of [whole, cached]) {
      expect(message?.type).toBe(RTM.NEWROUTE);
      if (message === undefined) return;
      expect(message.bytes[message.start + 7]).toBe(unicast);
      expect(readRouteBody(bodyOf(message), context).nexthops[0]?.gateway).toBe(gateway);
    }
    if (whole !== undefined && cached !== undefined) {
      expect(whole.bytes[whole.start + 1]).toBe(family === AF.INET ? 8 : 16);
      const flags = readRouteBody(bodyOf(cached), context).flags;
      expect(flags.includes('cloned')).toBe(family === AF.INET);
    }
  });

  test('a refused request comes back with errno, the words of the kernel and the place', () => {
    const request = dumpRoutes({ family: 2 }, 9);
    request[16 + 1] = 24;
    const [answer] = namespace.exchange(request).slice(-1);
    const error = answer === undefined ? null : readNlError(answer.bytes, answer.start, answer.end);
    expect(error).toMatchObject({
      errno: EINVAL,
      message: 'Invalid values in header for FIB dump request',
    });

    const missing = namespace.exchange(dumpRoutes({ family: 2, table: 4242 }, 9)).at(-1);
    expect(
      missing === undefined ? null : readNlError(missing.bytes, missing.start, missing.end),
    ).toMatchObject({ errno: ENOENT, message: 'ipv4: FIB table does not exist' });
  });
});
