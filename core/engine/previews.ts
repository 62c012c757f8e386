import type { CauseKind, Process, Trigger } from '../event.js';
import { hasDeadHop, nexthopIdOf } from '../fib/bodies.js';
import { AF, IFF, RTM } from '../wire/constants.js';
import { readAddress } from '../wire/ifaddr.js';
import { readLink } from '../wire/link.js';
import { readNetconf } from '../wire/netconf.js';
import { readNexthop } from '../wire/nexthop.js';
import type { KnownLink } from './links.js';
import { messageName } from './message-name.js';
import type { SyncScope } from './sync-scope.js';
import type { ZoneState } from './zone.js';

const RUNNING = IFF.RUNNING | IFF.LOWER_UP;
const AF_UNSPEC = 0;

/** A message that is no route message, with what its header says. */
export interface ObjectMessage {
  readonly type: number;
  readonly seq: number;
  readonly portid: number;
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
  /** First byte after nlmsghdr. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads link, address, nexthop and netconf messages for what they do to routes (kernel.md, silent changes):
 * logs the trigger and returns what has to be looked at again, null for nothing. `undefined`: malformed.
 */
export function preview(zone: ZoneState, message: ObjectMessage): SyncScope | null | undefined {
  switch (message.type) {
    case RTM.NEWLINK:
      return newLink(zone, message);
    case RTM.DELLINK:
      return deleteLink(zone, message);
    case RTM.NEWADDR:
    case RTM.DELADDR:
      return address(zone, message);
    case RTM.NEWNEXTHOP:
    case RTM.DELNEXTHOP:
      return nexthop(zone, message);
    case RTM.NEWNETCONF: {
      const netconf = readNetconf(message.bytes, message.start, message.end);
      if (netconf === null) return undefined;
      return netconf.ignoreRoutesWithLinkdown === null ? null : look(0);
    }
    default:
      return null;
  }
}

const look = (oif: number): SyncScope => ({
  reason: 'trigger',
  inet: true,
  inet6: true,
  oif,
  links: false,
});

function log(
  zone: ZoneState,
  message: ObjectMessage,
  kind: CauseKind,
  about: { ifindex?: number; nhid?: number; address?: string; addressText?: string },
): void {
  const trigger: Trigger = {
    seq: message.seq,
    what: messageName(message.type),
    dev: about.ifindex === undefined ? null : zone.links.name(about.ifindex),
    address: about.addressText ?? null,
    nhid: about.nhid ?? null,
  };
  zone.triggers.add({
    timeNs: message.timeNs,
    kind,
    ifindex: about.ifindex ?? 0,
    nhid: about.nhid ?? 0,
    address: about.address ?? null,
    trigger,
    portid: message.portid,
    process: authorOf(zone, message, kind, about),
  });
}

/** Who sent the message, or made the kernel send it in its own name. */
function authorOf(
  zone: ZoneState,
  message: ObjectMessage,
  kind: CauseKind,
  { ifindex, address }: { ifindex?: number; address?: string },
): Process | null {
  const { portid, timeNs } = message;
  zone.requests.bind(message, timeNs);
  if (portid !== 0 || ifindex === undefined) return zone.processes.cascade(portid, timeNs);
  const family = address === undefined ? AF_UNSPEC : address.includes(':') ? AF.INET6 : AF.INET;
  const process = zone.requests.behind(kind, ifindex, family, timeNs);
  return process === null ? null : { ...process, confidence: 'cascade' };
}

/** A dump of one interface misses routes that name only a nexthop object. */
function scopeOf(zone: ZoneState, ifindex: number): SyncScope {
  return look(zone.fib.bodies.some((body) => nexthopIdOf(body) !== 0) ? 0 : ifindex);
}

/** Takes in an RTM_NEWLINK: what was known before and what is now. Null: no news of a link; undefined: malformed. */
export function learnLink(
  zone: ZoneState,
  bytes: Uint8Array,
  start: number,
  end: number,
): { ifindex: number; before: KnownLink | null; now: KnownLink } | null | undefined {
  const link = readLink(bytes, start, end);
  if (link === null) return undefined;
  // AF_BRIDGE messages speak of a bridge port, not of the link.
  if (link.family !== AF_UNSPEC || link.name === null) return null;
  const { ifindex, name, flags, master, mtu } = link;
  const before = zone.links.get(ifindex);
  const now: KnownLink = { name, flags, master, mtu };
  if (zone.links.set(ifindex, now)) zone.forgetDecoded();
  return { ifindex, before, now };
}

function newLink(zone: ZoneState, message: ObjectMessage): SyncScope | null | undefined {
  const learnt = learnLink(zone, message.bytes, message.start, message.end);
  if (learnt == null) return learnt;
  const kind = linkChange(learnt.before, learnt.now);
  if (kind === null) return null;
  log(zone, message, kind, { ifindex: learnt.ifindex });
  return kind === 'vrf' ? look(0) : scopeOf(zone, learnt.ifindex);
}

function linkChange(before: KnownLink | null, now: KnownLink): CauseKind | null {
  if (before === null) return (now.flags & IFF.UP) === 0 ? null : 'link-up';
  const changed = before.flags ^ now.flags;
  if (before.master !== now.master) return 'vrf';
  if ((changed & IFF.UP) !== 0) return (now.flags & IFF.UP) === 0 ? 'link-down' : 'link-up';
  if ((changed & RUNNING) !== 0) return 'carrier';
  return before.mtu === now.mtu ? null : 'unknown';
}

function deleteLink(zone: ZoneState, message: ObjectMessage): SyncScope | null | undefined {
  const link = readLink(message.bytes, message.start, message.end);
  if (link === null) return undefined;
  if (link.family !== AF_UNSPEC) return null;
  log(zone, message, 'link-removed', { ifindex: link.ifindex });
  zone.links.delete(link.ifindex);
  return look(0);
}

function address(zone: ZoneState, message: ObjectMessage): SyncScope | null | undefined {
  const read = readAddress(message.bytes, message.start, message.end);
  if (read === null) return undefined;
  const gone = message.type === RTM.DELADDR;
  log(zone, message, gone ? 'address-removed' : 'address-added', {
    ifindex: read.ifindex,
    address: read.local,
    addressText: read.text,
  });
  if (gone) return scopeOf(zone, read.ifindex);
  // A first address wakes the dead legs of IPv4 multipath routes (fib_inetaddr_event, net/ipv4/fib_frontend.c).
  const wakes = zone.fib.bodies.some((body) => hasDeadHop(body, read.ifindex));
  return wakes ? { ...look(read.ifindex), inet6: false } : null;
}

function nexthop(zone: ZoneState, message: ObjectMessage): SyncScope | null | undefined {
  const read = readNexthop(message.bytes, message.start, message.end, zone.readContext);
  if (read === null) return undefined;
  const gone = message.type === RTM.DELNEXTHOP;
  const groups = zone.nexthops.groupsWith(read.id);
  if (gone) zone.nexthops.delete(read.id);
  else zone.nexthops.set(read.id, read.group?.map((member) => member.id) ?? []);
  const concerned = [read.id, ...groups];
  for (const nhid of concerned) {
    log(zone, message, gone ? 'nexthop-removed' : 'nexthop-changed', { nhid });
  }
  const used = zone.fib.bodies.some((body) => {
    const nhid = nexthopIdOf(body);
    return nhid !== 0 && concerned.includes(nhid);
  });
  return used ? look(0) : null;
}
