/** Builds the state of a lookup out of the messages of dumps. */

import type { Names } from '../names/names.js';
import { readAddressLabel, type AddressLabel } from '../wire/address-label.js';
import { AF, RTM } from '../wire/constants.js';
import { readDeviceSettings, type DeviceSettings } from '../wire/device-settings.js';
import { readAddress, type InterfaceAddress } from '../wire/ifaddr.js';
import { readLink, type Link } from '../wire/link.js';
import { readNeighbour } from '../wire/neighbour.js';
import { readNetconf, type Netconf } from '../wire/netconf.js';
import { readNexthop, type NexthopObject } from '../wire/nexthop.js';
import { readRouteBody, type RouteContext } from '../wire/route.js';
import { readRule, type Rule } from '../wire/rule.js';
import { RouteScan, scanRoute } from '../wire/scan.js';
import type { Nexthop } from '../event.js';
import { covers } from './prefix.js';
import { partsOfScan, scannedDst, scannedSrc } from './scanned.js';
import type { Device, Exception, FibRoute, Flow, LookupState, Neighbour } from './state.js';

/** NETCONFA_IFINDEX_ALL (include/uapi/linux/netconf.h). */
const ALL = -1;
const VRF = 'vrf';

const lladdr = (hex: string): string => (hex.match(/../g) ?? []).join(':');

/** What stands between the dumps and the state: takes messages in any order of kinds, then builds. */
export class MirrorBuilder {
  /** Messages that could not be read. */
  malformed = 0;
  readonly #flow: Flow;
  readonly #names: Names;
  readonly #scan = new RouteScan();
  readonly #links = new Map<number, { readonly link: Link; readonly settings: DeviceSettings }>();
  readonly #rules: Rule[] = [];
  readonly #addresses: InterfaceAddress[] = [];
  readonly #labels: AddressLabel[] = [];
  readonly #netconf = new Map<number, Netconf>();
  readonly #neighbours: Neighbour[] = [];
  readonly #nexthops = new Map<number, NexthopObject>();
  readonly #routes: FibRoute[] = [];
  readonly #exceptions: Exception[] = [];

  constructor(flow: Flow, names: Names) {
    this.#flow = flow;
    this.#names = names;
  }

  /** How interfaces are called, for readers of route messages. */
  get context(): RouteContext {
    return {
      deviceName: (ifindex) => this.#links.get(ifindex)?.link.name ?? null,
      names: this.#names,
    };
  }

  get rules(): readonly Rule[] {
    return this.#rules;
  }

  get addresses(): readonly InterfaceAddress[] {
    return this.#addresses;
  }

