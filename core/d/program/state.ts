import type { Cause, CsInfo, RouteEvent, Zone } from '../../event.js';
import type { Settings } from './options.js';
import { BEGIN, type ProbeRow } from './probes.js';

/** arg1 to arg5 of ERROR. */
export interface FaultArguments {
  readonly epid: number;
  /** From 1; 0 is the predicate. */
  readonly action: number;
  readonly fault: number;
  readonly address: number;
}

/** Longest text of one clause; DTrace drops what does not fit its buffer, too. */
export const TEXT_LIMIT = 2 ** 20;

export const NO_FAULT: FaultArguments = { epid: 0, action: 0, fault: 0, address: 0 };

/** What a running program changes besides its variables. The compiled closures hold the one of their program. */
export class ProgramState {
  readonly settings: Settings;
  /** Counts events; a clause-local variable set at another one is forgotten. */
  firing = 0;
  /** What the running clause has printed so far. */
  text = '';
  /** How long it may become; tables of aggregations come on top. */
  textLimit = TEXT_LIMIT;
  /** The probe as the running clause described it. */
  row: ProbeRow = BEGIN;
  epid = 0;
  /** Other than NO_FAULT only while ERROR runs. */
  fault = NO_FAULT;
  exitStatus: number | null = null;
  /** Elements the associative arrays hold, and how many found no room. */
  variables = 0;
  variableDrops = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** The text as a string of D holds it: strsize bytes at most, the last of them NUL. */
  cut(text: string): string {
    const room = this.settings.stringBytes - 1;
    if (text.length * 3 <= room) return text;
    let bytes = 0;
    let index = 0;
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
      if (bytes > room) return text.slice(0, index);
      index += character.length;
    }
    return text;
  }
}

const NOWHERE: Zone = { id: 0, name: null };
const NOBODY: CsInfo = { cs_addr: '0x0', cs_cid: '0', cs_pid: 0, cs_zoneid: 0 };
const NOTHING: Cause = { kind: 'unknown', trigger: null };

/** What BEGIN, END, ERROR and ticks run on: a moment without a route, a process or a zone. */
export const moment = (timeNs: bigint): RouteEvent =>
  ({
    v: 1,
    type: 'route',
    seq: 0,
    time: '',
    timeNs,
    host: '',
    probe: 'add',
    inferred: false,
    cause: NOTHING,
    zone: NOWHERE,
    process: null,
    csinfo: NOBODY,
    previous: null,
    lookup: null,
    timeout: null,
    redirect: null,
    provenance: '',
    raw: null,
  }) as unknown as RouteEvent;
