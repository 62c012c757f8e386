import type { Cause, Probe, Process, Provenance, RoutetapRecord, Zone } from '../event.js';
import { RouteRecord } from '../engine/record.js';
import type { RouteBody, RouteParts } from '../route-body.js';
import { quoteJson } from './escape.js';
import { routeRecordMembers, type RouteSlots } from './json-record.js';
import { hasSection } from './json-section.js';
import { putIsoTime } from './time.js';

// The hot path: in a flood of routes all but five members of a lean line repeat (seq, time, nlmsg_seq, the
// prefix and its address), so what stands between these is kept, as bytes, a few kinds of line for each body.

/** All a line says besides the members that stand between its texts. */
interface Template {
  readonly host: string;
  readonly probe: Probe;
  readonly inferred: boolean;
  readonly cause: Cause;
  readonly zone: Zone;
  readonly initialZone: boolean;
  readonly process: Process | null;
  readonly provenance: Provenance;
  readonly kernelAddress: string;
  readonly hasSeq: boolean;
  readonly body: RouteBody;
  readonly table: number;
  readonly priority: number;
  /** `/24` of `10.1.2.0/24`. */
  readonly length: string;
  readonly previous: PreviousKey | null;
  /** After the time, up to nlmsg_seq; then up to the address (at once without nlmsg_seq), up to the prefix, and up to the end… */
  readonly toSeq: Uint8Array;
  readonly toAddress: Uint8Array;
  readonly toDst: Uint8Array;
  readonly toEnd: Uint8Array;
  /** …or up to the prefix in `previous`, and then this up to the end. */
  readonly previousToEnd: Uint8Array;
  /** Bytes such a line can have. */
  readonly mostBytes: number;
}

interface PreviousKey {
  readonly body: RouteBody;
  readonly table: number;
  readonly priority: number;
}

/** Kinds of line kept for one body: its routes are added, deleted and changed by turns. */
const KINDS = 4;

const templates = new WeakMap<RouteBody, Template[]>();
let last: Template | null = null;

/** A line without what the template has: 16 digits of seq, a time, 10 digits of nlmsg_seq, prefixes of 43 characters. */
const VARYING_BYTES = 28 + 16 + 9 + 30 + 10 + 3 * 43;

/** Characters of the longest IPv6 address (RFC 5952), a third of a line's prefixes without their lengths. */
const ADDRESS_CHARACTERS = 39;

/** From here on a division by ten would not be exact to the digit. */
const SEQ_LIMIT = 1e15;

const HEAD = Buffer.from('{"v":1,"type":"route","seq":');
const TIME = Buffer.from(',"time":"');
const NONE = new Uint8Array(0);

// No text of a line has a control character in it: escape.ts writes them as \uNNNN.
const SLOT = '\u0000';
const SLOTS: RouteSlots = { seq: SLOT, address: SLOT, dst: SLOT };

const isBare = (parts: RouteParts): boolean =>
  parts.tos === 0 && parts.src === null && parts.expires === null;

/** Whether the line can be made by a template: what it varies in is only what templates have room for. */
function isPlain(record: RouteRecord): boolean {
  const { parts, previousParts } = record;
  return (
    !hasSection(record) &&
    Number.isSafeInteger(record.seq) &&
    record.seq >= 0 &&
    record.seq < SEQ_LIMIT &&
    record.nlmsgSeq === record.nlmsgSeq >>> 0 &&
    isBare(parts) &&
    (previousParts === null || (isBare(previousParts) && previousParts.dst === parts.dst))
  );
}

const sameCause = (a: Cause, b: Cause): boolean =>
  a === b || (a.kind === b.kind && a.trigger === b.trigger);

function samePrevious(key: PreviousKey | null, parts: RouteParts | null): boolean {
  if (key === null || parts === null) return key === parts;
  return key.body === parts.body && key.table === parts.table && key.priority === parts.priority;
}

const fits = (template: Template, record: RouteRecord): boolean =>
  template.body === record.parts.body &&
  template.probe === record.probe &&
  template.process === record.process &&
  template.zone === record.zone &&
  template.table === record.parts.table &&
  template.priority === record.parts.priority &&
  template.hasSeq === (record.nlmsgSeq !== 0) &&
  template.inferred === record.inferred &&
  template.provenance === record.provenance &&
  template.initialZone === record.initialZone &&
  template.kernelAddress === record.kernelAddress &&
  template.host === record.host &&
  sameCause(template.cause, record.cause) &&
  samePrevious(template.previous, record.previousParts);

