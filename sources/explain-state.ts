import { release } from 'node:os';
import { lookupFlow, explain, type Explanation } from '../core/lookup/lookup.js';
import { readKernelAnswer, type KernelAnswer } from '../core/lookup/kernel-answer.js';
import { MirrorBuilder } from '../core/lookup/mirror.js';
import type { LookupQuestion } from '../core/lookup/question.js';
import type { Flow } from '../core/lookup/state.js';
import { TABLE } from '../core/lookup/table-inet.js';
import type { Names } from '../core/names/names.js';
import { parseAddress } from '../core/wire/address.js';
import { AF, RTM } from '../core/wire/constants.js';
import {
  dumpAddresses,
  dumpAddressLabels,
  dumpExceptions,
  dumpLinks,
  dumpNeighbours,
  dumpNetconf,
  dumpNexthops,
  dumpRoutes,
  dumpRules,
  getRoute,
  type RouteLookup,
} from '../core/wire/requests.js';
import { NetlinkQuery } from './netlink-query.js';

const IPPROTO = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;
const NO_UID = 0xffffffff;

/** The flow the kernel makes of a request (inet_rtm_getroute and inet6_rtm_getroute). */
function flowOf(asked: LookupQuestion): Flow {
  const isInet = asked.dst.length === 4;
  const isReceived = asked.iif !== undefined;
  const own = process.getuid?.() ?? 0;
  // IPv4 takes a packet that is received for root's, and one of no protocol for UDP.
  const uid = isReceived ? (isInet ? 0 : (asked.uid ?? NO_UID)) : (asked.uid ?? own);
  const ipproto = asked.ipproto ?? (isInet ? IPPROTO.UDP : 0);
  // A received ICMP packet is looked into, and has no ports.
  const hasPorts = !(isInet && isReceived && ipproto === IPPROTO.ICMP);
  return {
    family: isInet ? 'inet' : 'inet6',
    dst: asked.dst,
    // IPv4 takes 0.0.0.0 for no source at all.
    src: isInet && asked.src?.every((byte) => byte === 0) ? null : (asked.src ?? null),
    iif: asked.iif ?? 0,
    oif: isReceived ? 0 : (asked.oif ?? 0),
    mark: asked.mark ?? 0,
    uid,
    ipproto,
    sport: hasPorts ? (asked.sport ?? 0) : 0,
    dport: hasPorts ? (asked.dport ?? 0) : 0,
    tos: asked.tos ?? 0,
  };
}

/** Does the kernel answer questions about this protocol? (rtm_getroute_parse_ip_proto.) */
function isAskable({ family, ipproto }: Flow): boolean {
  if (ipproto === 0 || ipproto === IPPROTO.TCP || ipproto === IPPROTO.UDP) return true;
  return ipproto === (family === 'inet' ? IPPROTO.ICMP : IPPROTO.ICMPV6);
}

/** Linux 6.15 made rules that name a VRF match what belongs to it. */
function rulesMatchVrf(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 15);
}

/** A mirror that disagrees with the kernel is taken again: it may have changed between. */
const TRIES = 3;

/** Answers lookups in one namespace, from dumps and by the kernel. Needs no privilege in our own. */
export class Explainer {
  readonly #query: NetlinkQuery;
  readonly #names: Names;

  /** `path` of the namespace's file, null for our own. Throws a RoutetapError when it can't be entered. */
  constructor(path: string | null, names: Names) {
    this.#query = new NetlinkQuery(path);
    this.#names = names;
  }

  close(): Promise<void> {
    return this.#query.close();
  }

