import { escapeText } from '../../core/format/escape.js';
import type { Nexthop, RoutetapRecord } from '../../core/event.js';
import { kindOf } from './priority.js';
import type { MessageOptions } from './message.js';

/** Longest header fields (RFC 5424 6). */
const HOSTNAME_MAX = 255;
const BOM = '\ufeff';

/** A header field: printable ASCII without spaces, `-` (NILVALUE) when nothing is left. */
const field = (text: string, maxLength: number): string =>
  text.replace(/[^!-~]/g, '').slice(0, maxLength) || '-';

/** PARAM-VALUE: control characters escaped as everywhere, then `\`, `"` and `]` by RFC 5424 6.3.3. */
const value = (text: string): string => escapeText(text).replace(/[\\"\]]/g, '\\$&');

/** TIMESTAMP takes at most six digits of a second (RFC 5424 6.2.3). */
export const timestamp = (time: string): string => time.replace(/(\.\d{6})\d+/, '$1');

/** MSGID by kind: ROUTE-ADD … ROUTE-REDIRECT, GAP, RESYNC, STATUS. */
export const msgId = (record: RoutetapRecord): string => {
  const kind = kindOf(record).toUpperCase();
  return record.type === 'route' ? `ROUTE-${kind}` : kind;
};

type Params = readonly (readonly [name: string, value: string | number | null])[];

const hop = (nexthops: readonly Nexthop[]): Params => {
  const only = nexthops.length === 1 ? nexthops[0] : undefined;
  return only === undefined
    ? [['nexthops', nexthops.length === 0 ? null : nexthops.length]]
    : [
        ['gateway', only.gateway],
        ['dev', only.dev],
        ['oif', only.ifindex === 0 ? null : only.ifindex],
      ];
};

const params = (record: RoutetapRecord): Params => {
  switch (record.type) {
    case 'route': {
      const { route, process } = record;
      return [
        ['probe', record.probe],
        ['dst', route.dst],
        ['table', route.table],
        ['protocol', route.protocol],
        ['type', route.type],
        ['priority', route.priority === 0 ? null : route.priority],
        ...hop(route.nexthops),
        ['zone', record.zone.name ?? record.zone.id],
        ['cause', record.cause.kind],
        ['inferred', record.inferred ? 'true' : null],
        ['pid', process === null ? null : process.pid],
        ['comm', process === null ? null : process.comm],
        ['seq', record.seq],
      ];
    }
    case 'gap':
      return [
        ['source', record.source],
        ['reason', record.reason],
        ['lost', record.lost],
        ['seq', record.seq],
      ];
    case 'resync':
      return [
        ['added', record.added],
        ['deleted', record.deleted],
        ['changed', record.changed],
        ['zone', record.zone.name ?? record.zone.id],
        ['seq', record.seq],
      ];
    case 'status':
      return [
        ['what', record.what],
        ['seq', record.seq],
      ];
  }
};

/** STRUCTURED-DATA: one element with what a rule would match on. */
export const structuredData = (record: RoutetapRecord, sdId: string): string => {
  let text = `[${sdId}`;
  for (const [name, content] of params(record)) {
    if (content !== null) {
      text += ` ${name}="${typeof content === 'number' ? content : value(content)}"`;
    }
  }
  return `${text}]`;
};

/** One SYSLOG-MSG of RFC 5424; the BOM stands before a message only where it is not plain ASCII. */
export const rfc5424 = (
  record: RoutetapRecord,
  message: string,
  options: MessageOptions,
): string => {
  const { priority, appName, procId, sdId } = options;
  const header =
    `<${priority(record)}>1 ${timestamp(record.time)} ${field(record.host, HOSTNAME_MAX)} ` +
    `${appName} ${procId} ${msgId(record)}`;

  const bom = /^[\x00-\x7f]*$/.test(message) ? '' : BOM;
  return `${header} ${structuredData(record, sdId)} ${bom}${message}`;
};