/** Whether `dst` is a prefix of that length, in characters that JSON has no quarrel with. */
function endsPlainly(dst: string, length: string): boolean {
  const slash = dst.length - length.length;
  if (slash <= 0 || slash > ADDRESS_CHARACTERS) return false;
  for (let at = 0; at < length.length; at += 1) {
    if (dst.charCodeAt(slash + at) !== length.charCodeAt(at)) return false;
  }
  for (let at = 0; at < slash; at += 1) {
    const code = dst.charCodeAt(at);
    // Digits, a-f, dot and colon.
    if (!((code >= 0x30 && code <= 0x3a) || (code >= 0x61 && code <= 0x66) || code === 0x2e)) {
      return false;
    }
  }
  return true;
}

function made(record: RouteRecord, length: string): Template {
  const { parts, previousParts } = record;
  const hasSeq = record.nlmsgSeq !== 0;
  const members = `","host":${quoteJson(record.host)}${routeRecordMembers(record, false, '', SLOTS)}\n`;
  const texts = members.split(SLOT).map((text) => Buffer.from(text));
  if (!hasSeq) texts.splice(1, 0, Buffer.alloc(0));
  const [toSeq = NONE, toAddress = NONE, toDst = NONE, toEnd = NONE, previousToEnd = NONE] = texts;
  return {
    host: record.host,
    probe: record.probe,
    inferred: record.inferred,
    cause: record.cause,
    zone: record.zone,
    initialZone: record.initialZone,
    process: record.process,
    provenance: record.provenance,
    kernelAddress: record.kernelAddress,
    hasSeq,
    body: parts.body,
    table: parts.table,
    priority: parts.priority,
    length,
    previous:
      previousParts === null
        ? null
        : {
            body: previousParts.body,
            table: previousParts.table,
            priority: previousParts.priority,
          },
    toSeq,
    toAddress,
    toDst,
    toEnd,
    previousToEnd,
    mostBytes: VARYING_BYTES + Buffer.byteLength(members),
  };
}

function templateFor(record: RouteRecord): Template | null {
  const { dst, body } = record.parts;
  const kept = templates.get(body);
  for (const template of kept ?? []) {
    if (fits(template, record) && endsPlainly(dst, template.length)) return template;
  }
  const length = /\/\d{1,3}$/.exec(dst)?.[0];
  if (length === undefined || !endsPlainly(dst, length)) return null;
  const template = made(record, length);
  if (kept === undefined) templates.set(body, [template]);
  else {
    kept.unshift(template);
    if (kept.length > KINDS) kept.pop();
  }
  return template;
}

function putNumber(bytes: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let limit = 10; value >= limit; limit *= 10) end += 1;
  let left = value;
  for (let digit = end - 1; digit >= at; digit -= 1) {
    const tens = Math.floor(left / 10);
    bytes[digit] = 0x30 + left - tens * 10;
    left = tens;
  }
  return end;
}

function putAscii(bytes: Uint8Array, at: number, text: string, length: number): number {
  for (let index = 0; index < length; index += 1) bytes[at + index] = text.charCodeAt(index);
  return at + length;
}

function put(bytes: Uint8Array, at: number, segment: Uint8Array): number {
  bytes.set(segment, at);
  return at + segment.length;
}

/**
 * Writes a record as a lean line without its raw message, newline included, and returns where it ends; -1 where this
 * is none of the lines that repeat, or there is no room for it.
 */
export function putJsonLine(record: RoutetapRecord, bytes: Uint8Array, start: number): number {
  if (!(record instanceof RouteRecord) || !isPlain(record)) return -1;
  const { dst } = record.parts;
  if (last === null || !fits(last, record) || !endsPlainly(dst, last.length)) {
    last = templateFor(record);
    if (last === null) return -1;
  }
  const template = last;
  if (start + template.mostBytes > bytes.length) return -1;
  let at = put(bytes, start, HEAD);
  at = putNumber(bytes, at, record.seq);
  at = put(bytes, at, TIME);
  at = putIsoTime(bytes, at, record.timeNs);
  at = put(bytes, at, template.toSeq);
  if (template.hasSeq) {
    at = putNumber(bytes, at, record.nlmsgSeq);
    at = put(bytes, at, template.toAddress);
  }
  at = putAscii(bytes, at, dst, dst.length - template.length.length);
  at = put(bytes, at, template.toDst);
  at = putAscii(bytes, at, dst, dst.length);
  at = put(bytes, at, template.toEnd);
  if (template.previous === null) return at;
  at = putAscii(bytes, at, dst, dst.length);
  return put(bytes, at, template.previousToEnd);
}