  /** ifindex of an interface by its name, null where there is none. */
  async ifindex(name: string): Promise<number | null> {
    const flow = flowOf({ dst: new Uint8Array(4) });
    const mirror = new MirrorBuilder(flow, this.#names);
    await this.#take(mirror, dumpLinks);
    const { devices } = mirror.build({ isMerged: false, rulesMatchVrf: false });
    return [...devices.values()].find((device) => device.name === name)?.ifindex ?? null;
  }

  /** Explains one lookup. Rejects with a RoutetapError when the kernel can't be asked at all. */
  async explain(asked: LookupQuestion): Promise<Explanation> {
    let last = await this.#once(asked);
    for (let tries = 1; tries < TRIES; tries++) {
      if (!last.isTorn && last.explanation.check.verdict !== 'differs') break;
      last = await this.#once(asked);
    }
    return last.explanation;
  }

  async #once(asked: LookupQuestion): Promise<{ explanation: Explanation; isTorn: boolean }> {
    const flow = flowOf(asked);
    const family = flow.family === 'inet' ? AF.INET : AF.INET6;
    const mirror = new MirrorBuilder(flow, this.#names);
    const dumps = [
      dumpLinks,
      (seq: number) => dumpRules(family, seq),
      (seq: number) => dumpAddresses(family, seq),
      (seq: number) => dumpNetconf(family, seq),
      dumpNexthops,
      (seq: number) => dumpNeighbours(family, seq),
      ...(family === AF.INET6 ? [dumpAddressLabels] : []),
    ];
    // The kernel answers one after the other; asked at once, the answers come in few batches.
    const ends = await Promise.all([
      ...dumps.map((request) => this.#take(mirror, request)),
      this.#query.ask(
        (seq) => dumpRoutes({ family }, seq),
        (bytes, { type, start, end }) => {
          if (type === RTM.NEWROUTE) mirror.takeRoute(bytes, start, end);
        },
      ),
      this.#query.ask(
        (seq) => dumpExceptions(family, seq),
        (bytes, { type, start, end }) => {
          if (type === RTM.NEWROUTE) mirror.takeException(bytes, start, end);
        },
      ),
    ]);
    const isMerged = family === AF.INET && (await this.#isMerged(mirror));
    const state = mirror.build({ isMerged, rulesMatchVrf: rulesMatchVrf() });
    const outcome = lookupFlow(flow, state);
    const lookup: RouteLookup = { ...asked, family };
    const isAsked = isAskable(flow);
    const [plain, match] = await Promise.all([
      isAsked ? this.#answer(lookup, mirror) : null,
      isAsked ? this.#answer({ ...lookup, fibMatch: true }, mirror) : null,
    ]);
    const explanation = explain(flow, state, outcome, plain, match);
    return { explanation, isTorn: ends.some(({ isTorn }) => isTorn) };
  }

  #take(mirror: MirrorBuilder, request: (seq: number) => Uint8Array) {
    return this.#query.ask(request, (bytes, { type, start, end }) => {
      mirror.take(bytes, type, start, end);
    });
  }

  async #answer(lookup: RouteLookup, mirror: MirrorBuilder): Promise<KernelAnswer> {
    const answers: KernelAnswer[] = [];
    const { errno, message } = await this.#query.ask(
      (seq) => getRoute(lookup, seq),
      (bytes, { type, start, end }) => {
        const answer =
          type === RTM.NEWROUTE ? readKernelAnswer(bytes, start, end, mirror.context) : null;
        if (answer !== null) answers.push(answer);
      },
    );
    return answers[0] ?? { errno, message, route: null };
  }

  /**
   * Are `local` and `main` one trie? They are until the first rule is added or deleted, which the rules alone don't
   * tell. A local address is then answered as one of `main`.
   */
  async #isMerged(mirror: MirrorBuilder): Promise<boolean> {
    const { rules, addresses } = mirror;
    const tables = [TABLE.LOCAL, TABLE.MAIN, TABLE.DEFAULT];
    const priorities = [0, 32766, 32767];
    const isDefault =
      rules.length === tables.length &&
      rules.every(
        (rule, i) => rule.table === tables[i] && rule.priority === priorities[i] && isForAll(rule),
      );
    if (!isDefault) return false;
    for (const { local } of addresses) {
      const dst = parseAddress(local);
      if (dst === null) continue;
      const { route } = await this.#answer({ family: AF.INET, dst }, mirror);
      if (route?.body.type === 'local') return route.table === TABLE.MAIN;
    }
    return true;
  }
}

const isForAll = (rule: MirrorBuilder['rules'][number]): boolean =>
  rule.action === 'lookup' &&
  !rule.not &&
  [rule.src, rule.dst, rule.iif, rule.oif, rule.fwmark, rule.uidrange, rule.ipproto].every(
    (selector) => selector === null,
  );
