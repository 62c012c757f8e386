/**
 * The records of the stream (docs/events.md). Every part of routetap speaks these.
 */

/** The six probes of the DTrace route provider. */
export type Probe = 'add' | 'delete' | 'change' | 'losing' | 'miss' | 'redirect';

/** All probes, in the order the DTrace page lists them. */
export const PROBES: readonly Probe[] = ['add', 'delete', 'change', 'losing', 'miss', 'redirect'];

/** Address family of a route. AF_INET is 2, AF_INET6 is 10. */
export type Family = 'inet' | 'inet6';

/** A lightweight tunnel (RTA_ENCAP): `type` as `ip route` names it, and what that type carries. */
export interface Encap {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** One nexthop of a route (struct rtnexthop, or the single path of the route itself). */
export interface Nexthop {
  /** RTA_GATEWAY or the address of RTA_VIA; null for a route onto the link. */
  readonly gateway: string | null;
  /** RTA_OIF or rtnh_ifindex; 0 where the kernel gives none. */
  readonly ifindex: number;
  /** The interface's name when the event happened, null when unknown. */
  readonly dev: string | null;
  /** rtnh_hops + 1. */
  readonly weight: number;
  /** RTNH_F_* in lower case, as `ip route` prints them: dead, linkdown, onlink, pervasive, offload, trap, unresolved. */
  readonly flags: readonly string[];
  readonly encap: Encap | null;
  /** RTA_FLOW, as `ip` prints it ("from/to" or "to"); null without. */
  readonly realm: string | null;
}

/** An attribute routetap has no reader for, kept as it came. */
export interface RawAttribute {
  /** RTA_* number. */
  readonly type: number;
  /** Payload in hexadecimal. */
  readonly hex: string;
}

/** A route as the kernel told it (struct rtmsg and its attributes). */
export interface Route {
  readonly family: Family;
  /** Prefix, always with its length: `10.1.0.0/16`, `0.0.0.0/0`, `2001:db8::1/128`. */
  readonly dst: string;
  /** RTA_TABLE. */
  readonly table: number;
  /** rtm_protocol by iproute2's name, else its number as text. */
  readonly protocol: string;
  /** rtm_scope by iproute2's name. */
  readonly scope: string;
  /** rtm_type: unicast, local, broadcast, multicast, blackhole, unreachable, prohibit, throw, nat, xresolve, anycast. */
  readonly type: string;
  /** rtm_tos. */
  readonly tos: number;
  /** RTA_PRIORITY; 0 where the kernel leaves it out. */
  readonly priority: number;
  readonly prefsrc: string | null;
  /** RTA_SRC as a prefix (IPv6 subtrees). */
  readonly src: string | null;
  /** RTAX_* by iproute2's names (mtu, advmss, rtt, cc_algo…), values as the kernel's numbers; `lock` lists the locked ones. */
  readonly metrics: Readonly<Record<string, number | string | readonly string[]>>;
  /** RTA_NH_ID. */
  readonly nhid: number | null;
  /** Seconds until the route expires (rta_expires / 100), null for never. */
  readonly expires: number | null;
  /** RTA_PREF: low, medium, high. */
  readonly pref: string | null;
  readonly nexthops: readonly Nexthop[];
  /** RTM_F_* and RTNH_F_* of the route itself, in lower case. */
  readonly flags: readonly string[];
  /** Attributes without a reader. */
  readonly unknown: readonly RawAttribute[];
}

/** A network namespace. */
export interface Zone {
  /** Inode of its nsfs file. */
  readonly id: number;
  /** Name under /run/netns, else of the container or unit that owns it, else null. */
  readonly name: string | null;
}

/** How sure routetap is of the process. */
export type Confidence = 'exact' | 'portid' | 'cascade';

/** The process that asked. */
export interface Process {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly uid: number;
  readonly exe: string | null;
  readonly cgroup: string | null;
  /** systemd unit found in the cgroup path. */
  readonly unit: string | null;
  /** Container id found in the cgroup path. */
  readonly container: string | null;
  readonly confidence: Confidence;
}

/** Why a route event happened. */
export type CauseKind =
  | 'request'
  | 'link-down'
  | 'link-up'
  | 'link-removed'
  | 'carrier'
  | 'address-added'
  | 'address-removed'
  | 'nexthop-changed'
  | 'nexthop-removed'
  | 'router-advertisement'
  | 'expired'
  | 'zone-removed'
  | 'vrf'
  | 'icmp-redirect'
  | 'lookup'
  | 'tcp-timeout'
  | 'neighbour-failed'
  | 'resync'
  | 'unknown';

/** The message that set a cascade off. */
export interface Trigger {
  /** nlmsg_seq of the message. */
  readonly seq: number;
  /** RTM_DELADDR, RTM_NEWLINK, … */
  readonly what: string;
  readonly dev: string | null;
  /** Address with prefix length, for address messages. */
  readonly address: string | null;
  /** Nexthop object, for nexthop messages. */
  readonly nhid: number | null;
}

export interface Cause {
  readonly kind: CauseKind;
  readonly trigger: Trigger | null;
}

/** DTrace's csinfo_t (seeds of the route provider). */
export interface CsInfo {
  readonly cs_addr: string;
  readonly cs_cid: string;
  readonly cs_pid: number;
  readonly cs_zoneid: number;
}

/** DTrace's routeinfo_t. Units are DTrace's, converted from Linux's. */
export interface RouteInfo {
  readonly route_version: number;
  readonly route_type: number;
  readonly route_interface_index: number;
  readonly route_flags: number;
  readonly route_seq: number;
  readonly route_pid: number;
  readonly route_metrics: number;
  readonly route_mtu_metric: number;
  readonly route_hopcount_metric: number;
  readonly route_expire_metric: number;
  readonly route_recvpipe_metric: number;
  readonly route_sendpipe_metric: number;
  readonly route_ssthresh_metric: number;
  readonly route_rtt_metric: number;
  readonly route_rtt_variance_metric: number;
  readonly route_packets_sent: number;
  readonly route_addresses: number;
  readonly route_destination_address: string;
  readonly route_gateway_address: string;
  readonly route_netmask_address: string;
  readonly route_source_address: string;
  readonly route_redirect_author_address: string;
}

/** A lookup that found no route (probe `miss`). */
export interface Lookup {
  /** Source address of the flow; null where the lookup was to choose it. */
  readonly src: string | null;
  readonly dst: string;
  /** 0 without. */
  readonly sport: number;
  readonly dport: number;
  /** `tcp`, `udp`, `icmp`, `ipv6-icmp`, else the number as text; null where the lookup names none. */
  readonly protocol: string | null;
  /** Interface the packet came in by; 0 for output. */
  readonly iif: number;
  /** Interface the flow is bound to; 0 without. */
  readonly oif: number;
  readonly mark: number;
  /** Of the flow's socket; null for forwarded packets. */
  readonly uid: number | null;
  /** What the kernel answered: ENETUNREACH. */
  readonly errno: string;
  readonly direction: 'output' | 'forward' | 'input';
  /** Preference of the policy rule the lookup ended at, null where not known. */
  readonly rule: number | null;
  /** The last table asked, null where not known. */
  readonly table: number | null;
  /** Lookups this event stands for: repeats of one flow within a window are folded. */
  readonly count: number;
}

/** A path that no longer answers (probe `losing`). */
export interface Timeout {
  /** `tcp`: a connection retransmits past tcp_retries1; `neighbour`: a gateway's address is not answered for. */
  readonly protocol: 'tcp' | 'neighbour';
  readonly src: string | null;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly retransmits: number;
  /** Retransmission timeout now. */
  readonly rtoMs: number;
  /** Smoothed round-trip time, 0 before the first measurement. */
  readonly srttUs: number;
  readonly rttvarUs: number;
  /** Slow start threshold in segments, null while there is none. */
  readonly ssthresh: number | null;
  /** Path MTU; of the interface for a neighbour. */
  readonly mtu: number;
}

/** An ICMP or ICMPv6 redirect (probe `redirect`). */
export interface Redirect {
  /** Who sent it. */
  readonly author: string;
  /** The gateway in use before, null where not known. */
  readonly old: string | null;
  /** The gateway it names. */
  readonly new: string;
  /** `deferred`: the kernel first asks for the new gateway's address, this redirect is lost; `unknown`: no tier can tell. */
  readonly accepted: 'yes' | 'no' | 'deferred' | 'unknown';
  /** Why it was not accepted, in words; null otherwise. */
  readonly reason: string | null;
  /** Seconds until the kernel forgets it, null where not known or not accepted. */
  readonly expires: number | null;
}

/** What saw the event. */
export type Provenance =
  'rtnetlink' | 'dump' | 'fentry' | 'kprobe' | 'tracepoint' | 'icmp-socket' | 'replay';

interface Common {
  readonly v: 1;
  /** Counts from 1 without holes inside one run. */
  readonly seq: number;
  /** ISO 8601 UTC with nanoseconds. */
  readonly time: string;
  /** The same moment, nanoseconds since the epoch (not in JSON). */
  readonly timeNs: bigint;
  readonly host: string;
}

/** One of the six probes fired. */
export interface RouteEvent extends Common {
  readonly type: 'route';
  readonly probe: Probe;
  /** True: the kernel never announced it, routetap worked it out. */
  readonly inferred: boolean;
  readonly cause: Cause;
  readonly zone: Zone;
  readonly process: Process | null;
  readonly csinfo: CsInfo;
  readonly routeinfo: RouteInfo;
  readonly route: Route;
  readonly previous: Route | null;
  /** Probe `miss` only. */
  readonly lookup: Lookup | null;
  /** Probe `losing` only. */
  readonly timeout: Timeout | null;
  /** Probe `redirect` only. */
  readonly redirect: Redirect | null;
  readonly provenance: Provenance;
  /** The raw message (struct nlmsghdr and on), null when inferred. Base64 in JSON with `--raw`. */
  readonly raw: Uint8Array | null;
}

/** Something was lost or not seen. */
export interface GapRecord extends Common {
  readonly type: 'gap';
  /** `rtnetlink`, `bpf` or `sink:<name>`. */
  readonly source: string;
  /** Exact count, null where none exists. */
  readonly lost: number | null;
  readonly zone: Zone | null;
  readonly reason: 'overrun' | 'ring-full' | 'malformed' | 'queue-full' | 'error';
}

/** After a gap, a new dump was reconciled with the mirror. */
export interface ResyncRecord extends Common {
  readonly type: 'resync';
  readonly zone: Zone;
  readonly added: number;
  readonly deleted: number;
  readonly changed: number;
  readonly durationMs: number;
}

/** Start, stop, zone appeared or vanished, audit result, counters… */
export interface StatusRecord extends Common {
  readonly type: 'status';
  readonly what: string;
  readonly zone: Zone | null;
  /** Whatever the status carries; its members stand at the top level in JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the stream carries. */
export type RoutetapRecord = RouteEvent | GapRecord | ResyncRecord | StatusRecord;
