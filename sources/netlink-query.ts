import { getSystemErrorName } from 'node:util';
import { eachFrame } from '../core/engine/frames.js';
import { readMessages, type Message } from '../core/engine/messages.js';
import { RoutetapError } from '../core/errors.js';
import { FRAME_KIND } from '../core/frame.js';
import { NLM_F, NLMSG } from '../core/wire/constants.js';
import { readNlError, type NlError } from '../core/wire/nlerror.js';
import { openLiveReader, type LiveReader } from './rtnetlink/live.js';

/** Takes one message of an answer; the bytes are valid during the call only. */
export type TakeMessage = (bytes: Uint8Array, message: Message) => void;

/** How an answer ended. */
export interface AnswerEnd extends NlError {
  /** The kernel's table changed while it was dumped (NLM_F_DUMP_INTR). */
  readonly isTorn: boolean;
}

interface Pending {
  readonly take: TakeMessage;
  readonly done: (end: AnswerEnd) => void;
  readonly failed: (error: Error) => void;
  isTorn: boolean;
}

const ZONE = 0;
/** Classic BPF `ret 0`: no event of the namespace is wanted. */
const NO_EVENTS = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0, 0);
const SUCCESS: NlError = { errno: 0, message: null, offset: null };

/** Requests to the rtnetlink of one namespace, one after the other, without an engine behind them. */
export class NetlinkQuery {
  readonly #reader: LiveReader;
  readonly #pending = new Map<number, Pending>();
  #token = 0;

  /** `path` of the namespace's file, null for our own. Throws a RoutetapError when it can't be entered. */
  constructor(path: string | null) {
    this.#reader = openLiveReader({
      receiveBufferBytes: 1 << 16,
      slabs: 8,
      coalesceUs: 0,
      seeProcesses: false,
      onBatch: (bytes) => {
        this.#batch(bytes);
      },
      onError: (error) => {
        for (const { failed } of this.#pending.values()) failed(error);
        this.#pending.clear();
      },
    });
    try {
      this.#reader.addZone(ZONE, path, NO_EVENTS);
    } catch (error) {
      void this.#reader.close();
      throw error;
    }
  }

  /** Sends a request and gives `take` each message of the answer; an errno of the kernel is no failure. */
  ask(request: (token: number) => Uint8Array, take: TakeMessage): Promise<AnswerEnd> {
    const token = ++this.#token;
    return new Promise((resolve, reject) => {
      this.#pending.set(token, { take, done: resolve, failed: reject, isTorn: false });
      this.#reader.query(ZONE, token, request(token));
    });
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #batch(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    eachFrame(view, ({ kind, value, extra, start, end }) => {
      const pending = this.#pending.get(value);
      if (pending === undefined) return;
      if (kind === FRAME_KIND.QUERY_FAILED) {
        this.#pending.delete(value);
        pending.failed(askFailed(extra));
      } else if (kind === FRAME_KIND.REPLY) {
        readMessages(view, start, end, (message) => {
          this.#message(bytes, message, value, pending);
        });
      }
    });
  }

  #message(bytes: Uint8Array, message: Message, token: number, pending: Pending): void {
    const finish = (end: NlError): void => {
      this.#pending.delete(token);
      pending.done({ ...end, isTorn: pending.isTorn });
    };
    if ((message.flags & NLM_F.DUMP_INTR) !== 0) pending.isTorn = true;
    if (message.type === NLMSG.DONE || message.type === NLMSG.ERROR) {
      finish(readNlError(bytes, message.start, message.end) ?? SUCCESS);
      return;
    }
    pending.take(bytes, message);
    if ((message.flags & NLM_F.MULTI) === 0) finish(SUCCESS);
  }
}

function askFailed(errno: number): RoutetapError {
  const code = errno === 0 ? 'EIO' : getSystemErrorName(-errno);
  return new RoutetapError('runtime', `cannot ask the kernel by rtnetlink: ${code}`, { code });
}