  /** Takes any message of a dump but of routes; links before routes, for their names. */
  take(bytes: Uint8Array, type: number, start: number, end: number): void {
    if (!this.#taken(bytes, type, start, end)) this.malformed++;
  }

  #taken(bytes: Uint8Array, type: number, start: number, end: number): boolean {
    const family = this.#flow.family === 'inet' ? AF.INET : AF.INET6;
    switch (type) {
      case RTM.NEWLINK: {
        const link = readLink(bytes, start, end);
        const settings = readDeviceSettings(bytes, start, end);
        if (link === null || settings === null) return false;
        this.#links.set(link.ifindex, { link, settings });
        return true;
      }
      case RTM.NEWADDR:
        return push(this.#addresses, readAddress(bytes, start, end));
      case RTM.NEWADDRLABEL:
        return push(this.#labels, readAddressLabel(bytes, start, end));
      case RTM.NEWRULE:
        return push(this.#rules, readRule(bytes, start, end, this.#names));
      case RTM.NEWNEXTHOP: {
        const object = readNexthop(bytes, start, end);
        if (object !== null) this.#nexthops.set(object.id, object);
        return object !== null;
      }
      case RTM.NEWNETCONF: {
        const netconf = readNetconf(bytes, start, end);
        if (netconf?.family === family) this.#netconf.set(netconf.ifindex, netconf);
        return netconf !== null;
      }
      case RTM.NEWNEIGH: {
        const found = readNeighbour(bytes, start, end);
        // Other tables (a bridge's) answer too.
        if (found === null) return bytes[start] !== family;
        const { ifindex, address, state, lladdrHex } = found;
        const hardware = lladdrHex === null ? null : lladdr(lladdrHex);
        this.#neighbours.push({ ifindex, address, state, lladdr: hardware });
        return true;
      }
      default:
        return true;
    }
  }

  /** Takes an RTM_NEWROUTE; kept when it covers the flow's destination or source. */
  takeRoute(bytes: Uint8Array, start: number, end: number): void {
    const scan = this.#scan;
    if (!scanRoute(bytes, start, end, scan)) {
      this.malformed++;
      return;
    }
    const dst = scannedDst(scan);
    const { dst: to, src: from } = this.#flow;
    const isAsked =
      covers(dst, scan.dstLength, to) || (from !== null && covers(dst, scan.dstLength, from));
    if (!isAsked) return;
    const body = readRouteBody(scan.body.subarray(0, scan.bodyBytes), this.context);
    const parts = partsOfScan(scan, body);
    const isBare = body.nexthops.length === 0 && body.nhid !== null;
    this.#routes.push({
      table: scan.table,
      dst,
      dstLength: scan.dstLength,
      src: scannedSrc(scan),
      srcLength: scan.srcLength,
      tos: scan.tos,
      priority: scan.priority,
      scope: scan.body[2] ?? 0,
      isExpired: scan.expiresTicks < 0,
      parts: isBare ? { ...parts, body: { ...body, nexthops: this.#hopsOf(body.nhid) } } : parts,
    });
  }

  /** Nexthops of an object, for routes that only name it (net.ipv4.nexthop_compat_mode=0). */
  #hopsOf(id: number): readonly Nexthop[] {
    const object = this.#nexthops.get(id);
    const members = object?.group ?? [{ id, weight: 1 }];
    return members.flatMap((member): Nexthop[] => {
      const found = this.#nexthops.get(member.id);
      if (found === undefined || found.blackhole) return [];
      const { gateway, oif, encap } = found;
      const ifindex = oif ?? 0;
      const dev = this.context.deviceName(ifindex);
      const { weight } = member;
      return [{ gateway, ifindex, dev, weight, flags: [], encap, realm: null }];
    });
  }

  /** Takes one entry of the dump of exceptions; kept when it is the flow's destination's. */
  takeException(bytes: Uint8Array, start: number, end: number): void {
    const scan = this.#scan;
    if (!scanRoute(bytes, start, end, scan)) {
      this.malformed++;
      return;
    }
    if (!covers(scannedDst(scan), this.#flow.dst.length * 8, this.#flow.dst)) return;
    const body = readRouteBody(scan.body.subarray(0, scan.bodyBytes), this.context);
    const [hop] = body.nexthops;
    const mtu = body.metrics['mtu'];
    this.#exceptions.push({
      table: scan.table,
      ifindex: hop?.ifindex ?? 0,
      gateway: hop?.gateway ?? null,
      mtu: typeof mtu === 'number' ? mtu : null,
      expiresS: scan.expiresTicks / 100,
    });
  }

  build({ isMerged, rulesMatchVrf }: Pick<LookupState, 'isMerged' | 'rulesMatchVrf'>): LookupState {
    const devices = new Map<number, Device>();
    for (const { link, settings } of this.#links.values()) {
      devices.set(link.ifindex, this.#device(link, settings));
    }
    const groups = new Map<number, readonly string[]>();
    for (const { id, group } of this.#nexthops.values()) {
      const members = (group ?? [{ id }]).map((member) => this.#nexthops.get(member.id));
      groups.set(
        id,
        members.map((member) => `${member?.oif ?? 0} ${member?.gateway ?? ''}`),
      );
    }
    return {
      family: this.#flow.family,
      rules: this.#rules,
      routes: this.#routes,
      devices,
      addresses: this.#addresses,
      labels: this.#labels,
      neighbours: this.#neighbours,
      exceptions: this.#exceptions,
      groups,
      isForwarding: this.#netconf.get(ALL)?.forwarding ?? false,
      isMerged,
      rulesMatchVrf,
    };
  }

  #device(link: Link, settings: DeviceSettings): Device {
    const netconf = this.#netconf.get(link.ifindex);
    const isVrf = link.kind === VRF;
    const master = this.#links.get(link.master)?.link;
    return {
      ...settings,
      ifindex: link.ifindex,
      name: link.name ?? '',
      flags: link.flags,
      vrf: master?.kind === VRF ? master.ifindex : 0,
      vrfTable: isVrf ? link.vrfTable : null,
      // The kernel tells netconf of the devices that have a struct in_device alone.
      hasInet: netconf !== undefined,
      isForwarding: netconf?.forwarding ?? false,
      bcForwarding:
        (netconf?.bcForwarding ?? false) && (this.#netconf.get(ALL)?.bcForwarding ?? false),
    };
  }
}

function push<T>(list: T[], value: T | null): boolean {
  if (value === null) return false;
  list.push(value);
  return true;
}
