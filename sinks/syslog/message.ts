import { jsonLine } from '../../core/format/json.js';
import { textLine } from '../../core/format/text.js';
import type { RoutetapRecord } from '../../core/event.js';
import type { TextStyle } from '../line.js';
import { kindOf } from './priority.js';
import { rfc3164 } from './rfc3164.js';
import { rfc5424 } from './rfc5424.js';

/** What stands in every message's header. */
export interface MessageOptions {
  /** PRI: facility * 8 + severity. */
  readonly priority: (record: RoutetapRecord) => number;
  readonly appName: string;
  readonly procId: string;
  /** SD-ID of the structured data. */
  readonly sdId: string;
  /** To a socket file on this machine. */
  readonly isLocal: boolean;
}

export interface MessageFormat {
  readonly format: 'rfc5424' | 'rfc3164';
  readonly message: 'text' | 'json';
  readonly facility: number;
  readonly severities: ReadonlyMap<string, number>;
  readonly appName: string;
  readonly sdId: string;
  readonly isLocal: boolean;
  readonly full: boolean;
  readonly raw: boolean;
  readonly style: TextStyle;
  /** Longest message in bytes. */
  readonly maxBytes: number;
}

/** `14:21:06.148835 ` of a text line; syslog has a time of its own. */
const CLOCK = /^\d\d:\d\d:\d\d\.\d{6} /;
const INFO = 6;

/** A function that makes one record one syslog message, cut at `maxBytes`. */
export const messageFormatter = (format: MessageFormat): ((record: RoutetapRecord) => string) => {
  const { full, raw, appName, sdId, isLocal, severities, facility } = format;
  const text = { ...format.style, colour: false };
  const write = format.format === 'rfc5424' ? rfc5424 : rfc3164;
  const options: MessageOptions = {
    priority: (record) => facility * 8 + (severities.get(kindOf(record)) ?? INFO),
    appName,
    procId: String(process.pid),
    sdId,
    isLocal,
  };
  return (record) => {
    const message =
      format.message === 'json'
        ? jsonLine(record, { full, raw })
        : textLine(record, text).replace(CLOCK, '').trimEnd();
    return cut(write(record, message, options), format.maxBytes);
  };
};

/** The first `maxBytes` bytes of the text, less what would be half a character. */
export const cut = (text: string, maxBytes: number): string => {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text);
  let end = maxBytes;
  // 10xxxxxx continues a character of UTF-8.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
};
