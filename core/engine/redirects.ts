import { RT_REASON, RT_VERDICT } from '../bpf/layout.gen.js';
import { REASON_WORDS, reasonText } from '../bpf/reasons.js';
import type { Family, Provenance, Redirect } from '../event.js';
import type { RouteParts } from '../route-body.js';
import { addressText } from '../wire/address.js';
import { AF, RTM_F } from '../wire/constants.js';
import { getRoute } from '../wire/requests.js';
import type { RouteAnswer } from '../wire/route-answer.js';
import { hostRoute, plainHop, RTPROT, type KernelEvents, type Where } from './kernel-events.js';
import type { Questions } from './questions.js';

/** The kernel takes a redirect in within a softirq; this long after it was seen coming in. */
const FIRST_LOOK_MS = 5;
const SECOND_LOOK_MS = 30;
const PATIENCE_MS = 1000;
/** Redirects being asked about at a time; anybody can send them. */
const MOST = 128;
/** RTCF_REDIRECTED (include/uapi/linux/in_route.h): the gateway comes from a redirect. */
const RTCF_REDIRECTED = 0x0004_0000;
/** rta_expires counts in 1/100 s. */
const TICKS = 100;

/** What the kernel does not tell apart for those who only see the route. */
const NOT_TAKEN = `${REASON_WORDS[RT_REASON.no_flow] ?? ''}, or ${REASON_WORDS[RT_REASON.not_accepted] ?? ''}`;

/** A redirect as it came in. */
export interface ReceivedRedirect {
  readonly where: Where;
  readonly timeNs: bigint;
  readonly provenance: Provenance;
  readonly kernelAddress: string;
  readonly family: Family;
  readonly iif: number;
  readonly author: string;
  readonly gateway: string;
  /** Null where the record has none. */
  readonly oldGateway: string | null;
  /** 4 or 16 bytes. */
  readonly dst: Uint8Array;
  readonly src: Uint8Array | null;
  /** RT_VERDICT. */
  readonly verdict: number;
  /** RT_REASON. */
  readonly reason: number;
  /** 0: not known. */
  readonly expires: number;
}

type Outcome = Pick<Redirect, 'accepted' | 'reason' | 'expires' | 'old'> & {
  readonly table?: number;
};

interface Pending {
  readonly redirect: ReceivedRedirect;
  readonly key: string;
  /** Another program saw the kernel ask for the new gateway's address. */
  isDeferred: boolean;
  isSettled: boolean;
  /** An answer came, be it that there is no route. */
  isHeard: boolean;
  /** What the first question brought last. */
  current: RouteAnswer | null;
}

const keyOf = ({ where, author, gateway, dst }: ReceivedRedirect): string =>
  `${where.zone.id} ${author} ${gateway} ${dst.join('.')}`;

/** One event for each redirect received; where no program saw the verdict, the kernel's routes tell it. */
export class Redirects {
  readonly #events: KernelEvents;
  readonly #questions: Questions;
  readonly #pending = new Set<Pending>();

  constructor(events: KernelEvents, questions: Questions) {
    this.#events = events;
    this.#questions = questions;
  }

  take(redirect: ReceivedRedirect): void {
    const { verdict, author, oldGateway } = redirect;
    const expires = redirect.expires || null;
    if (verdict === RT_VERDICT.accepted) {
      this.#say(redirect, { accepted: 'yes', reason: null, expires, old: oldGateway ?? author });
    } else if (verdict === RT_VERDICT.rejected) {
      const reason = reasonText(redirect.reason);
      this.#say(redirect, { accepted: 'no', reason, expires: null, old: oldGateway });
    } else if (verdict === RT_VERDICT.deferred) this.#deferred(redirect);
    else this.#ask(redirect);
  }

