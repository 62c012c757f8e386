import type { Probe, Process, Redirect, Timeout, Zone } from './event.js';
import type { RouteBody, RouteParts } from './route-body.js';

/** rtm_version of Solaris and illumos: usr/src/uts/common/net/route.h. */
export const RTM_VERSION = 3;

/** RTM_* of illumos net/route.h, per probe. */
export const RTM: Readonly<Record<Probe, number>> = {
  add: 1,
  delete: 2,
  change: 3,
  losing: 5,
  redirect: 6,
  miss: 7,
};

/** Route flags of illumos net/route.h that Linux routes can have. */
export const RTF = {
  UP: 0x1,
  GATEWAY: 0x2,
  HOST: 0x4,
  REJECT: 0x8,
  DYNAMIC: 0x10,
  DONE: 0x40,
  STATIC: 0x800,
  BLACKHOLE: 0x1000,
  MULTIRT: 0x10000,
  SETSRC: 0x20000,
  KERNEL: 0x80000,
} as const;

/** Which metrics are valid: rtm_inits of illumos net/route.h. */
export const RTV = {
  MTU: 0x1,
  HOPCOUNT: 0x2,
  EXPIRE: 0x4,
  RPIPE: 0x8,
  SPIPE: 0x10,
  SSTHRESH: 0x20,
  RTT: 0x40,
  RTTVAR: 0x80,
} as const;

/** Which addresses are valid: rtm_addrs of illumos net/route.h (not Linux's RTA_*). */
export const RTA = {
  DST: 0x1,
  GATEWAY: 0x2,
  NETMASK: 0x4,
  AUTHOR: 0x40,
  SRC: 0x100,
} as const;

/** What routeinfo_t and csinfo_t are computed from. */
export interface RouteInfoOrigin {
  readonly probe: Probe;
  readonly zone: Zone;
  /** True in the host's initial namespace. */
  readonly initialZone: boolean;
  readonly process: Process | null;
  readonly parts: RouteParts;
  /** nlmsg_seq of the request, 0 without. */
  readonly nlmsgSeq: number;
  /** `struct sock *` or `struct net *` as hexadecimal, 0x0 without. */
  readonly kernelAddress: string;
  readonly timeout: Timeout | null;
  readonly redirect: Redirect | null;
}

/** What of routeinfo_t follows from the body alone: the same for every route that shares it. */
export interface BodyInfo {
  readonly interfaceIndex: number;
  readonly flags: number;
  /** RTV_* without EXPIRE, which belongs to the single route. */
  readonly metricBits: number;
  readonly mtu: number;
  readonly hopcount: number;
  readonly recvpipe: number;
  readonly ssthresh: number;
  readonly rtt: number;
  readonly rttVariance: number;
  readonly gateway: string;
  /** prefsrc, "" without. */
  readonly source: string;
}

const TYPE_FLAGS: Readonly<Record<string, number>> = {
  unreachable: RTF.REJECT,
  prohibit: RTF.REJECT,
  blackhole: RTF.BLACKHOLE,
};

const PROTOCOL_FLAGS: Readonly<Record<string, number>> = {
  static: RTF.STATIC,
  boot: RTF.STATIC,
  redirect: RTF.DYNAMIC,
  kernel: RTF.KERNEL,
};

/** MSS where a route says nothing: RFC 9293 3.7.1 (IPv4), RFC 8200 5 less 60 (IPv6). */
const DEFAULT_MSS = { inet: 536, inet6: 1220 } as const;
/** IP and TCP headers without options. */
const HEADERS = { inet: 40, inet6: 60 } as const;

let lastBody: RouteBody | null = null;
let lastInfo: BodyInfo | null = null;

/** Runs of events share their body: what follows from it is worked out once. */
export function bodyInfo(body: RouteBody): BodyInfo {
  if (body !== lastBody || lastInfo === null) {
    lastInfo = infoOf(body);
    lastBody = body;
  }
  return lastInfo;
}

