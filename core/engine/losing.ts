import type { BpfEvent } from '../bpf/read-event.js';
import type { Family, Process, Provenance, Timeout } from '../event.js';
import { AF } from '../wire/constants.js';
import { getRoute } from '../wire/requests.js';
import { readRouteBody } from '../wire/route.js';
import { hostRoute, plainHop, type KernelEvents, type Where } from './kernel-events.js';
import type { Questions } from './questions.js';
import type { ZoneState } from './zone.js';

/** An event waits this long for the kernel to say where its packets went. */
const PATIENCE_MS = 200;
/** A neighbour that is no gateway is looked at so often again, so far apart. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 500;
/** A scan of the link leaves many that fail. */
const MOST_UNPROVED = 256;
/** TCP_INFINITE_SSTHRESH: none yet. */
const NO_SSTHRESH = 0x7fff_ffff;
const IPPROTO_TCP = 6;
const IPPROTO_NONE = 0;

const PROTOCOLS: Readonly<Record<number, Timeout['protocol']>> = {
  [IPPROTO_TCP]: 'tcp',
  [IPPROTO_NONE]: 'neighbour',
};

/** RT_LOSING records: a connection doubts its path, or a gateway's address is not answered for. */
export class Losing {
  readonly #events: KernelEvents;
  readonly #questions: Questions;
  /** Say what waits for an answer, without one. */
  readonly #waiting = new Set<() => void>();
  /** Neighbours that may yet prove to be gateways. */
  #unproved = 0;

  constructor(events: KernelEvents, questions: Questions) {
    this.#events = events;
    this.#questions = questions;
  }

  /** False: a record of no kind known here. */
  take(
    where: Where,
    event: BpfEvent,
    family: Family,
    provenance: Provenance,
    process: Process | null,
  ): boolean {
    const protocol = PROTOCOLS[event.u8('protocol')];
    if (protocol === undefined) return false;
    const oif = event.u32('oif');
    const dst = event.address('dst');
    const timeout = timeoutOf(event, protocol, dst);
    const say = (gateway: string | null, ifindex: number, table: number): void => {
      const hops = ifindex === 0 && gateway === null ? [] : [plainHop(where, gateway, ifindex)];
      this.#events.say(where, {
        probe: 'losing',
        timeNs: timeout.timeNs,
        process,
        parts: hostRoute(this.#events.names, family, dst, hops, { table }),
        provenance,
        kernelAddress: timeout.kernelAddress,
        timeout: timeout.section,
      });
    };
    if (protocol === 'neighbour') {
      // Neighbours come and go; a path is lost when a route leads through one.
      this.#onceGateway(where, dst, oif, () => {
        say(null, oif, 0);
      });
    } else if (oif !== 0 || where.watched === null) say(event.addressOrNull('gateway'), oif, 0);
    else this.#lookUp(where.watched.state.number, event, family, say);
    return true;
  }

  /** The route through it may still be on its way to the mirror, or the zone be learnt: looked for again. */
  #onceGateway(where: Where, address: string, ifindex: number, say: () => void): void {
    const { watched } = where;
    if (watched === null) return;
    const look = (tries: number): void => {
      if (isGateway(watched.state, address, ifindex)) say();
      else if (tries > 0 && this.#unproved < MOST_UNPROVED && !watched.sync.isClosed) {
        this.#unproved++;
        this.#questions.timer(LOOK_AGAIN_MS, () => {
          this.#unproved--;
          look(tries - 1);
        });
      }
    };
    look(LOOKS);
  }

  /** The kernel drops an IPv6 route before a tracepoint can see it: where it leads is asked. */
  #lookUp(
    zone: number,
    event: BpfEvent,
    family: Family,
    say: (gateway: string | null, ifindex: number, table: number) => void,
  ): void {
    const dst = event.addressBytes('dst');
    const src = event.addressBytes('src');
    const mark = event.u32('mark');
    const uid = event.u32('uid');
    if (dst === null) {
      say(null, 0, 0);
      return;
    }
    const once = (gateway: string | null, ifindex: number, table: number): void => {
      if (this.#waiting.delete(giveUp)) say(gateway, ifindex, table);
    };
    const giveUp = (): void => {
      once(null, 0, 0);
    };
    this.#waiting.add(giveUp);
    const lookup = {
      family: family === 'inet' ? AF.INET : AF.INET6,
      dst,
      ...(src === null ? {} : { src }),
      ...(mark === 0 ? {} : { mark }),
      uid,
    };
    this.#questions.route(
      zone,
      (token) => getRoute(lookup, token),
      ({ route }) => {
        once(route?.gateway ?? null, route?.oif ?? 0, route?.table ?? 0);
      },
    );
    this.#questions.timer(PATIENCE_MS, giveUp);
  }

  /** What still waits is told without an answer. */
  finish(): void {
    for (const giveUp of [...this.#waiting]) giveUp();
  }
}

/** Read at once: the record's bytes may be gone when an answer comes. */
function timeoutOf(
  event: BpfEvent,
  protocol: Timeout['protocol'],
  dst: string,
): { section: Timeout; timeNs: bigint; kernelAddress: string } {
  const ssthresh = event.u32('ssthresh');
  const section: Timeout = {
    protocol,
    src: event.addressOrNull('src'),
    dst,
    sport: event.u16('sport'),
    dport: event.u16('dport'),
    retransmits: event.u32('retransmits'),
    rtoMs: event.u32('rto_ms'),
    srttUs: event.u32('srtt_us'),
    rttvarUs: event.u32('rttvar_us'),
    ssthresh: protocol === 'neighbour' || ssthresh >= NO_SSTHRESH ? null : ssthresh,
    mtu: event.u32('mtu'),
  };
  return { section, timeNs: event.timeNs, kernelAddress: event.kernelAddress };
}

/** Whether a route of the zone leads through this address on this interface. */
function isGateway(state: ZoneState, address: string, ifindex: number): boolean {
  return state.fib.bodies.some((bytes) =>
    readRouteBody(bytes, state.readContext).nexthops.some(
      (hop) => hop.gateway === address && hop.ifindex === ifindex,
    ),
  );
}
