import type { Probe, RouteEvent, RoutetapRecord } from '../../event.js';
import { aggregationText } from './print-aggregation.js';
import type { Enabling } from './clauses.js';
import { faultOf, faultText, type DFault } from './faults.js';
import type { DOutput } from './output.js';
import { BEGIN, END, ERROR, type ProbeRow } from './probes.js';
import type { ProgramAggregation } from './program-aggregations.js';
import { moment, NO_FAULT, TEXT_LIMIT, type ProgramState } from './state.js';
import { Ticks } from './ticks.js';

export interface DProgramOptions {
  /** $1…; $$1 as string. */
  readonly args?: readonly string[];
  /** $target. */
  readonly target?: number;
  /** Further macro variables by name: pid, uid, … */
  readonly macros?: Readonly<Record<string, string>>;
  /** `-x`: quiet, aggsortrev, strsize, …; an option without a value has the empty one. */
  readonly options?: Readonly<Record<string, string>>;
}

/** What compileProgram() made of a text. */
export interface ProgramParts {
  readonly state: ProgramState;
  readonly enablings: readonly Enabling[];
  readonly aggregations: readonly ProgramAggregation[];
  readonly matched: number;
}

const NOTHING: DOutput[] = [];
Object.freeze(NOTHING);

const HEADER = 'CPU     ID                    FUNCTION:NAME\n';

/** A compiled program: its variables, aggregations and what it says. One program runs once. */
export class DProgram {
  /** Pairs of a description and a probe it matches. */
  readonly matched: number;
  /** The route events it wants. */
  readonly probes: ReadonlySet<Probe>;
  readonly #state: ProgramState;
  readonly #aggregations: readonly ProgramAggregation[];
  readonly #byProbe: Readonly<Record<Probe, readonly Enabling[]>>;
  readonly #byRow: ReadonlyMap<ProbeRow, readonly Enabling[]>;
  readonly #ticks: Ticks<ProbeRow>;
  #outputs: DOutput[] | null = null;
  #hasHeader = false;
  #exitWasSaid = false;

  constructor({ state, enablings, aggregations, matched }: ProgramParts) {
    this.matched = matched;
    this.#state = state;
    this.#aggregations = aggregations;
    const of = (probe: Probe): Enabling[] => enablings.filter(({ row }) => row.probe === probe);
    this.#byProbe = {
      add: of('add'),
      delete: of('delete'),
      change: of('change'),
      losing: of('losing'),
      miss: of('miss'),
      redirect: of('redirect'),
    };
    const probes = Object.keys(this.#byProbe) as Probe[];
    this.probes = new Set(probes.filter((probe) => this.#byProbe[probe].length > 0));
    this.#byRow = byRow(enablings);
    this.#ticks = new Ticks([...this.#byRow.keys()]);
  }

  /** When the next tick is due, ns since the epoch; null without ticks or before begin(). */
  get nextTickNs(): bigint | null {
    return this.#state.exitStatus === null ? this.#ticks.nextNs : null;
  }

  /** Set by exit(n): after it only END runs. */
  get exitStatus(): number | null {
    return this.#state.exitStatus;
  }

  /** The clauses of BEGIN. Ticks count from here. */
  begin(timeNs: bigint): DOutput[] {
    this.#ticks.start(timeNs);
    this.#fire(BEGIN, timeNs);
    return this.#said();
  }

  /** Fires what is for this event, after the ticks due before it. Other records than `route` only let time pass. */
  record(record: RoutetapRecord): DOutput[] {
    const state = this.#state;
    if (state.exitStatus !== null) return NOTHING;
    const due = this.#ticks.nextNs;
    if (due !== null && due <= record.timeNs) this.#advance(record.timeNs);
    if (record.type === 'route' && this.exitStatus === null) {
      const enablings = this.#byProbe[record.probe];
      if (enablings.length > 0) {
        state.firing += 1;
        this.#runAll(enablings, record);
      }
    }
    return this.#said();
  }

  /** Fires the ticks due until then. */
  advance(timeNs: bigint): DOutput[] {
    if (this.#state.exitStatus === null) this.#advance(timeNs);
    return this.#said();
  }

  /** The clauses of END, then the aggregations that printa() did not show. */
  end(timeNs: bigint): DOutput[] {
    this.#fire(END, timeNs);
    const { order } = this.#state.settings;
    let text = '\n';
    for (const { aggregation, keyWidths, wasPrinted } of this.#aggregations) {
      if (!wasPrinted) text += aggregationText(aggregation, { order, keyWidths });
    }
    this.#print(text);
    this.#sayDrops();
    return this.#said();
  }

  #advance(timeNs: bigint): void {
    const skipped = this.#ticks.advance(timeNs, (row, dueNs) => {
      this.#fire(row, dueNs);
      return this.#state.exitStatus === null;
    });
    if (skipped > 0n) this.#warn(`${skipped} ticks were skipped: no record came for long`);
  }

