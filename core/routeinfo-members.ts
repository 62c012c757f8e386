import type { CsInfo, RouteInfo } from './event.js';
import {
  addressBits,
  bodyInfo,
  csPid,
  eventInfo,
  expireMetric,
  expiresOf,
  netmask,
  prefixAddress,
  prefixLength,
  routeFlags,
  routePid,
  RTM,
  RTM_VERSION,
  RTV,
  sourceAddress,
  type BodyInfo,
  type RouteInfoOrigin,
} from './routeinfo.js';

type Members<Struct> = {
  readonly [Name in keyof Struct]: (origin: RouteInfoOrigin) => Struct[Name];
};

const infoOf = ({ parts, timeout, redirect }: RouteInfoOrigin): BodyInfo =>
  eventInfo(bodyInfo(parts.body), parts, timeout, redirect);

const gatewayOf = (origin: RouteInfoOrigin): string =>
  origin.probe === 'miss' ? '' : infoOf(origin).gateway;

const sourceOf = (origin: RouteInfoOrigin): string =>
  sourceAddress(origin.probe, infoOf(origin), origin.parts);

const authorOf = ({ redirect }: RouteInfoOrigin): string => redirect?.author ?? '';

const lengthOf = ({ parts }: RouteInfoOrigin): number => prefixLength(parts.dst, parts.body.family);

/** routeinfo_t member by member, so that who needs one pays for one (docs/events.md has the table of origins). */
export const ROUTEINFO_MEMBERS: Members<RouteInfo> = {
  route_version: () => RTM_VERSION,
  route_type: ({ probe }) => RTM[probe],
  route_interface_index: (origin) => (origin.probe === 'miss' ? 0 : infoOf(origin).interfaceIndex),
  route_flags: (origin) => {
    const whole = origin.parts.body.family === 'inet' ? 32 : 128;
    return routeFlags(origin.probe, infoOf(origin), lengthOf(origin) === whole);
  },
  route_seq: ({ nlmsgSeq }) => nlmsgSeq,
  route_pid: ({ probe, process }) => routePid(probe, process),
  route_metrics: (origin) => {
    const expires = expiresOf(origin.parts, origin.redirect);
    return infoOf(origin).metricBits | (expires === null ? 0 : RTV.EXPIRE);
  },
  route_mtu_metric: (origin) => infoOf(origin).mtu,
  route_hopcount_metric: (origin) => infoOf(origin).hopcount,
  route_expire_metric: ({ parts, redirect }) => expireMetric(expiresOf(parts, redirect)),
  route_recvpipe_metric: (origin) => infoOf(origin).recvpipe,
  route_sendpipe_metric: () => 0,
  route_ssthresh_metric: (origin) => infoOf(origin).ssthresh,
  route_rtt_metric: (origin) => infoOf(origin).rtt,
  route_rtt_variance_metric: (origin) => infoOf(origin).rttVariance,
  route_packets_sent: () => 0,
  route_addresses: (origin) =>
    addressBits(origin.probe, gatewayOf(origin), sourceOf(origin), authorOf(origin)),
  route_destination_address: ({ parts }) => prefixAddress(parts.dst),
  route_gateway_address: gatewayOf,
  route_netmask_address: (origin) =>
    origin.probe === 'miss' ? '' : netmask(origin.parts.body.family, lengthOf(origin)),
  route_source_address: sourceOf,
  route_redirect_author_address: authorOf,
};

/** csinfo_t member by member. */
export const CSINFO_MEMBERS: Members<CsInfo> = {
  cs_addr: ({ kernelAddress }) => kernelAddress,
  cs_cid: () => '0',
  cs_pid: ({ probe, process }) => csPid(probe, process),
  cs_zoneid: ({ initialZone, zone }) => (initialZone ? 0 : zone.id),
};

/** All members, in the order of the table. */
function whole<Struct>(members: Members<Struct>, origin: RouteInfoOrigin): Struct {
  const struct: Partial<Struct> = {};
  for (const name in members) struct[name] = members[name](origin);
  return struct as Struct;
}

/** DTrace's routeinfo_t of an event. */
export const routeInfo = (origin: RouteInfoOrigin): RouteInfo => whole(ROUTEINFO_MEMBERS, origin);

/** DTrace's csinfo_t of an event. */
export const csInfo = (origin: RouteInfoOrigin): CsInfo => whole(CSINFO_MEMBERS, origin);
