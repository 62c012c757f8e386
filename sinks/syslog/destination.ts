import { usageError } from '../../core/errors.js';
import { quoted } from '../quoted.js';

/** Where syslog messages go. */
export type Destination =
  | { readonly transport: 'unix'; readonly path: string }
  | { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number };

/** Ports by RFC 5426 3.3 (514) and RFC 6587's usual 601 (syslog-conn). */
const PORTS = { udp: 514, tcp: 601 };

/**
 * Reads `syslog:`, `syslog:/path`, `syslog+udp://host:port` or `syslog+tcp://[addr]:port`.
 * @throws {RoutetapError} usage: not of that form.
 */
export const parseDestination = (target: string): Destination => {
  const local = /^syslog:(.*)$/.exec(target);
  if (local !== null) {
    const path = local[1] === '' ? '/dev/log' : (local[1] ?? '');
    if (path.startsWith('/') && !path.startsWith('//')) return { transport: 'unix', path };
    throw usageError(
      `--sink syslog: expected an absolute path like syslog:/dev/log, got ${quoted(target)}`,
    );
  }
  const remote = /^syslog\+(udp|tcp):\/\/(?:\[([0-9a-f:.%]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(
    target,
  );
  const transport = remote?.[1] === 'udp' ? 'udp' : 'tcp';
  const host = remote?.[2] ?? remote?.[3];
  const port = remote?.[4] === undefined ? PORTS[transport] : Number(remote[4]);
  if (host === undefined || port < 1 || port > 65535) {
    throw usageError(
      `--sink syslog: expected syslog+udp://HOST:PORT or syslog+tcp://HOST:PORT, got ${quoted(target)}`,
    );
  }
  return { transport, host, port };
};
