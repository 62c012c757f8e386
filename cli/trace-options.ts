import { existsSync } from 'node:fs';
import { nearestName } from '../core/d/nearest-name.js';
import { usageError } from '../core/errors.js';
import { FUNCTIONS } from '../core/trace/functions.js';
import type { TraceMechanism } from '../core/trace/model.js';
import { AF } from '../core/wire/constants.js';
import { parsePrefix } from '../core/wire/address.js';
import { mechanismsOf } from '../sources/bpf/choice.js';
import type { TracePrefix } from '../sources/trace/open-trace.js';
import {
  duration,
  interfaceName,
  oneOf,
  someText,
  wholeNumber,
  type ReadValue,
} from './option-values.js';
import { got } from './say.js';

/** Options of `trace` as commander has them. */
export interface TraceFlags {
  readonly dst?: string;
  readonly src?: string;
  readonly pid?: string;
  readonly dev?: string;
  readonly zone?: string;
  readonly input?: boolean;
  readonly output?: boolean;
  readonly follow?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly save?: string;
  readonly load?: string;
  readonly bpf?: string;
  readonly count?: string;
  readonly duration?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** The same, read and checked. */
export interface TraceOptions {
  readonly dst: TracePrefix | null;
  readonly src: TracePrefix | null;
  readonly pid: number | null;
  readonly dev: string | null;
  /** Null: not said. */
  readonly zone: string | null;
  readonly way: 'output' | 'input' | null;
  /** A key of FUNCTIONS. */
  readonly follow: string | null;
  readonly isExplained: boolean;
  readonly isJson: boolean;
  readonly save: string | null;
  readonly load: string | null;
  readonly mechanisms: readonly TraceMechanism[];
  readonly count: number | null;
  readonly durationMs: number | null;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  /** Its words; none: no command. */
  readonly command: readonly string[];
}

const prefix: ReadValue<TracePrefix> = (name, text) => {
  const read = parsePrefix(text);
  if (read !== null && read.family !== AF.UNSPEC) {
    return { address: read.bytes, length: read.length };
  }
  throw usageError(`${name}: expected an IPv4 or IPv6 address or prefix, got ${got(text)}`);
};

const bpfChoice: ReadValue<readonly TraceMechanism[]> = (name, text) =>
  mechanismsOf(oneOf('auto', 'require', 'fentry', 'kprobe', 'tracepoint')(name, text));

const functionName: ReadValue<string> = (name, text) => {
  const names = FUNCTIONS.map((row) => row.name);
  if (names.includes(text)) return text;
  const near = nearestName(text, names);
  const hint = near === null ? ' (docs/trace.md names them)' : ` (did you mean ${near}?)`;
  throw usageError(`${name}: expected a function of the route lookup, got ${got(text)}${hint}`);
};

const runningPid: ReadValue<number> = (name, text) => {
  const pid = wholeNumber(1)(name, text);
  if (existsSync(`/proc/${pid}`)) return pid;
  throw usageError(`${name}: expected a process that runs, got ${got(text)}`);
};

/** What a saved trace can not be asked. */
const LIVE_ONLY = ['pid', 'save', 'bpf', 'duration'] as const;

function checkTogether(command: readonly string[], flags: TraceFlags): void {
  if (flags.input === true && flags.output === true) {
    throw usageError('--output: expected no --input beside it, got both');
  }
  if (flags.pid !== undefined && command.length > 0) {
    throw usageError('--pid: expected no command beside it, got both');
  }
  if (flags.load === undefined) return;
  const live = LIVE_ONLY.find((name) => flags[name] !== undefined);
  if (live !== undefined) throw usageError(`--load: expected no --${live} beside it, got both`);
  if (command.length > 0) throw usageError('--load: expected no command beside it, got both');
}

/** `routetap trace 10.0.0.1`: an address where a command stands is no command. */
function checkCommand([program = '', ...rest]: readonly string[]): void {
  if (rest.length > 0 || parsePrefix(program) === null) return;
  throw usageError(`trace: expected a command, got the address ${program} (--dst ${program}?)`);
}

function checkFamilies(dst: TracePrefix | null, src: TracePrefix | null, text = ''): void {
  if (dst === null || src === null || dst.address.length === src.address.length) return;
  const family = dst.address.length === 4 ? 'an IPv4' : 'an IPv6';
  throw usageError(`--src: expected ${family} address or prefix as --dst, got ${got(text)}`);
}

/** Reads what stands on the command line. Throws a usage error that names the option. */
export function readTraceOptions(command: readonly string[], flags: TraceFlags): TraceOptions {
  const read = <T>(name: string, text: string | undefined, reader: ReadValue<T>): T | null =>
    text === undefined ? null : reader(`--${name}`, text);
  const dst = read('dst', flags.dst, prefix);
  const src = read('src', flags.src, prefix);
  checkFamilies(dst, src, flags.src);
  checkTogether(command, flags);
  checkCommand(command);
  return {
    dst,
    src,
    pid: read('pid', flags.pid, runningPid),
    dev: read('dev', flags.dev, interfaceName),
    zone: read('zone', flags.zone, someText('a namespace name, all or self')),
    way: flags.input === true ? 'input' : flags.output === true ? 'output' : null,
    follow: read('follow', flags.follow, functionName),
    isExplained: flags.explain === true,
    isJson: flags.json === true,
    save: read('save', flags.save, someText('a file')),
    load: read('load', flags.load, someText('a file')),
    mechanisms: bpfChoice('--bpf', flags.bpf ?? 'auto'),
    count: read('count', flags.count, wholeNumber(1)),
    durationMs: read('duration', flags.duration, duration),
    isQuiet: flags.quiet === true,
    isVerbose: flags.verbose === true,
    command,
  };
}
