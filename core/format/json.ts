import type { RoutetapRecord, StatusRecord } from '../event.js';
import { RouteRecord } from '../engine/record.js';
import { quoteJson } from './escape.js';
import { routeRecordMembers } from './json-record.js';
import { routeEventMembers, zoneMember } from './json-route.js';
import { base64, jsonMember } from './json-value.js';

/** How a record is written as JSON. */
export interface JsonOptions {
  /** Every member, not only those away from their default. */
  readonly full: boolean;
  /** The raw message as base64 in `routeinfo.route_addr`. */
  readonly raw: boolean;
}

let lastHost = '';
let lastHostText = '""';

function head(record: RoutetapRecord): string {
  if (record.host !== lastHost) {
    lastHost = record.host;
    lastHostText = quoteJson(record.host);
  }
  return `{"v":1,"type":"${record.type}","seq":${record.seq},"time":"${record.time}","host":${lastHostText}`;
}

/** Members every record has, which the fields of a status record can't take the place of. */
const TAKEN: ReadonlySet<string> = new Set(['v', 'type', 'seq', 'time', 'host', 'what', 'zone']);

function statusFields(record: StatusRecord, full: boolean): string {
  let text = '';
  for (const [name, value] of Object.entries(record.fields)) {
    if (!TAKEN.has(name)) text += jsonMember(name, value, full);
  }
  return text;
}

/** One record as one line of JSON, without the newline (docs/events.md). */
export function jsonLine(record: RoutetapRecord, options: JsonOptions): string {
  const { full } = options;
  switch (record.type) {
    case 'route': {
      const raw = options.raw && record.raw !== null ? base64(record.raw) : '';
      return (
        head(record) +
        (record instanceof RouteRecord
          ? routeRecordMembers(record, full, raw)
          : routeEventMembers(record, full, raw))
      );
    }
    case 'gap':
      return (
        head(record) +
        jsonMember('source', record.source, full) +
        jsonMember('lost', record.lost, full) +
        zoneMember(record.zone, full) +
        jsonMember('reason', record.reason, full) +
        '}'
      );
    case 'resync':
      return (
        head(record) +
        zoneMember(record.zone, full) +
        jsonMember('added', record.added, full) +
        jsonMember('deleted', record.deleted, full) +
        jsonMember('changed', record.changed, full) +
        jsonMember('durationMs', record.durationMs, full) +
        '}'
      );
    case 'status':
      return (
        head(record) +
        jsonMember('what', record.what, full) +
        zoneMember(record.zone, full) +
        statusFields(record, full) +
        '}'
      );
  }
}
