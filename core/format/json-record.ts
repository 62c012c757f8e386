import type { Cause, Process, Zone } from '../event.js';
import type { RouteRecord } from '../engine/record.js';
import type { RouteBody, RouteParts } from '../route-body.js';
import {
  RTM,
  RTM_VERSION,
  RTV,
  addressBits,
  bodyInfo,
  csPid,
  eventInfo,
  expireMetric,
  expiresOf,
  netmask,
  prefixAddress,
  routeFlags,
  routePid,
  sourceAddress,
  type BodyInfo,
} from '../routeinfo.js';
import { quoteJson } from './escape.js';
import {
  bodyJson,
  causeMember,
  csinfoMember,
  processMember,
  routeJson,
  zoneMember,
  type BodyJson,
} from './json-route.js';
import { NO_SECTIONS, hasSection, sectionMembers } from './json-section.js';

// The same text as routeEventMembers(), put together from pieces that are kept. Bodies are few and shared
// (core/route-body.ts), so their text hangs on them; zone, cause and process repeat from one event to the
// next, so the last one's text is kept. json-template.ts keeps whole lines of what repeats in all of these.

/** The members of a line that differ even between events which have all else in common. */
export interface RouteSlots {
  /** nlmsg_seq of the request; stands there only when the record has one. */
  readonly seq: string;
  /** Address of `dst`, and `dst` itself, as they stand between quotes; the same in `previous`. */
  readonly address: string;
  readonly dst: string;
}

interface BodyPieces extends InfoPieces {
  readonly json: BodyJson;
}

interface InfoPieces {
  readonly info: BodyInfo;
  /** `,"route_mtu_metric":…,"route_hopcount_metric":…`, then those after route_expire_metric. */
  readonly metricsBefore: string;
  readonly metricsAfter: string;
  readonly gateway: string;
}

interface Kept {
  readonly bodies: WeakMap<RouteBody, BodyPieces>;
  lastBody: RouteBody | null;
  lastPieces: BodyPieces | null;
  zone: Zone | null;
  zoneText: string;
  cause: Cause | null;
  causeText: string;
  process: Process | null;
  processText: string;
}

const kept = (full: boolean): Kept => ({
  bodies: new WeakMap(),
  lastBody: null,
  lastPieces: null,
  zone: null,
  zoneText: '',
  cause: null,
  causeText: '',
  process: null,
  processText: processMember(null, full),
});

const LEAN = kept(false);
const FULL = kept(true);

const number = (name: string, value: number, full: boolean): string =>
  value === 0 && !full ? '' : `,"${name}":${value}`;

const text = (name: string, value: string, full: boolean): string =>
  value === '' && !full ? '' : `,"${name}":${quoteJson(value)}`;

const infoPieces = (info: BodyInfo, full: boolean): InfoPieces => ({
  info,
  metricsBefore:
    number('route_mtu_metric', info.mtu, full) +
    number('route_hopcount_metric', info.hopcount, full),
  metricsAfter:
    number('route_recvpipe_metric', info.recvpipe, full) +
    number('route_sendpipe_metric', 0, full) +
    number('route_ssthresh_metric', info.ssthresh, full) +
    number('route_rtt_metric', info.rtt, full) +
    number('route_rtt_variance_metric', info.rttVariance, full) +
    number('route_packets_sent', 0, full),
  gateway: text('route_gateway_address', info.gateway, full),
});

function piecesOf(body: RouteBody, keep: Kept, full: boolean): BodyPieces {
  if (keep.lastBody === body && keep.lastPieces !== null) return keep.lastPieces;
  let pieces = keep.bodies.get(body);
  if (pieces === undefined) {
    pieces = { json: bodyJson(body, full), ...infoPieces(bodyInfo(body), full) };
    keep.bodies.set(body, pieces);
  }
  keep.lastBody = body;
  keep.lastPieces = pieces;
  return pieces;
}

/** A path measured or a gateway named by the event itself stands before what the body says. */
function eventPieces(record: RouteRecord, pieces: BodyPieces, full: boolean): InfoPieces {
  const { parts, timeout, redirect } = record;
  if (timeout === null && redirect === null) return pieces;
  return infoPieces(eventInfo(pieces.info, parts, timeout, redirect), full);
}

