import { RT_STEP_BYTES } from '../bpf/layout.gen.js';
import { RoutetapError } from '../errors.js';
import type { TextNames } from '../format/text-route.js';
import type {
  LeftOut,
  TracedFunction,
  TracedParameter,
  TraceInfo,
  TraceMechanism,
} from './model.js';

/** The first line of a saved trace: what its records can not be read without. */
export interface TraceHeader {
  /** Version of the routetap that wrote it. */
  readonly version: string;
  readonly host: string;
  /** sizeof(struct rt_step). */
  readonly recordBytes: number;
  readonly info: TraceInfo;
  /** Inode of the network namespace routetap ran in. */
  readonly ownZone: number;
  /** Routing tables with a name there, by number. */
  readonly tables: Readonly<Record<string, string>>;
}

type Members = Readonly<Record<string, unknown>>;

const MECHANISMS: readonly TraceMechanism[] = ['fentry', 'kprobe', 'tracepoint'];
/** C names, with what compilers add, and `group:tracepoint`. */
const SYMBOL = /^[A-Za-z_][\w.$:]{0,127}$/;

const refuse = (what: string): never => {
  throw new RoutetapError('runtime', `header: expected ${what}`);
};

const members = (value: unknown, what: string): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : refuse(what);

const list = (value: unknown, what: string): readonly unknown[] =>
  Array.isArray(value) ? value : refuse(what);

const text = (value: unknown, what: string): string =>
  typeof value === 'string' ? value : refuse(what);

const whole = (value: unknown, what: string): number =>
  Number.isSafeInteger(value) ? (value as number) : refuse(what);

const symbol = (value: unknown): string =>
  typeof value === 'string' && SYMBOL.test(value) ? value : refuse('the name of a function');

const mechanism = (value: unknown): TraceMechanism =>
  MECHANISMS.find((one) => one === value) ?? refuse('a mechanism');

function readParameter(value: unknown): TracedParameter {
  const { name, type } = members(value, 'parameters');
  return {
    name: text(name, 'the name of a parameter'),
    type: text(type, 'the type of a parameter'),
  };
}

/** A function as JSON has it; throws a runtime RoutetapError. */
export function readTracedFunction(value: unknown): TracedFunction {
  const given = members(value, 'functions');
  return {
    id: whole(given['id'], 'the number of a function'),
    name: symbol(given['name']),
    symbol: symbol(given['symbol']),
    mechanism: mechanism(given['mechanism']),
    parameters: list(given['parameters'], 'parameters').map(readParameter),
    returns: text(given['returns'], 'the type of a result'),
  };
}

function readLeftOut(value: unknown): LeftOut {
  const { name, why } = members(value, 'functions left out');
  return { name: symbol(name), why: text(why, 'why a function is left out') };
}

function readInfo(value: unknown): TraceInfo {
  const given = members(value, 'info');
  const why = given['why'];
  return {
    kernel: text(given['kernel'], 'the release of a kernel'),
    tier: mechanism(given['tier']),
    why: why === null ? null : text(why, 'why'),
    functions: list(given['functions'], 'functions').map(readTracedFunction),
    leftOut: list(given['leftOut'], 'functions left out').map(readLeftOut),
  };
}

/** Reads the header line. Throws a runtime RoutetapError saying what is wrong with it. */
export function readTraceHeader(line: string): TraceHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse('a line of JSON');
  }
  const given = members(value, 'an object');
  const recordBytes = whole(given['recordBytes'], 'recordBytes');
  if (recordBytes !== RT_STEP_BYTES) {
    throw new RoutetapError(
      'runtime',
      `expected records of ${RT_STEP_BYTES} bytes, got ${recordBytes}: saved by another version of routetap`,
    );
  }
  const tables = Object.entries(members(given['tables'], 'tables'));
  return {
    version: text(given['version'], 'version'),
    host: text(given['host'], 'host'),
    recordBytes,
    info: readInfo(given['info']),
    ownZone: whole(given['ownZone'], 'ownZone'),
    tables: Object.fromEntries(tables.map(([number, name]) => [number, text(name, 'table names')])),
  };
}

/** Tables by the names they had where the trace was saved. */
export const savedNames = ({ tables }: TraceHeader): TextNames => ({
  table: (table) => (Object.hasOwn(tables, table) ? (tables[table] ?? '') : String(table)),
});

/** Larger numbers are VRFs' and programs' own; nobody names them. */
const NAMED_TABLES = 1 << 16;

/** The names to be saved. */
export function tableNames(names: TextNames): Record<string, string> {
  const tables: Record<string, string> = {};
  for (let table = 0; table < NAMED_TABLES; table += 1) {
    const name = names.table(table);
    if (name !== String(table)) tables[table] = name;
  }
  return tables;
}