function infoOf(body: RouteBody): BodyInfo {
  const metric = (name: string): number => {
    const value = body.metrics[name];
    return typeof value === 'number' ? value : 0;
  };
  const gateway = body.nexthops.find((nexthop) => nexthop.gateway !== null)?.gateway ?? '';
  const mtu = metric('mtu');
  const hopcount = metric('hoplimit');
  const recvpipe = metric('window');
  const segments = metric('ssthresh');
  const mss = metric('advmss') || (mtu > HEADERS[body.family] ? mtu - HEADERS[body.family] : 0);
  const rtt = metric('rtt');
  const rttVariance = metric('rttvar');
  const allDead =
    body.nexthops.length > 0
      ? body.nexthops.every((nexthop) => nexthop.flags.includes('dead'))
      : body.flags.includes('dead');
  return {
    interfaceIndex: body.nexthops[0]?.ifindex ?? 0,
    flags:
      (allDead ? 0 : RTF.UP) |
      (gateway === '' ? 0 : RTF.GATEWAY) |
      (body.nexthops.length > 1 ? RTF.MULTIRT : 0) |
      (body.prefsrc === null ? 0 : RTF.SETSRC) |
      (TYPE_FLAGS[body.type] ?? 0) |
      (PROTOCOL_FLAGS[body.protocol] ?? 0),
    metricBits:
      (mtu ? RTV.MTU : 0) |
      (hopcount ? RTV.HOPCOUNT : 0) |
      (recvpipe ? RTV.RPIPE : 0) |
      (segments ? RTV.SSTHRESH : 0) |
      (rtt ? RTV.RTT : 0) |
      (rttVariance ? RTV.RTTVAR : 0),
    mtu,
    hopcount,
    recvpipe,
    ssthresh: segments * (mss || DEFAULT_MSS[body.family]),
    // The kernel keeps rtt in eighths and rttvar in quarters of a millisecond; routeinfo_t has microseconds.
    rtt: rtt * 125,
    rttVariance: rttVariance * 250,
    gateway,
    source: body.prefsrc ?? '',
  };
}

/** What a losing path's connection knows of it stands before what the route was given. */
function measuredInfo(info: BodyInfo, timeout: Timeout, body: RouteBody): BodyInfo {
  const mtu = timeout.mtu || info.mtu;
  const { advmss } = body.metrics;
  const headers = HEADERS[body.family];
  const mss =
    (typeof advmss === 'number' ? advmss : 0) ||
    (mtu > headers ? mtu - headers : DEFAULT_MSS[body.family]);
  const ssthresh = timeout.ssthresh === null ? info.ssthresh : timeout.ssthresh * mss;
  const rtt = timeout.srttUs || info.rtt;
  const rttVariance = timeout.rttvarUs || info.rttVariance;
  return {
    ...info,
    mtu,
    ssthresh,
    rtt,
    rttVariance,
    metricBits:
      info.metricBits |
      (mtu ? RTV.MTU : 0) |
      (ssthresh ? RTV.SSTHRESH : 0) |
      (rtt ? RTV.RTT : 0) |
      (rttVariance ? RTV.RTTVAR : 0),
  };
}

/** A redirect names its gateway itself; one which names the destination says that it is on the link. */
function redirectedInfo(info: BodyInfo, redirect: Redirect, dst: string): BodyInfo {
  const isOnLink = redirect.new === prefixAddress(dst);
  return {
    ...info,
    gateway: redirect.new,
    flags: isOnLink ? info.flags & ~RTF.GATEWAY : info.flags | RTF.GATEWAY,
  };
}

/** What routeinfo_t takes from the body and from the event's own section. */
export function eventInfo(
  info: BodyInfo,
  parts: RouteParts,
  timeout: Timeout | null,
  redirect: Redirect | null,
): BodyInfo {
  if (timeout !== null) return measuredInfo(info, timeout, parts.body);
  return redirect === null ? info : redirectedInfo(info, redirect, parts.dst);
}

