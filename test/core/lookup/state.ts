import type { Family, Nexthop } from '../../../core/event.js';
import type { Device, FibRoute, Flow, LookupState } from '../../../core/lookup/state.js';
import { parseAddress, parsePrefix } from '../../../core/wire/address.js';
import type { InterfaceAddress } from '../../../core/wire/ifaddr.js';
import type { Rule } from '../../../core/wire/rule.js';

export const bytes = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0);

/** A path as `via 10.0.0.1 dev 2 dead`. */
function hop(text: string): Nexthop {
  const words = text.split(' ').filter((word) => word !== '');
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const ifindex = Number(after('dev') ?? 0);
  const flags = words.filter((word) => word === 'dead' || word === 'linkdown');
  return {
    gateway: after('via') ?? null,
    ifindex,
    dev: ifindex === 0 ? null : `d${ifindex}`,
    weight: 1,
    flags,
    encap: null,
    realm: null,
  };
}

interface RouteShape {
  readonly table?: number;
  readonly from?: string;
  readonly tos?: number;
  readonly metric?: number;
  readonly scope?: number;
  readonly type?: string;
  readonly prefsrc?: string;
  readonly nhid?: number;
  readonly pref?: string;
  readonly isExpired?: boolean;
  readonly hops?: readonly string[];
}

export function route(dst: string, shape: RouteShape = {}): FibRoute {
  const prefix = parsePrefix(dst);
  if (prefix === null) throw new Error(`no prefix: ${dst}`);
  const family: Family = prefix.bytes.length === 4 ? 'inet' : 'inet6';
  const source = shape.from === undefined ? null : parsePrefix(shape.from);
  const { table = 254, tos = 0, metric = 0 } = shape;
  const src = shape.from ?? null;
  return {
    table,
    dst: prefix.bytes,
    dstLength: prefix.length,
    src: source?.bytes ?? new Uint8Array(prefix.bytes.length),
    srcLength: source?.length ?? 0,
    tos,
    priority: metric,
    scope: shape.scope ?? 0,
    isExpired: shape.isExpired ?? false,
    parts: {
      dst,
      table,
      tos,
      priority: metric,
      src,
      expires: null,
      body: {
        family,
        protocol: 'static',
        scope: 'global',
        type: shape.type ?? 'unicast',
        prefsrc: shape.prefsrc ?? null,
        metrics: {},
        nhid: shape.nhid ?? null,
        pref: shape.pref ?? (family === 'inet6' ? 'medium' : null),
        nexthops: (shape.hops ?? ['dev 2']).map(hop),
        flags: [],
        unknown: [],
      },
    },
  };
}

export const rule = (shape: Partial<Rule> = {}): Rule => ({
  family: 'inet',
  priority: 100,
  not: false,
  src: null,
  dst: null,
  tos: 0,
  fwmark: null,
  fwmask: null,
  iif: null,
  iifDetached: false,
  oif: null,
  oifDetached: false,
  uidrange: null,
  ipproto: null,
  sport: null,
  dport: null,
  dscp: null,
  dscpMask: null,
  flowlabel: null,
  flowlabelMask: null,
  tunId: null,
  l3mdev: false,
  action: 'lookup',
  table: 254,
  tableName: 'main',
  goto: null,
  unresolved: false,
  suppressPrefixLength: null,
  suppressIfgroup: null,
  realms: null,
  protocol: 'kernel',
  ...shape,
});

/** IFF_UP. */
const UP = 1;
const LOOPBACK = 8;

export const device = (ifindex: number, shape: Partial<Device> = {}): Device => ({
  ifindex,
  name: ifindex === 1 ? 'lo' : `d${ifindex}`,
  flags: ifindex === 1 ? UP | LOOPBACK : UP,
  vrf: 0,
  vrfTable: null,
  group: 0,
  hasInet: true,
  isForwarding: true,
  bcForwarding: false,
  routeLocalnet: false,
  useTempaddr: 0,
  useOifAddrsOnly: false,
  useOptimistic: false,
  ...shape,
});

/** An address as `10.0.0.5/24`. */
export function address(
  text: string,
  ifindex: number,
  shape: Partial<InterfaceAddress> = {},
): InterfaceAddress {
  const [local = '', length = ''] = text.split('/');
  return {
    family: local.includes(':') ? 'inet6' : 'inet',
    ifindex,
    prefixLength: Number(length),
    scope: 0,
    flags: 0,
    local,
    address: local,
    label: null,
    protocol: 0,
    metric: null,
    text,
    ...shape,
  };
}

/** lo and d2 to d4, and the rules local, main and default. */
export function state(family: Family, shape: Partial<LookupState> = {}): LookupState {
  const devices = [1, 2, 3, 4].map((ifindex) => device(ifindex));
  return {
    family,
    rules: [
      rule({ family, priority: 0, table: 255, tableName: 'local' }),
      rule({ family, priority: 32766 }),
    ],
    routes: [],
    devices: new Map(devices.map((found) => [found.ifindex, found])),
    addresses: [],
    labels: [],
    neighbours: [],
    exceptions: [],
    groups: new Map(),
    isForwarding: true,
    isMerged: false,
    rulesMatchVrf: true,
    ...shape,
  };
}

export const withDevices = (...devices: readonly Device[]): ReadonlyMap<number, Device> =>
  new Map([device(1), device(2), device(3), device(4), ...devices].map((d) => [d.ifindex, d]));

export function flow(dst: string, shape: Partial<Omit<Flow, 'src'>> & { src?: string } = {}): Flow {
  const { src, ...rest } = shape;
  return {
    family: dst.includes(':') ? 'inet6' : 'inet',
    dst: bytes(dst),
    src: src === undefined ? null : bytes(src),
    iif: 0,
    oif: 0,
    mark: 0,
    uid: 0,
    ipproto: 0,
    sport: 0,
    dport: 0,
    tos: 0,
    ...rest,
  };
}
