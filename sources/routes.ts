import { hostname } from 'node:os';
import { concatMap, Observable } from 'rxjs';
import { Engine, type EngineOptions } from '../core/engine/engine.js';
import { RoutetapError } from '../core/errors.js';
import type { Family, Probe, RoutetapRecord } from '../core/event.js';
import type { KernelFilter } from '../core/kernel-filter.js';
import type { BpfChoice } from './bpf/choice.js';
import { readNames } from './names-files.js';
import { LiveFeed } from './live-feed.js';

const DEFAULT_AUDIT_MS = 300_000;

/** What to watch. Every member may be left out. */
export interface RoutesOptions {
  /** `self` (default), `all`, or the name of a network namespace. */
  readonly zone?: string;
  /** These routes only; applied in the kernel. */
  readonly family?: Family;
  /** RTA_TABLE numbers; applied in the kernel. */
  readonly tables?: readonly number[];
  /** rtm_protocol numbers; applied in the kernel. */
  readonly protocols?: readonly number[];
  /**
   * eBPF programs: `auto` (default) takes the best the kernel lets load, and goes on without where it lets none;
   * `require` errors then (kind `privilege`); `off` loads none; `fentry`, `kprobe` or `tracepoint` that mechanism alone.
   * What serves is told by the `status` record `what: "tiers"`.
   */
  readonly bpf?: BpfChoice;
  /** What you want to see: programs for other probes are not loaded. It filters nothing else. */
  readonly probes?: readonly Probe[];
  /** Receive buffer of each zone's event socket, 64 MiB by default. */
  readonly receiveBufferBytes?: number;
  /** Say the routes that exist first, as `status` records `what: "route"`. */
  readonly snapshot?: boolean;
  /** Also write the kernel's raw bytes here, for `routetap replay`. */
  readonly recordFile?: string;
  /** Time between two audits of the mirror, five minutes by default; 0: never. */
  readonly auditMs?: number;
  /** Events carry the raw message. */
  readonly raw?: boolean;
  /** Waited for before more is read, while a consumer is behind. */
  readonly patience?: () => Promise<void> | null;
  /** Abort: what the kernel has sent is still read, a `status` record `what: "stop"` said, then the end. */
  readonly signal?: AbortSignal;
  /** `host` of every record; this machine's name by default. */
  readonly host?: string;
  /** One line when something besides the stream goes wrong (a recording that can't go on). */
  readonly warn?: (line: string) => void;
}

/** The same options with their defaults, as the engine takes them. */
function engineOptionsOf(options: RoutesOptions): EngineOptions {
  const filter: KernelFilter = {
    family: options.family ?? null,
    tables: options.tables ?? null,
    protocols: options.protocols ?? null,
  };
  return {
    host: options.host ?? hostname(),
    names: readNames(),
    filter,
    snapshot: options.snapshot ?? false,
    raw: options.raw ?? false,
    auditMs: options.auditMs ?? DEFAULT_AUDIT_MS,
    allZones: options.zone === 'all',
  };
}

/**
 * Every route event of the chosen network namespaces, in batches as they come from the kernel: the cheap
 * form of `routes`. Cold: each subscription opens its own sockets, unsubscribing closes them.
 * Errors with a RoutetapError when the source can't be opened or dies.
 */
export function routeBatches(options: RoutesOptions = {}): Observable<readonly RoutetapRecord[]> {
  return new Observable((subscriber) => {
    const engineOptions = engineOptionsOf(options);
    let closing = false;
    const feed = new LiveFeed(options, engineOptions, {
      engine: (ask) => new Engine(engineOptions, ask),
      records: (records) => {
        subscriber.next(records);
      },
      done: () => {
        subscriber.complete();
      },
      failed: (error) => {
        subscriber.error(
          error instanceof RoutetapError
            ? error
            : new RoutetapError('runtime', error.message, { cause: error }),
        );
      },
    });
    const stop = (): void => {
      feed.stop();
    };
    feed.start().catch((error: unknown) => {
      if (!closing) subscriber.error(error);
    });
    if (options.signal?.aborted === true) stop();
    else options.signal?.addEventListener('abort', stop, { once: true });
    return () => {
      closing = true;
      options.signal?.removeEventListener('abort', stop);
      void feed.close();
    };
  });
}

/** Every route event of the chosen network namespaces, one by one. See `routeBatches`. */
export const routes = (options: RoutesOptions = {}): Observable<RoutetapRecord> =>
  routeBatches(options).pipe(concatMap((batch) => batch));
