import { AF } from '../wire/constants.js';
import { dumpLinks, dumpRoutes, type RouteFilter } from '../wire/requests.js';
import type { RouteScan } from '../wire/scan.js';
import type { KernelFilter } from '../kernel-filter.js';
import { DumpComparison } from './dump.js';
import { RecentDeletes } from './recent-deletes.js';
import { settle, type Settled } from './settle.js';
import { NO_SCOPE, mergeScope, type SyncReason, type SyncScope } from './sync-scope.js';
import { Touched } from './touched.js';
import type { ZoneState } from './zone.js';

/** After a trigger, this long for its companions to arrive: one dump answers them all. */
const DEBOUNCE_MS = 50;
/** A lockless dump can run ahead of the broadcast: the genuine message gets this long to arrive. */
const HOLD_MS = 60;
/** A disturbed dump is tried again after 100 ms, 200 ms … */
const AGAIN_MS = 100;
const AGAIN_MAX_MS = 10_000;
const START_TRIES = 4;
const GHOST_NS = 100_000_000n;
const ENODEV = 19;
const ENOENT = 2;

/** What a sync asks of the engine; answers come back by `handler`. */
export interface SyncPorts {
  query(request: (token: number) => Uint8Array, handler: ReplyHandler): void;
  barrier(done: (timeNs: bigint) => void): void;
  timer(delayMs: number, due: () => void): void;
  /** Time of what is being read, ns since the epoch. */
  now(): bigint;
  /** The zone's first sync is complete. */
  learnt(): void;
  /** A later sync is complete. */
  settled(result: SyncResult): void;
}

/** Gets what a dump brings. */
export interface ReplyHandler {
  /** A datagram with routes begins. */
  datagram(): void;
  route(scan: RouteScan): void;
  done(errno: number): void;
}

export interface SyncResult {
  readonly reason: SyncReason;
  readonly differences: Settled;
  readonly timeNs: bigint;
  readonly durationMs: number;
  /** Nothing was left in doubt. */
  readonly isClean: boolean;
}

type Step = 'links' | 'inet' | 'inet6';

/**
 * Subscribe, dump, reconcile for one zone (docs/architecture.md): wait for companions, drain, dump, drain, hold,
 * settle. One at a time; what is asked meanwhile follows.
 */
export class ZoneSync {
  readonly touched = { inet: new Touched(), inet6: new Touched() };
  readonly #zone: ZoneState;
  readonly #filter: KernelFilter;
  readonly #ports: SyncPorts;
  readonly #sayLearnt: boolean;
  #phase: 'idle' | 'waiting' | 'running' | 'closed' = 'idle';
  #wanted: SyncScope = NO_SCOPE;
  #learnt = false;
  /** The family was never dumped undisturbed: what turns up is old, not new. */
  readonly #learning = { inet: true, inet6: true };
  readonly #deleted = new RecentDeletes();
  #mark = 0;
  #tries = 0;
  /** Messages that change IPv6 tables, counted to know an undisturbed dump. */
  #inet6Messages = 0;

  /** `sayLearnt`: a snapshot was given, so what a later look brings to light has to be told too. */
  constructor(zone: ZoneState, filter: KernelFilter, ports: SyncPorts, sayLearnt: boolean) {
    this.#zone = zone;
    this.#filter = filter;
    this.#ports = ports;
    this.#sayLearnt = sayLearnt;
  }

  get isLearnt(): boolean {
    return this.#learnt;
  }