  #fire(row: ProbeRow, timeNs: bigint): void {
    const enablings = this.#byRow.get(row);
    if (enablings === undefined) return;
    this.#state.firing += 1;
    this.#runAll(enablings, moment(timeNs), row === END);
  }

  /** After exit() the clause goes on, and no other one runs: dtrace_probe() of illumos does so. */
  #runAll(enablings: readonly Enabling[], event: RouteEvent, isEnd = false): void {
    for (const enabling of enablings) {
      this.#run(enabling, event);
      if (this.#state.exitStatus !== null && !isEnd) break;
    }
    if (this.#state.exitStatus !== null && !this.#exitWasSaid) {
      this.#exitWasSaid = true;
      (this.#outputs ??= []).push({ kind: 'exit', status: this.#state.exitStatus });
    }
  }

  #run(first: Enabling, event: RouteEvent): void {
    const enabling = first.functions === null ? first : seenBy(first, event.provenance);
    if (enabling === null) return;
    const { clause, row, epid } = enabling;
    const { predicate, actions } = clause;
    const state = this.#state;
    state.row = row;
    state.epid = epid;
    state.text = '';
    state.textLimit = TEXT_LIMIT;
    let action = -1;
    try {
      if (predicate !== null && !predicate(event)) return;
      for (action = 0; action < actions.length; action += 1) {
        (actions[action] as (event: RouteEvent) => void)(event);
        if (state.text.length > state.textLimit) {
          this.#warn(`1 drop: a clause of ${row.provider}:::${row.name} printed too much`);
          return;
        }
      }
    } catch (error) {
      this.#fault(faultOf(error), enabling, action + 1, event);
      return;
    }
    if (clause.records) this.#line(row, event);
  }

  /** What the clause printed, behind DTrace's columns unless quiet; their header comes with the first line. */
  #line({ id, name }: ProbeRow, { provenance }: RouteEvent): void {
    const { text, settings } = this.#state;
    if (settings.isQuiet) {
      if (text !== '') this.#print(text);
      return;
    }
    if (!this.#hasHeader) this.#print(HEADER);
    this.#hasHeader = true;
    const where = `${provenance}:${name}`.padStart(32);
    this.#print(`  0 ${String(id).padStart(6)} ${where} ${text}\n`);
  }

  /** ERROR runs, then the fault is told; what the clause had printed is dropped with it. A fault in ERROR is only told. */
  #fault(fault: DFault, { row, epid }: Enabling, action: number, event: RouteEvent): void {
    const where = action === 0 ? 'predicate' : `action #${action}`;
    const probe = `${row.provider}:${row.module}:${event.provenance}:${row.name}`;
    if (row !== ERROR) {
      const state = this.#state;
      state.fault = { epid, action, fault: fault.fault.number, address: fault.address };
      const at = moment(event.timeNs);
      for (const enabling of this.#byRow.get(ERROR) ?? []) this.#run(enabling, at);
      state.fault = NO_FAULT;
    }
    this.#warn(
      `error on enabled probe ID ${epid} (ID ${row.id}: ${probe}): ${faultText(fault)} in ${where}`,
    );
  }

  #sayDrops(): void {
    const { variableDrops } = this.#state;
    const dropped = this.#aggregations.reduce(
      (sum, { aggregation }) => sum + aggregation.dropped,
      0,
    );
    if (dropped > 0) this.#warn(`${dropped} aggregation drop${dropped === 1 ? '' : 's'}`);
    if (variableDrops > 0) {
      this.#warn(`${variableDrops} dynamic variable drop${variableDrops === 1 ? '' : 's'}`);
    }
  }

  #print(text: string): void {
    (this.#outputs ??= []).push({ kind: 'text', text });
  }

  #warn(line: string): void {
    (this.#outputs ??= []).push({ kind: 'error', line });
  }

  #said(): DOutput[] {
    const outputs = this.#outputs;
    this.#outputs = null;
    return outputs ?? NOTHING;
  }
}

/** The enablings of dtrace's own probes and of ticks. */
function byRow(enablings: readonly Enabling[]): Map<ProbeRow, Enabling[]> {
  const rows = new Map<ProbeRow, Enabling[]>();
  for (const enabling of enablings) {
    if (enabling.row.probe !== null) continue;
    const others = rows.get(enabling.row);
    if (others === undefined) rows.set(enabling.row, [enabling]);
    else others.push(enabling);
  }
  return rows;
}

/** The first description whose function names what saw the event; null when none does. */
function seenBy(first: Enabling, provenance: string): Enabling | null {
  let enabling: Enabling | null = first;
  while (enabling !== null && enabling.functions?.has(provenance) === false) {
    enabling = enabling.otherwise;
  }
  return enabling;
}
