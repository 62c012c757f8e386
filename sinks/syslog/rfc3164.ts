import type { RoutetapRecord } from '../../core/event.js';
import type { MessageOptions } from './message.js';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (number: number): string => String(number).padStart(2, '0');

/** `Nov  8 06:44:05` in local time (RFC 3164 4.1.2). */
export const timestamp3164 = (timeNs: bigint): string => {
  const date = new Date(Number(timeNs / 1_000_000n));
  const day = String(date.getDate()).padStart(2, ' ');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${MONTHS[date.getMonth()] ?? ''} ${day} ${clock}`;
};

/** One message of RFC 3164. A local daemon knows its own host: messages to a socket file come without HOSTNAME. */
export const rfc3164 = (
  record: RoutetapRecord,
  message: string,
  options: MessageOptions,
): string => {
  const { priority, appName, procId, isLocal } = options;
  const host = isLocal ? '' : `${record.host.replace(/[^!-~]/g, '') || '-'} `;
  return `<${priority(record)}>${timestamp3164(record.timeNs)} ${host}${appName}[${procId}]: ${message}`;
};
