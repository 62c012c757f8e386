import { comparableRecordRoute, type ComparableRoute } from './compare-state.js';

/** The members of a JSON line this tool reads; lean lines leave defaults out. */
export interface JsonRecord {
  readonly v: number;
  readonly type: string;
  readonly seq: number;
  readonly time: string;
  readonly what?: string;
  readonly probe?: string;
  readonly inferred?: boolean;
  readonly cause?: { readonly kind: string; readonly trigger?: Readonly<Record<string, unknown>> };
  readonly zone?: { readonly id?: number; readonly name?: string };
  readonly process?: {
    readonly pid?: number;
    readonly comm?: string;
    readonly confidence?: string;
  };
  readonly route?: Readonly<Record<string, unknown>>;
  readonly previous?: Readonly<Record<string, unknown>>;
  readonly lost?: number;
  readonly source?: string;
  readonly reason?: string;
  readonly provenance?: string;
  readonly [member: string]: unknown;
}

const HISTORY = 12;

const dstOf = (record: JsonRecord): string =>
  `${String(record.route?.dst)} ${String(record.route?.table)}`;

/**
 * The routes of one namespace as a reader of the JSON lines knows them: the snapshot, then every
 * add, delete and change applied. It trusts nothing but the lines, so it finds an event told twice, out of order
 * or about a route never announced.
 */
export class RebuiltState {
  /** What the lines contradicted, one line each. */
  readonly problems: string[] = [];
  /** Messages counted as lost by gap records. */
  lost = 0;
  resyncs = 0;
  #seq = 0;
  /** The last things told about a destination, for the reader of a problem. */
  readonly #history = new Map<string, string[]>();
  readonly #counts = new Map<string, number>();
  /** loose line → exact lines which have it */
  readonly #byLoose = new Map<string, string[]>();

  apply(record: JsonRecord): void {
    if (record.v !== 1) this.problems.push(`expected v 1, got ${record.v}`);
    if (record.seq !== this.#seq + 1 && this.#seq !== 0) {
      this.problems.push(`seq ${record.seq} follows ${this.#seq}`);
    }
    this.#seq = record.seq;
    switch (record.type) {
      case 'status':
        if (record.what === 'route' && record.route !== undefined) {
          this.#add(comparableRecordRoute(record.route));
        }
        break;
      case 'gap':
        this.lost += record.lost ?? 0;
        break;
      case 'resync':
        this.resyncs++;
        break;
      case 'route':
        this.#event(record);
        break;
    }
  }

  /** The state, comparable with `kernelRoutes`. */
  lines(): string[] {
    return [...this.#counts].flatMap(([line, count]) => Array<string>(count).fill(line));
  }

  #event(record: JsonRecord): void {
    if (record.route === undefined) {
      this.problems.push(`seq ${record.seq}: no route`);
      return;
    }
    const route = comparableRecordRoute(record.route);
    const was =
      record.previous === undefined
        ? ''
        : `\n    was ${comparableRecordRoute(record.previous).exact}`;
    const told = this.#history.get(dstOf(record)) ?? [];
    told.push(
      `seq ${record.seq} ${record.time} ${record.probe} ${record.inferred === true ? 'inferred ' : ''}${record.cause?.kind}: ${route.exact}${was}`,
    );
    this.#history.set(dstOf(record), told.slice(-HISTORY));
    if (record.probe === 'add') {
      this.#add(route);
    } else if (record.probe === 'delete') {
      this.#remove(route, record);
    } else if (record.probe === 'change') {
      if (record.previous === undefined) {
        this.problems.push(`seq ${record.seq}: change without previous: ${route.exact}`);
      } else {
        this.#remove(comparableRecordRoute(record.previous), record);
      }
      this.#add(route);
    }
  }

  #add({ exact, loose }: ComparableRoute): void {
    this.#counts.set(exact, (this.#counts.get(exact) ?? 0) + 1);
    const lines = this.#byLoose.get(loose);
    if (lines === undefined) this.#byLoose.set(loose, [exact]);
    else lines.push(exact);
  }

  #remove({ exact, loose }: ComparableRoute, record: JsonRecord): void {
    const lines = this.#byLoose.get(loose) ?? [];
    // The kernel's own delete message may carry hop flags it never announced.
    const at = Math.max(lines.indexOf(exact), 0);
    const found = lines[at];
    if (found === undefined) {
      const before = this.#history.get(dstOf(record)) ?? [];
      this.problems.push(
        [
          `seq ${record.seq}: ${record.probe} of a route nobody announced: ${exact}`,
          ...before,
        ].join('\n  '),
      );
      return;
    }
    lines.splice(at, 1);
    if (lines.length === 0) this.#byLoose.delete(loose);
    const count = (this.#counts.get(found) ?? 0) - 1;
    if (count > 0) this.#counts.set(found, count);
    else this.#counts.delete(found);
  }
}
