/** Prints what a route costs in bytes: an engine learns many of them from dumps, and its memory is looked at before and after. */
import { setImmediate as turn } from 'node:timers/promises';
import { Engine } from '../../../core/engine/engine.js';
import type { RoutetapRecord } from '../../../core/event.js';
import { buildFrame, FRAME_KIND } from '../../../core/frame.js';
import { namesFrom } from '../../../core/names/names.js';
import { NLMSG, RTM } from '../../../core/wire/constants.js';
import { joined } from '../wire/build.js';
import { netlinkMessage, newRoute } from './route-message.js';

/** What it prints, as JSON. */
export interface Measurement {
  /** Routes the engine holds, by zone: the empty one, the full one. */
  readonly held: readonly number[];
  readonly bytesPerRoute: number;
}

const ROUTES = 200_000;
const PER_DATAGRAM = 250;
/** Nexthops of a busy router: bodies are shared by the routes that have them. */
const GATEWAYS = 64;

const inet6 = process.argv[2] === 'inet6';

interface Question {
  readonly kind: number;
  readonly token: number;
  readonly request: Uint8Array;
}
const questions: Question[] = [];
const none = new Uint8Array(0);
const engine = new Engine(
  {
    host: 'r1',
    names: namesFrom({}),
    filter: { family: null, tables: null, protocols: null },
    snapshot: false,
    raw: false,
    auditMs: 0,
  },
  {
    query: (_zone, token, request) => questions.push({ kind: FRAME_KIND.REPLY, token, request }),
    barrier: (_zone, token) => questions.push({ kind: FRAME_KIND.BARRIER, token, request: none }),
    timer: () => undefined,
    process: () => null,
  },
);
const records: RoutetapRecord[] = [];

const templates = Array.from({ length: GATEWAYS }, (_, i) =>
  newRoute(
    inet6
      ? { dst: '2001:db8::/48', paths: [{ via: `fe80::${i + 1}`, dev: 2 }] }
      : { dst: '10.0.0.0/24', paths: [{ via: `192.0.2.${i + 1}`, dev: 2 }] },
  ),
);
/** First byte of RTA_DST's payload: nlmsghdr, rtmsg, nlattr. */
const DST = 16 + 12 + 4;

function message(n: number): Uint8Array {
  const bytes = (templates[n % GATEWAYS] ?? none).slice();
  const view = new DataView(bytes.buffer);
  if (inet6) {
    view.setUint32(DST, (0x20000000 | (n >>> 4)) >>> 0);
    view.setUint16(DST + 4, n & 0xffff);
  } else view.setUint32(DST, (n << 8) >>> 0);
  return bytes;
}

const feed = (kind: number, zone: number, value: number, payload: Uint8Array): void =>
  engine.feed(buildFrame({ kind, zone, value, timeNs: 1_000_000_000n, payload }), records);

/** A zone with so many routes appears and is learnt. */
function learn(zone: number, routes: number): void {
  const identity = { id: zone, name: null, cookie: String(zone), initial: false };
  feed(FRAME_KIND.ZONE, zone, 0, new TextEncoder().encode(JSON.stringify(identity)));
  for (let next = questions.shift(); next !== undefined; next = questions.shift()) {
    const { kind, token, request } = next;
    if (kind === FRAME_KIND.REPLY && request[4] === RTM.GETROUTE) {
      const shown = (request[16] === 10) === inet6 ? routes : 0;
      for (let at = 0; at < shown; at += PER_DATAGRAM) {
        const messages = Array.from({ length: PER_DATAGRAM }, (_, i) => message(at + i));
        feed(kind, zone, token, joined(...messages));
      }
    }
    const done = kind === FRAME_KIND.REPLY ? netlinkMessage(NLMSG.DONE, new Uint8Array(4)) : none;
    feed(kind, zone, token, done);
  }
}

async function memory(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

// Once at full size, so that code, caches and the sync's own memory are there before the measurement.
learn(1, ROUTES);
feed(FRAME_KIND.ZONE_GONE, 1, 0, none);
records.length = 0;
learn(2, 0);
const empty = await memory();
learn(3, ROUTES);
const full = await memory();
const held = engine.zones.map(({ fib }) => fib.size);
const measurement: Measurement = { held, bytesPerRoute: (full - empty) / ROUTES };
process.stdout.write(JSON.stringify(measurement));
