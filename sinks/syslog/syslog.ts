import type { OpenSink, Sink } from '../../core/sink.js';
import { textStyle, type LineOptions } from '../line.js';
import { byteSize, oneOf, printable, readOptions, yesNo } from '../options.js';
import { Outage } from '../outage.js';
import { plain } from '../quoted.js';
import { RecordQueue } from '../queue.js';
import { parseDestination, type Destination } from './destination.js';
import { messageFormatter } from './message.js';
import { loadUnixDatagram } from './native.js';
import { DEFAULT_FACILITY, defaultSeverities, facility, severities } from './priority.js';
import { newlineFramed, octetCounted, StreamTransport } from './stream.js';
import type { Transport, TransportParts } from './transport.js';
import { UdpTransport } from './udp.js';
import { connectUnix, UnixDatagramTransport, type Connected } from './unix-datagram.js';

/** Largest payload of a UDP datagram over IPv4: 65535 less both headers. */
const UDP_MAX_BYTES = 65_507;
const DEFAULT_MAX_BYTES = 8192;

const OPTIONS = {
  format: oneOf('rfc5424', 'rfc3164'),
  message: oneOf('text', 'json'),
  facility,
  severity: severities,
  'app-name': printable(48),
  'sd-id': printable(32),
  framing: oneOf('octet', 'newline'),
  // RFC 5424 6.1: every receiver takes 480 bytes.
  size: byteSize(480, UDP_MAX_BYTES),
  queue: byteSize(4096),
  full: yesNo,
  raw: yesNo,
};

const FLUSH_MS = 4000;
const CLOSE_MS = 3000;

/**
 * Records to a syslog daemon: a socket file, UDP or TCP.
 * @throws {RoutetapError} usage: a wrong option; runtime: no such socket file.
 */
const openSyslog = (options: LineOptions): Sink => {
  const destination = parseDestination(options.target);
  const values = readOptions('syslog', OPTIONS, options.options);
  const isLocal = destination.transport === 'unix';
  const native = isLocal ? loadUnixDatagram() : null;
  const local =
    isLocal && native !== null ? { native, ...connectUnix(native, destination.path) } : null;
  const isStream = destination.transport === 'tcp' || local?.isStream === true;
  const message = messageFormatter({
    // rsyslog's socket and journald read the old format there; on the network the new one says more.
    format: values.format ?? (isLocal ? 'rfc3164' : 'rfc5424'),
    message: values.message ?? 'text',
    facility: values.facility ?? DEFAULT_FACILITY,
    severities: values.severity ?? defaultSeverities,
    appName: values['app-name'] ?? 'routetap',
    sdId: values['sd-id'] ?? 'routetap@32473',
    isLocal,
    full: values.full ?? options.full,
    raw: values.raw ?? options.raw,
    style: textStyle(options),
    maxBytes: values.size ?? DEFAULT_MAX_BYTES,
  });
  const framing = values.framing ?? (isLocal ? 'newline' : 'octet');
  const framed = framing === 'octet' ? octetCounted : newlineFramed;
  const queue = new RecordQueue(values.queue);
  const transport = openTransport(destination, local, {
    queue,
    outage: new Outage(options.warn),
    warn: options.warn,
    where: plain(options.target),
  });
  return {
    name: 'syslog',
    counters: queue,
    get backlogBytes() {
      return queue.bytes;
    },
    write(records) {
      for (const record of records) {
        queue.push(isStream ? framed(message(record)) : message(record));
      }
      transport.wake();
    },
    async flush() {
      await queue.settled(FLUSH_MS);
    },
    async close() {
      await queue.settled(CLOSE_MS);
      transport.stop();
      queue.giveUp();
    },
  };
};

type Local = Connected & { readonly native: ReturnType<typeof loadUnixDatagram> };

const openTransport = (
  destination: Destination,
  local: Local | null,
  parts: TransportParts,
): Transport => {
  if (destination.transport === 'unix') {
    const { path } = destination;
    return local === null || local.isStream
      ? new StreamTransport(parts, { path })
      : new UnixDatagramTransport({ ...parts, native: local.native, path, fd: local.fd });
  }
  const { host, port } = destination;
  return destination.transport === 'udp'
    ? new UdpTransport(parts, host, port)
    : new StreamTransport(parts, { host, port });
};

export default openSyslog satisfies OpenSink;
