import type { BpfEvent } from '../bpf/read-event.js';
import type { CauseKind, Process } from '../event.js';
import { parsePrefix, prefixText } from '../wire/address.js';
import { AF, NLM_F, RTM } from '../wire/constants.js';

/** Who asked, as a program saw it at the call. */
export interface Requester {
  readonly process: Process;
  /** `struct sock *` the request was sent through. */
  readonly kernelAddress: string;
}

interface Remembered extends Requester {
  readonly timeNs: bigint;
  readonly type: number;
  /** AF_*; 0 where the request names none. */
  readonly family: number;
  readonly ifindex: number;
}

/** Of a message's header. */
interface NamedMessage {
  readonly type: number;
  readonly seq: number;
  readonly portid: number;
}

/** A request is told again each second while it goes on; a port id is not given to another process that soon. */
const PORTID_HOLDS_NS = 60_000_000_000n;
/** What a request without an answer of its own may have set moving. */
const WINDOW_NS = 2_000_000_000n;
/** Wall clock and boot clock are not read at the same moment. */
const CLOCK_SLACK_NS = 1_000_000n;
const PORTIDS = 4096;
const KEPT = 256;

const LINK: ReadonlySet<number> = new Set([RTM.NEWLINK, RTM.SETLINK, RTM.DELLINK]);
const ADDRESS: ReadonlySet<number> = new Set([RTM.NEWADDR, RTM.DELADDR]);
const LINK_KINDS: ReadonlySet<CauseKind> = new Set(['link-up', 'link-down', 'link-removed', 'vrf']);

/** The requests of one zone, seen before the kernel ran them: who stands behind what the kernel then tells. */
export class Requests {
  readonly #byPortid = new Map<number, Remembered>();
  /** Of links and addresses whose messages name nobody; oldest first. */
  #recent: Remembered[] = [];
  #routes: (Remembered & { readonly dst: string })[] = [];
  /** From sockets without a port id yet: the kernel chose one inside the call. */
  #unbound: (Remembered & { readonly nlmsgSeq: number })[] = [];

  saw(event: BpfEvent, process: Process): void {
    const remembered: Remembered = {
      process,
      kernelAddress: event.kernelAddress,
      timeNs: event.timeNs,
      type: event.u16('nlmsg_type'),
      family: event.u8('family'),
      ifindex: event.u32('oif'),
    };
    const portid = event.u32('portid');
    if (portid !== 0) {
      if (this.#byPortid.size >= PORTIDS) this.#forgetOldest();
      this.#byPortid.delete(portid);
      this.#byPortid.set(portid, remembered);
      // Told once more at the end of the call, with the port id.
      this.#unbound = this.#unbound.filter(
        ({ kernelAddress }) => kernelAddress !== remembered.kernelAddress,
      );
    }
    const isIoctl = portid === 0 && (event.u16('nlmsg_flags') & NLM_F.REQUEST) === 0;
    if (portid === 0 && !isIoctl) {
      const unbound = { ...remembered, nlmsgSeq: event.u32('nlmsg_seq') };
      this.#unbound = [...this.#unbound.slice(1 - KEPT), unbound];
    }
    // Of the messages about addresses, those of IPv6 have no port id (inet6_fill_ifaddr), whoever asked.
    const isNameless = isIoctl || remembered.family === AF.INET6;
    if (LINK.has(remembered.type) || (isNameless && ADDRESS.has(remembered.type))) {
      this.#recent = [...this.#recent.slice(1 - KEPT), remembered];
    } else if (isIoctl) {
      const dst = prefixOf(event);
      if (dst !== null) this.#routes = [...this.#routes.slice(1 - KEPT), { ...remembered, dst }];
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#byPortid.keys();
    if (oldest !== undefined) this.#byPortid.delete(oldest);
  }

  /** A message came: its port id is that of the socket without one that asked for it, if any did. */
  bind({ portid, type, seq }: NamedMessage, timeNs: bigint): void {
    if (this.#unbound.length === 0 || portid === 0 || this.by(portid, timeNs) !== null) return;
    const found = this.#unbound.find(
      (asked) => asked.nlmsgSeq === seq && isAbout(asked.type, type) && isBefore(asked, timeNs),
    );
    this.#unbound = this.#unbound.filter(
      (asked) => asked !== found && timeNs - asked.timeNs <= WINDOW_NS,
    );
    if (found !== undefined) this.#byPortid.set(portid, found);
  }

  by(portid: number, timeNs: bigint): Requester | null {
    const found = this.#byPortid.get(portid);
    return found === undefined || timeNs - found.timeNs > PORTID_HOLDS_NS ? null : found;
  }

  /** Who asked for this route by ioctl(SIOCADDRT) or ioctl(SIOCDELRT); said once. */
  takeRoute(type: number, dst: string, timeNs: bigint): Requester | null {
    const found = this.#routes.findLast(
      (asked) => asked.type === type && asked.dst === dst && isBefore(asked, timeNs),
    );
    if (found === undefined) return null;
    this.#routes = this.#routes.filter((asked) => asked !== found);
    return found;
  }

  /** Who made the kernel send a link or address message in its own name. `family`: of the address, 0 for a link. */
  behind(kind: CauseKind, ifindex: number, family: number, timeNs: bigint): Process | null {
    const isAddress = kind === 'address-added' || kind === 'address-removed';
    if (!isAddress && !LINK_KINDS.has(kind)) return null;
    const candidates = this.#recent.filter((asked) => {
      if (!isBefore(asked, timeNs)) return false;
      if (!isAddress) return LINK.has(asked.type);
      if (ADDRESS.has(asked.type)) {
        const mayDo = asked.type === RTM.NEWADDR || kind === 'address-removed';
        return mayDo && (asked.family === 0 || asked.family === family);
      }
      // A link that goes takes its addresses along.
      return kind === 'address-removed' && asked.ifindex !== 0;
    });
    const found =
      candidates.findLast((asked) => asked.ifindex === ifindex) ??
      candidates.findLast((asked) => asked.ifindex === 0);
    return found?.process ?? null;
  }
}

/** RTM_SETLINK is answered by RTM_NEWLINK. */
const isAbout = (asked: number, told: number): boolean =>
  asked === told || (LINK.has(asked) && LINK.has(told));

const isBefore = ({ timeNs }: Remembered, thenNs: bigint): boolean =>
  timeNs <= thenNs + CLOCK_SLACK_NS && thenNs - timeNs <= WINDOW_NS;

/** The prefix as the kernel has it: without host bits. Null: no route of the two families. */
function prefixOf(event: BpfEvent): string | null {
  const type = event.u16('nlmsg_type');
  const family = event.u8('family');
  if (type !== RTM.NEWROUTE && type !== RTM.DELROUTE) return null;
  if (family !== AF.INET && family !== AF.INET6) return null;
  const prefix = parsePrefix(`${event.address('dst')}/${event.u8('prefix_len')}`);
  return prefix === null ? null : prefixText(prefix);
}