function netmaskText(family: 'inet' | 'inet6', length: number): string {
  const groups: number[] = [];
  const width = family === 'inet' ? 8 : 16;
  for (let left = length; groups.length < (family === 'inet' ? 4 : 8); left -= width) {
    const ones = Math.max(0, Math.min(width, left));
    groups.push((1 << width) - (1 << (width - ones)));
  }
  if (family === 'inet') return groups.join('.');
  const text = groups.map((group) => group.toString(16));
  const ones = text.findIndex((group) => group === '0');
  // RFC 5952 4.2.2: "::" stands for two groups or more.
  return ones >= 0 && ones < 7 ? `${text.slice(0, ones).join(':')}::` : text.join(':');
}

const NETMASKS = {
  inet: Array.from({ length: 33 }, (_, length) => netmaskText('inet', length)),
  inet6: Array.from({ length: 129 }, (_, length) => netmaskText('inet6', length)),
} as const;

/** The netmask of a prefix length as an address: `255.255.0.0`, `ffff:ffff::`. */
export const netmask = (family: 'inet' | 'inet6', length: number): string =>
  NETMASKS[family][length] ?? '';

/** Prefix length of `10.1.0.0/16`; without "/" the whole address. */
export function prefixLength(prefix: string, family: 'inet' | 'inet6'): number {
  const slash = prefix.lastIndexOf('/');
  return slash < 0 ? (family === 'inet' ? 32 : 128) : Number(prefix.slice(slash + 1));
}

/** Address of `10.1.0.0/16`. */
export function prefixAddress(prefix: string): string {
  const slash = prefix.lastIndexOf('/');
  return slash < 0 ? prefix : prefix.slice(0, slash);
}

/** True for what a process can ask for; the other three probes come from inside the kernel. */
const isRequestProbe = (probe: Probe): boolean =>
  probe === 'add' || probe === 'delete' || probe === 'change';

/**
 * RTF_* of one event. illumos' ip_rts_change() marks what the kernel itself reports with RTF_DONE; a miss has
 * no route whose flags it could show, a redirect makes a route of its own.
 */
export function routeFlags(probe: Probe, info: BodyInfo, hostRoute: boolean): number {
  if (probe === 'miss') return RTF.DONE;
  const flags = info.flags | (hostRoute ? RTF.HOST : 0);
  if (probe === 'redirect') {
    return (flags & (RTF.GATEWAY | RTF.HOST)) | RTF.DYNAMIC | RTF.DONE;
  }
  return probe === 'losing' ? flags | RTF.DONE : flags;
}

/** rtm_pid: the requester, 0 for what the kernel made itself (a cascade too). Never a netlink port id. */
export const routePid = (probe: Probe, process: Process | null): number =>
  process === null || process.confidence === 'cascade' || !isRequestProbe(probe) ? 0 : process.pid;

/** cs_pid: the process behind an add, delete or change, 0 for the other probes. */
export const csPid = (probe: Probe, process: Process | null): number =>
  process === null || !isRequestProbe(probe) ? 0 : process.pid;

/** rmx_expire: whole seconds left. */
export const expireMetric = (expires: number | null): number =>
  expires === null ? 0 : Math.max(0, Math.trunc(expires));

/** RTA_* of one event: a miss knows the destination only, and only requests choose a source. */
export function addressBits(probe: Probe, gateway: string, source: string, author: string): number {
  if (probe === 'miss') return RTA.DST;
  return (
    RTA.DST |
    RTA.NETMASK |
    (gateway === '' ? 0 : RTA.GATEWAY) |
    (author === '' ? 0 : RTA.AUTHOR) |
    (source === '' ? 0 : RTA.SRC)
  );
}

/** prefsrc, or the address of an IPv6 source prefix; "" for what the kernel reports by itself. */
export function sourceAddress(probe: Probe, info: BodyInfo, parts: RouteParts): string {
  if (!isRequestProbe(probe)) return '';
  return info.source === '' && parts.src !== null ? prefixAddress(parts.src) : info.source;
}

/** Seconds until the route, or what the redirect made, is forgotten; null for never or not known. */
export const expiresOf = (parts: RouteParts, redirect: Redirect | null): number | null =>
  redirect === null ? parts.expires : (redirect.expires ?? parts.expires);