  /** Decides on what is known so far. */
  finish(): void {
    for (const pending of [...this.#pending]) this.#decide(pending);
  }

  #deferred(redirect: ReceivedRedirect): void {
    const key = keyOf(redirect);
    const pending = [...this.#pending].find((other) => other.key === key && !other.isDeferred);
    if (pending === undefined) this.#sayDeferred(redirect);
    else {
      // Told at once: what the routes show later is the next redirect's doing.
      pending.isDeferred = true;
      this.#decide(pending);
    }
  }

  #sayDeferred(redirect: ReceivedRedirect): void {
    const old = redirect.oldGateway ?? redirect.author;
    this.#say(redirect, { accepted: 'deferred', reason: null, expires: null, old });
  }

  #ask(redirect: ReceivedRedirect): void {
    const { watched } = redirect.where;
    if (watched === null || this.#pending.size >= MOST) {
      this.#sayUnknown(redirect);
      return;
    }
    const pending: Pending = {
      redirect,
      key: keyOf(redirect),
      isDeferred: false,
      isSettled: false,
      isHeard: false,
      current: null,
    };
    this.#pending.add(pending);
    this.#questions.timer(FIRST_LOOK_MS, () => {
      this.#look(pending, watched.state.number, () => {
        this.#questions.timer(SECOND_LOOK_MS, () => {
          this.#look(pending, watched.state.number, () => {
            this.#decide(pending);
          });
        });
      });
    });
    this.#questions.timer(PATIENCE_MS, () => {
      this.#decide(pending);
    });
  }

  /** Asks for the route of what the redirect quotes, then for that of its interface. */
  #look(pending: Pending, zone: number, otherwise: () => void): void {
    if (pending.isSettled) return;
    const { family, dst, src, iif } = pending.redirect;
    const lookup = {
      family: family === 'inet' ? AF.INET : AF.INET6,
      dst,
      ...(src === null ? {} : { src }),
    };
    const ask = (oif: number | null, next: () => void): void => {
      this.#questions.route(
        zone,
        (token) => getRoute(oif === null ? lookup : { ...lookup, oif }, token),
        ({ route, isHeard }) => {
          if (pending.isSettled) return;
          pending.isHeard ||= isHeard;
          if (oif === null) pending.current = route ?? pending.current;
          if (route !== null && shows(pending.redirect, route)) this.#accept(pending, route);
          else next();
        },
      );
    };
    ask(null, () => {
      ask(iif, otherwise);
    });
  }

  #accept(pending: Pending, { expiresTicks, table }: RouteAnswer): void {
    const { redirect } = pending;
    const expires = expiresTicks > 0 ? Math.round(expiresTicks / TICKS) : null;
    const old = redirect.oldGateway ?? redirect.author;
    this.#settle(pending);
    this.#say(redirect, { accepted: 'yes', reason: null, expires, old, table });
  }

  #decide(pending: Pending): void {
    if (pending.isSettled) return;
    this.#settle(pending);
    const { redirect, current } = pending;
    if (pending.isDeferred) this.#sayDeferred(redirect);
    else if (pending.isHeard) {
      const old = redirect.oldGateway ?? current?.gateway ?? null;
      const reason = reasonText(redirect.reason) ?? guess(redirect, current);
      this.#say(redirect, { accepted: 'no', reason, expires: null, old });
    } else this.#sayUnknown(redirect);
  }

  #settle(pending: Pending): void {
    pending.isSettled = true;
    this.#pending.delete(pending);
  }

  #sayUnknown(redirect: ReceivedRedirect): void {
    const { oldGateway: old } = redirect;
    this.#say(redirect, { accepted: 'unknown', reason: null, expires: null, old });
  }

  #say(redirect: ReceivedRedirect, { table, ...outcome }: Outcome): void {
    const { where, timeNs, provenance, kernelAddress, author, gateway } = redirect;
    const parts = (to: string | null, protocol: number, expires: number | null): RouteParts =>
      hostRoute(
        this.#events.names,
        redirect.family,
        addressText(redirect.dst, 0, redirect.dst.length),
        [plainHop(where, to, redirect.iif)],
        { table: table ?? 0, protocol },
        expires,
      );
    this.#events.say(where, {
      probe: 'redirect',
      timeNs,
      process: null,
      parts: parts(isOnLink(redirect) ? null : gateway, RTPROT.REDIRECT, outcome.expires),
      previousParts: outcome.old === null ? null : parts(outcome.old, RTPROT.UNSPEC, null),
      provenance,
      kernelAddress,
      redirect: { author, new: gateway, ...outcome },
    });
  }
}

/** IPv6 names the destination itself as the target where it is a neighbour (RFC 4861, 4.5). */
const isOnLink = ({ family, gateway, dst }: ReceivedRedirect): boolean =>
  family === 'inet6' && gateway === addressText(dst, 0, dst.length);

/** Whether the route is what taking the redirect makes of it. */
function shows(redirect: ReceivedRedirect, { flags, gateway }: RouteAnswer): boolean {
  if (redirect.family === 'inet') {
    return (flags & RTCF_REDIRECTED) !== 0 && gateway === redirect.gateway;
  }
  // Of an IPv6 route only an exception is cloned (RTF_CACHE).
  if ((flags & RTM_F.CLONED) === 0) return false;
  return gateway === redirect.gateway || (gateway === null && isOnLink(redirect));
}

function guess(redirect: ReceivedRedirect, current: RouteAnswer | null): string | null {
  if (current !== null && current.gateway !== redirect.author) {
    return reasonText(RT_REASON.not_the_gateway);
  }
  return NOT_TAKEN;
}
