import ipaddr from 'ipaddr.js';
import { RTA, RTAX, RTM } from '../../../core/wire/constants.js';
import { attribute, joined, u16le, u32le, u8 } from '../wire/build.js';

/** One path of a route in a test. */
export interface Path {
  readonly via?: string;
  readonly dev?: number;
  readonly weight?: number;
  /** RTNH_F_*. */
  readonly flags?: number;
  /** RTA_ENCAP_TYPE and the payload of RTA_ENCAP. */
  readonly encap?: readonly [number, Uint8Array];
}

/** A route as a test writes it; what is left out is what `ip route add` would leave out. */
export interface RouteSpec {
  /** Prefix with length: the family follows from it. */
  readonly dst: string;
  readonly src?: string;
  readonly table?: number;
  readonly protocol?: number;
  readonly scope?: number;
  readonly type?: number;
  readonly tos?: number;
  readonly priority?: number;
  /** rtm_flags above the low byte. */
  readonly flags?: number;
  readonly prefsrc?: string;
  readonly nhid?: number;
  readonly mtu?: number;
  /** rta_expires, 1/100 s. */
  readonly expiresTicks?: number;
  readonly paths?: readonly Path[];
  /** Writes even one path into RTA_MULTIPATH. */
  readonly multipath?: boolean;
}

export const isInet6 = (spec: RouteSpec): boolean => spec.dst.includes(':');

const address = (text: string): Uint8Array => Uint8Array.from(ipaddr.parse(text).toByteArray());

const splitPrefix = (prefix: string): [string, number] => {
  const [text = '', length = ''] = prefix.split('/');
  return [text, Number(length)];
};

function pathAttributes({ via, encap }: Path, inet6: boolean): Uint8Array[] {
  const attributes: Uint8Array[] = [];
  if (via !== undefined) {
    attributes.push(
      via.includes(':') === inet6
        ? attribute(RTA.GATEWAY, address(via))
        : attribute(RTA.VIA, u16le(10), address(via)),
    );
  }
  if (encap !== undefined) {
    attributes.push(
      attribute(RTA.ENCAP_TYPE, u16le(encap[0])),
      attribute(RTA.ENCAP | 0x8000, encap[1]),
    );
  }
  return attributes;
}

function hop(path: Path, inet6: boolean): Uint8Array {
  const attributes = joined(...pathAttributes(path, inet6));
  return joined(
    u16le(8 + attributes.length),
    u8(path.flags ?? 0),
    u8((path.weight ?? 1) - 1),
    u32le(path.dev ?? 0),
    attributes,
  );
}

function paths(spec: RouteSpec, inet6: boolean): Uint8Array[] {
  const list = spec.paths ?? [];
  if (list.length > 1 || spec.multipath === true) {
    return [attribute(RTA.MULTIPATH, ...list.map((path) => hop(path, inet6)))];
  }
  const [only] = list;
  if (only === undefined) return [];
  const oif = only.dev === undefined ? [] : [attribute(RTA.OIF, u32le(only.dev))];
  return [...pathAttributes(only, inet6), ...oif];
}

/** struct rtmsg and its attributes, in the order in which fib_dump_info and rt6_fill_node write them. */
export function routePayload(spec: RouteSpec): Uint8Array {
  const inet6 = isInet6(spec);
  const [dst, dstLength] = splitPrefix(spec.dst);
  const [src, srcLength] = spec.src === undefined ? ['', 0] : splitPrefix(spec.src);
  const table = spec.table ?? 254;
  const single = (spec.paths?.length ?? 0) === 1 && spec.multipath !== true;
  const rtmFlags = ((spec.flags ?? 0) | (single ? (spec.paths?.[0]?.flags ?? 0) : 0)) >>> 0;
  const parts = [
    Uint8Array.of(
      inet6 ? 10 : 2,
      dstLength,
      srcLength,
      spec.tos ?? 0,
      table < 256 ? table : 252,
      spec.protocol ?? 3,
      spec.scope ?? 0,
      spec.type ?? 1,
    ),
    u32le(rtmFlags),
  ];
  const { mtu, nhid, prefsrc } = spec;
  if (dstLength > 0) parts.push(attribute(RTA.DST, address(dst)));
  if (srcLength > 0) parts.push(attribute(RTA.SRC, address(src)));
  parts.push(attribute(RTA.TABLE, u32le(table)));
  const priority = spec.priority ?? (inet6 ? 1024 : 0);
  if (inet6 || priority !== 0) parts.push(attribute(RTA.PRIORITY, u32le(priority)));
  if (mtu !== undefined) parts.push(attribute(RTA.METRICS, attribute(RTAX.MTU, u32le(mtu))));
  if (prefsrc !== undefined) parts.push(attribute(RTA.PREFSRC, address(prefsrc)));
  if (nhid !== undefined) parts.push(attribute(RTA.NH_ID, u32le(nhid)));
  parts.push(...paths(spec, inet6));
  if (inet6) {
    const zeros = new Uint8Array(20);
    parts.push(
      attribute(RTA.CACHEINFO, new Uint8Array(8), u32le((spec.expiresTicks ?? 0) >>> 0), zeros),
      attribute(RTA.PREF, u8(0)),
    );
  }
  return joined(...parts);
}

/** What stands in nlmsghdr. */
export interface MessageHeader {
  readonly flags?: number;
  readonly seq?: number;
  readonly portid?: number;
}

/** A netlink message, padded. */
export function netlinkMessage(
  type: number,
  payload: Uint8Array,
  { flags = 0, seq = 0, portid = 0 }: MessageHeader = {},
): Uint8Array {
  const bytes = new Uint8Array((16 + payload.length + 3) & ~3);
  bytes.set(
    joined(u32le(16 + payload.length), u16le(type), u16le(flags), u32le(seq), u32le(portid)),
  );
  bytes.set(payload, 16);
  return bytes;
}

export const newRoute = (spec: RouteSpec, header?: MessageHeader): Uint8Array =>
  netlinkMessage(RTM.NEWROUTE, routePayload(spec), header);

export const deleteRoute = (spec: RouteSpec, header?: MessageHeader): Uint8Array =>
  netlinkMessage(RTM.DELROUTE, routePayload(spec), header);