  /** Nothing is being looked at, nor about to be. */
  get isIdle(): boolean {
    return this.#phase === 'idle' && this.#learnt;
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** First dump of the zone. */
  start(): void {
    this.#wanted = { reason: 'start', inet: true, inet6: true, oif: 0, links: true };
    this.#run();
  }

  request(scope: SyncScope, delayMs = DEBOUNCE_MS): void {
    if (this.#phase === 'closed') return;
    this.#wanted = mergeScope(this.#wanted, scope);
    this.#touch();
    if (this.#phase !== 'idle' || !this.#learnt) return;
    this.#phase = 'waiting';
    this.#ports.timer(delayMs, () => {
      if (this.#phase === 'waiting') this.#run();
    });
  }

  /** Messages from now on are kept apart from what a dump says. */
  #touch(): void {
    if (!this.touched.inet.isOpen) {
      this.touched.inet.open();
      // fib_table_delete tells before it unlinks: a dump can still show what was just deleted.
      this.#deleted.since(this.#ports.now() - GHOST_NS, (hash) => {
        this.touched.inet.add(hash);
      });
    }
    if (!this.touched.inet6.isOpen) this.touched.inet6.open();
  }

  close(): void {
    this.#phase = 'closed';
    this.touched.inet.close();
    this.touched.inet6.close();
  }

  noteRoute(hash: number, inet6: boolean, isDelete: boolean): void {
    if (inet6) {
      this.#inet6Messages++;
      this.touched.inet6.add(hash);
      return;
    }
    this.touched.inet.add(hash);
    if (isDelete) this.#deleted.add(hash, this.#ports.now());
  }

  /** A link or address message, or a loss: IPv6 tables may have changed without a route message read. */
  noteOther(): void {
    this.#inet6Messages++;
  }

  #run(): void {
    const scope = this.#wanted;
    this.#wanted = NO_SCOPE;
    this.#phase = 'running';
    this.#touch();
    this.#mark = this.#mark >= 0xffff ? 1 : this.#mark + 1;
    this.#ports.barrier((startNs) => {
      const steps: Step[] = [];
      if (scope.links) steps.push('links');
      if (scope.inet && this.#filter.family !== 'inet6') steps.push('inet');
      if (scope.inet6 && this.#filter.family !== 'inet') steps.push('inet6');
      const before = this.#inet6Messages;
      this.#steps(steps, scope, startNs, [], (dumps, failed) => {
        this.#ports.barrier((endNs) => {
          const disturbed = this.#inet6Messages !== before;
          this.#compare(scope, dumps, disturbed, failed, startNs, endNs);
        });
      });
    });
  }

  #steps(
    steps: readonly Step[],
    scope: SyncScope,
    startNs: bigint,
    dumps: readonly DumpComparison[],
    done: (dumps: readonly DumpComparison[], failed: boolean) => void,
  ): void {
    const [step, ...rest] = steps;
    if (this.#phase === 'closed') return;
    if (step === undefined) {
      done(dumps, false);
      return;
    }
    if (step === 'links') {
      this.#ports.query(dumpLinks, {
        datagram: () => undefined,
        route: () => undefined,
        done: () => {
          this.#steps(rest, scope, startNs, dumps, done);
        },
      });
      return;
    }
    const inet6 = step === 'inet6';
    const comparison = new DumpComparison({
      fib: this.#zone.fib,
      inet6,
      touched: this.touched[step],
      mark: this.#mark,
      nowMs: Number(startNs / 1_000_000n),
      oif: inet6 ? 0 : scope.oif,
      learn: this.#learning[step],
    });
    this.#ports.query((token) => dumpRoutes(this.#dumpFilter(inet6, scope), token), {
      datagram: () => {
        comparison.datagrams++;
      },
      route: (scan) => {
        comparison.entry(scan);
      },
      done: (errno) => {
        // No such table: an empty one. No such device: the scope was too narrow.
        if (errno === ENODEV) comparison.tooNarrow = true;
        if (errno !== 0 && errno !== ENOENT) {
          comparison.failed = true;
          done([...dumps, comparison], true);
          return;
        }
        this.#steps(rest, scope, startNs, [...dumps, comparison], done);
      },
    });
  }

  #dumpFilter(inet6: boolean, scope: SyncScope): RouteFilter {
    const { tables, protocols } = this.#filter;
    const table = tables?.length === 1 ? tables[0] : undefined;
    const protocol = protocols?.length === 1 ? protocols[0] : undefined;
    return {
      family: inet6 ? AF.INET6 : AF.INET,
      ...(table === undefined ? {} : { table }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(inet6 || scope.oif === 0 ? {} : { oif: scope.oif }),
    };
  }

  #compare(
    scope: SyncScope,
    dumps: readonly DumpComparison[],
    disturbed: boolean,
    failed: boolean,
    startNs: bigint,
    endNs: bigint,
  ): void {
    if (this.#phase === 'closed') return;
    for (const dump of dumps) {
      // A dump of one datagram is a snapshot; a longer one restarts and skips when the tree changes under it.
      const unsure = dump.inet6 && disturbed && dump.datagrams > 1;
      dump.unsure = unsure;
      dump.end(!unsure && !dump.failed && !dump.tooNarrow);
    }
    const finish = (): void => {
      this.#settle(scope, dumps, failed, startNs, endNs);
    };
    const quiet = dumps.every((dump) => dump.differences.length === 0 && dump.gone.length === 0);
    if (!this.#learnt || quiet) finish();
    else this.#ports.timer(HOLD_MS, finish);
  }

  #settle(
    scope: SyncScope,
    dumps: readonly DumpComparison[],
    failed: boolean,
    startNs: bigint,
    endNs: bigint,
  ): void {
    if (this.#phase === 'closed') return;
    const result = settle(
      this.#zone.fib,
      dumps,
      this.touched,
      this.#learning,
      this.#mark,
      this.#learnt && this.#sayLearnt,
    );
    let again: SyncScope = NO_SCOPE;
    for (const dump of dumps) {
      const family = dump.inet6 ? 'inet6' : 'inet';
      const clean = !dump.unsure && !dump.failed && !dump.tooNarrow && dump.ignored === 0;
      if (clean) {
        if (scope.oif === 0 || dump.inet6) this.#learning[family] = false;
      } else {
        again = mergeScope(again, {
          reason: scope.reason === 'resync' ? 'resync' : 'again',
          inet: !dump.inet6,
          inet6: dump.inet6,
          oif: 0,
          links: false,
        });
      }
    }
    if (failed) again = mergeScope(again, { ...scope, oif: 0, reason: scope.reason });
    this.touched.inet.close();
    this.touched.inet6.close();
    this.#phase = 'idle';
    const first = !this.#learnt;
    // Churn at the start: a few more looks before the first word, so that it is a true one.
    const doubtful = first && again !== NO_SCOPE && this.#tries++ < START_TRIES;
    if (!failed && !doubtful) {
      this.#learnt = true;
      this.#zone.fib.learning = false;
    }
    if (first) {
      if (this.#learnt) {
        this.#tries = 0;
        this.#ports.learnt();
      } else {
        this.#retryStart(scope);
        return;
      }
    } else {
      this.#ports.settled({
        reason: scope.reason,
        differences: result,
        timeNs: startNs,
        durationMs: Number((endNs - startNs) / 1000n) / 1000,
        isClean: again === NO_SCOPE,
      });
    }
    this.#follow(again);
  }

  #retryStart(scope: SyncScope): void {
    this.#wanted = mergeScope(this.#wanted, scope);
    this.#touch();
    this.#phase = 'waiting';
    this.#ports.timer(AGAIN_MS, () => {
      if (this.#phase === 'waiting') this.#run();
    });
  }

  #follow(again: SyncScope): void {
    const pending = this.#wanted;
    this.#wanted = NO_SCOPE;
    if (again === NO_SCOPE) this.#tries = 0;
    if (pending !== NO_SCOPE) this.request(mergeScope(again, pending));
    else if (again !== NO_SCOPE) {
      this.request(again, Math.min(AGAIN_MS * 2 ** this.#tries, AGAIN_MAX_MS));
      this.#tries++;
    }
  }
}
