import { errnoName } from '../bpf/errno.js';
import type { BpfEvent } from '../bpf/read-event.js';
import type { Process } from '../event.js';
import type { Names } from '../names/names.js';
import { align4, Attributes, i32, NLA_HEADER_BYTES, u16 } from '../wire/bytes.js';
import { AF, IFLA, NLM_F, RTA, RTM } from '../wire/constants.js';
import { readAddress } from '../wire/ifaddr.js';
import { readNexthop } from '../wire/nexthop.js';
import { readRouteBody, type RouteContext } from '../wire/route.js';
import { readRule } from '../wire/rule.js';
import { RouteScan, scanRoute } from '../wire/scan.js';
import { messageName } from './message-name.js';
import { saidOf } from './rule-words.js';

type Fields = Readonly<Record<string, unknown>>;

/** Where the readers look numbers up. */
interface Reading {
  readonly context: RouteContext;
  readonly names: Names;
}

type Reader = (bytes: Uint8Array, end: number, reading: Reading) => Fields;

const NLMSGHDR_BYTES = 16;
const RTMSG_BYTES = 12;
const IFINFOMSG_BYTES = 16;
/** What a request asked for, by its type: bytes of its header, and its reader. */
const READERS: Readonly<Record<number, readonly [headerBytes: number, reader: Reader]>> = {
  [RTM.NEWLINK]: [IFINFOMSG_BYTES, linkFields],
  [RTM.DELLINK]: [IFINFOMSG_BYTES, linkFields],
  [RTM.SETLINK]: [IFINFOMSG_BYTES, linkFields],
  [RTM.NEWADDR]: [8, addressFields],
  [RTM.DELADDR]: [8, addressFields],
  [RTM.NEWROUTE]: [RTMSG_BYTES, routeFields],
  [RTM.DELROUTE]: [RTMSG_BYTES, routeFields],
  [RTM.NEWRULE]: [12, ruleFields],
  [RTM.DELRULE]: [12, ruleFields],
  [RTM.NEWNEXTHOP]: [8, nexthopFields],
  [RTM.DELNEXTHOP]: [8, nexthopFields],
};

/**
 * iproute2 asks for an RTM_NEWLINK of nothing before the real one: the refusal tells it that the kernel knows
 * RTM_NEWLINK (ip/iplink.c, iplink_have_newlink). A question, no change.
 */
export function isProbe(event: BpfEvent): boolean {
  const { message } = event;
  return (
    event.u16('nlmsg_type') === RTM.NEWLINK &&
    (event.u16('nlmsg_flags') & NLM_F.CREATE) === 0 &&
    message.length === NLMSGHDR_BYTES + IFINFOMSG_BYTES &&
    i32(message, 0) === message.length &&
    i32(message, NLMSGHDR_BYTES + 4) === 0
  );
}

/** Fields of the `refused` status: what was asked, what the kernel answered, and who asked. */
export function refusedFields(event: BpfEvent, process: Process | null, reading: Reading): Fields {
  const type = event.u16('nlmsg_type');
  const message = event.message;
  const reader = READERS[type];
  const asked =
    reader === undefined ? {} : reader[1](message, wholeEnd(message, reader[0]), reading);
  return {
    request: messageName(type),
    errno: errnoName(event.i32('error')),
    extack: event.extack,
    process,
    ...asked,
  };
}

/** Where the last whole attribute ends: the copy of a long message is cut off anywhere. 0: not even its header is there. */
function wholeEnd(message: Uint8Array, headerBytes: number): number {
  let at = NLMSGHDR_BYTES + headerBytes;
  if (at > message.length) return 0;
  while (at + NLA_HEADER_BYTES <= message.length) {
    const length = u16(message, at);
    if (length < NLA_HEADER_BYTES || at + length > message.length) return at;
    at = Math.min(at + align4(length), message.length);
  }
  return at;
}

const deviceFields = (ifindex: number, { context }: Reading): Fields =>
  ifindex === 0 ? {} : { dev: context.deviceName(ifindex) ?? String(ifindex) };

function routeFields(bytes: Uint8Array, end: number, reading: Reading): Fields {
  const scan = new RouteScan();
  if (!scanRoute(bytes, NLMSGHDR_BYTES, end, scan)) return {};
  const body = readRouteBody(scan.body.slice(0, scan.bodyBytes), reading.context);
  const [hop] = body.nexthops;
  const nhid = body.nhid === null ? {} : { nhid: body.nhid };
  return {
    dst: dstOf(bytes, end, scan),
    ...(hop?.gateway == null ? {} : { gateway: hop.gateway }),
    ...deviceFields(hop?.ifindex ?? 0, reading),
    ...nhid,
    table: scan.table,
    protocol: body.protocol,
    ...(body.type === 'unicast' || body.type === 'unspec' ? {} : { routeType: body.type }),
  };
}

function dstOf(bytes: Uint8Array, end: number, { family, dstLength }: RouteScan): string {
  const a = Attributes.read(bytes, NLMSGHDR_BYTES + RTMSG_BYTES, end, RTA.DST);
  const address = a?.address(RTA.DST, family) ?? (family === AF.INET ? '0.0.0.0' : '::');
  return `${address}/${dstLength}`;
}

function addressFields(bytes: Uint8Array, end: number, reading: Reading): Fields {
  const address = readAddress(bytes, NLMSGHDR_BYTES, end);
  if (address === null) return {};
  return { address: address.text, ...deviceFields(address.ifindex, reading) };
}

function linkFields(bytes: Uint8Array, end: number, reading: Reading): Fields {
  if (end === 0) return {};
  const ifindex = i32(bytes, NLMSGHDR_BYTES + 4);
  if (ifindex > 0) return deviceFields(ifindex, reading);
  const a = Attributes.read(bytes, NLMSGHDR_BYTES + IFINFOMSG_BYTES, end, IFLA.IFNAME);
  const name = a?.text(IFLA.IFNAME) ?? null;
  return name === null ? {} : { dev: name };
}

function ruleFields(bytes: Uint8Array, end: number, { names }: Reading): Fields {
  const rule = readRule(bytes, NLMSGHDR_BYTES, end, names);
  return rule === null ? {} : { rule: saidOf(rule) };
}

function nexthopFields(bytes: Uint8Array, end: number, reading: Reading): Fields {
  const nexthop = readNexthop(bytes, NLMSGHDR_BYTES, end, reading.context);
  if (nexthop === null) return {};
  const { id, gateway, oif } = nexthop;
  return {
    nhid: id,
    ...(gateway === null ? {} : { gateway }),
    ...deviceFields(oif ?? 0, reading),
  };
}