function routeinfoText(
  record: RouteRecord,
  pieces: InfoPieces,
  raw: string,
  full: boolean,
  slots: RouteSlots | null,
): string {
  const { parts, probe, redirect } = record;
  const { info } = pieces;
  const { family } = parts.body;
  const slash = parts.dst.lastIndexOf('/');
  const whole = family === 'inet' ? 32 : 128;
  const length = slash < 0 ? whole : Number(parts.dst.slice(slash + 1));
  const miss = probe === 'miss';
  const source = sourceAddress(probe, info, parts);
  const author = redirect === null ? '' : redirect.author;
  const expires = expiresOf(parts, redirect);
  return (
    `,"routeinfo":{"route_version":${RTM_VERSION},"route_type":${RTM[probe]}` +
    number('route_interface_index', miss ? 0 : info.interfaceIndex, full) +
    number('route_flags', routeFlags(probe, info, length === whole), full) +
    (slots === null || record.nlmsgSeq === 0
      ? number('route_seq', record.nlmsgSeq, full)
      : `,"route_seq":${slots.seq}`) +
    number('route_pid', routePid(probe, record.process), full) +
    number('route_metrics', info.metricBits | (expires === null ? 0 : RTV.EXPIRE), full) +
    pieces.metricsBefore +
    number('route_expire_metric', expireMetric(expires), full) +
    pieces.metricsAfter +
    `,"route_addresses":${addressBits(probe, info.gateway, source, author)}` +
    (slots === null
      ? text('route_destination_address', prefixAddress(parts.dst), full)
      : `,"route_destination_address":"${slots.address}"`) +
    (miss ? text('route_gateway_address', '', full) : pieces.gateway) +
    text('route_netmask_address', miss ? '' : netmask(family, length), full) +
    text('route_source_address', source, full) +
    text('route_redirect_author_address', author, full) +
    (raw === '' ? '}' : `,"route_addr":"${raw}"}`)
  );
}

function routeText(
  parts: RouteParts,
  body: BodyJson,
  full: boolean,
  slots: RouteSlots | null,
): string {
  // Most routes have no tos, src or expiry; only those that do go the general way.
  if (full || parts.tos !== 0 || parts.src !== null || parts.expires !== null) {
    return routeJson(parts, body, full);
  }
  return (
    `{${body.family},"dst":${slots === null ? quoteJson(parts.dst) : `"${slots.dst}"`}` +
    number('table', parts.table, false) +
    body.protocolToType +
    number('priority', parts.priority, false) +
    body.prefsrc +
    body.metricsToNhid +
    body.prefToEnd
  );
}

function csinfoText(record: RouteRecord, full: boolean): string {
  const pid = csPid(record.probe, record.process);
  const zoneid = record.initialZone ? 0 : record.zone.id;
  if (full) {
    const address = quoteJson(record.kernelAddress);
    return `,"csinfo":{"cs_addr":${address},"cs_cid":"0","cs_pid":${pid},"cs_zoneid":${zoneid}}`;
  }
  if (record.kernelAddress !== '0x0') return csinfoMember(record.csinfo, full);
  if (pid !== 0) {
    return `,"csinfo":{"cs_pid":${pid}${zoneid === 0 ? '}' : `,"cs_zoneid":${zoneid}}`}`;
  }
  return zoneid === 0 ? '' : `,"csinfo":{"cs_zoneid":${zoneid}}`;
}

/**
 * Members of a RouteRecord from `probe` on, up to the closing brace. With `slots`, which a full text can't have,
 * these stand in the place of what the record says; its routes must have neither tos, src nor expiry.
 */
export function routeRecordMembers(
  record: RouteRecord,
  full: boolean,
  raw: string,
  slots: RouteSlots | null = null,
): string {
  const keep = full ? FULL : LEAN;
  const { parts, previousParts, probe, process } = record;
  if (keep.zone !== record.zone) {
    keep.zone = record.zone;
    keep.zoneText = zoneMember(record.zone, full);
  }
  if (keep.cause !== record.cause) {
    keep.cause = record.cause;
    keep.causeText = causeMember(record.cause, full);
  }
  if (keep.process !== process) {
    keep.process = process;
    keep.processText = processMember(process, full);
  }
  let out = `,"probe":"${probe}"`;
  if (full || record.inferred) out += record.inferred ? ',"inferred":true' : ',"inferred":false';
  out += keep.causeText + keep.zoneText + keep.processText;

  out += csinfoText(record, full);

  const pieces = piecesOf(parts.body, keep, full);
  out += routeinfoText(record, eventPieces(record, pieces, full), raw, full, slots);
  out += `,"route":${routeText(parts, pieces.json, full, slots)}`;
  if (previousParts !== null) {
    const { json } = piecesOf(previousParts.body, keep, full);
    out += `,"previous":${routeText(previousParts, json, full, slots)}`;
  } else if (full) {
    out += ',"previous":null';
  }
  if (hasSection(record)) out += sectionMembers(record, full);
  else if (full) out += NO_SECTIONS;
  return `${out},"provenance":"${record.provenance}"}`;
}
