import { NLMSG, RTM } from '../wire/constants.js';
import { readRouteAnswer, type RouteAnswer } from '../wire/route-answer.js';
import type { EngineAsk } from './ask.js';
import type { FramePlace } from './frames.js';
import { readMessages } from './messages.js';
import type { ReplyHandler } from './sync.js';

type Due = (timeNs: bigint) => void;

/** What came of asking for a route. */
export interface Answered {
  /** Null: the kernel has no route for it, or could not be asked. */
  readonly route: RouteAnswer | null;
  /** False: the question was never answered. */
  readonly isHeard: boolean;
}

/** What is asked of the outside and not answered yet. Tokens are counted, so that a replay asks with the same ones. */
export class Questions {
  readonly #ask: EngineAsk;
  readonly #replies = new Map<number, ReplyHandler>();
  readonly #routes = new Map<number, (answered: Answered) => void>();
  readonly #barriers = new Map<number, Due>();
  readonly #timers = new Map<number, Due>();
  #token = 0;

  constructor(ask: EngineAsk) {
    this.#ask = ask;
  }

  /** A dump. */
  dump(zone: number, request: (token: number) => Uint8Array, handler: ReplyHandler): void {
    const token = ++this.#token;
    this.#replies.set(token, handler);
    this.#ask.query(zone, token, request(token));
  }

  /** RTM_GETROUTE of one address: one message answers it. */
  route(
    zone: number,
    request: (token: number) => Uint8Array,
    done: (answered: Answered) => void,
  ): void {
    const token = ++this.#token;
    this.#routes.set(token, done);
    this.#ask.query(zone, token, request(token));
  }

  barrier(zone: number, done: Due): void {
    const token = ++this.#token;
    this.#barriers.set(token, done);
    this.#ask.barrier(zone, token);
  }

  timer(delayMs: number, due: Due): void {
    const token = ++this.#token;
    this.#timers.set(token, due);
    this.#ask.timer(token, delayMs);
  }

  /** Handler of the dump a REPLY frame belongs to. */
  replyHandler(token: number): ReplyHandler | undefined {
    return this.#replies.get(token);
  }

  replied(token: number): void {
    this.#replies.delete(token);
  }

  /** A REPLY frame to `route`; false: it is of a dump. */
  answered({ value, start, end }: FramePlace, bytes: Uint8Array, view: DataView): boolean {
    const done = take(this.#routes, value);
    if (done === undefined) return false;
    let route: RouteAnswer | null = null;
    let isHeard = false;
    readMessages(view, start, end, (message) => {
      if (message.type === RTM.NEWROUTE) {
        route = readRouteAnswer(bytes, message.start, message.end);
        isHeard = route !== null;
      } else if (message.type === NLMSG.ERROR) isHeard = true;
    });
    done({ route, isHeard });
    return true;
  }

  failed(token: number, errno: number): void {
    take(this.#replies, token)?.done(errno);
    take(this.#routes, token)?.({ route: null, isHeard: false });
  }

  barrierReached(token: number, timeNs: bigint): void {
    take(this.#barriers, token)?.(timeNs);
  }

  timerDue(token: number, timeNs: bigint): void {
    take(this.#timers, token)?.(timeNs);
  }
}

function take<T>(map: Map<number, T>, token: number): T | undefined {
  const found = map.get(token);
  map.delete(token);
  return found;
}
