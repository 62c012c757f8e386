import type { Family, Probe } from '../core/event.js';
import { BPF_CHOICES, type BpfChoice } from '../sources/bpf/choice.js';
import {
  byteSize,
  duration,
  durationOrOff,
  family,
  interfaceName,
  list,
  oneOf,
  probeList,
  someText,
  wholeNumber,
  yesNo,
  type ReadValue,
} from './option-values.js';

/** The options of every command that streams, read and checked. */
export interface StreamOptions {
  readonly json: boolean;
  readonly full: boolean;
  readonly probe: readonly Probe[] | null;
  readonly family: Family | null;
  /** Names or numbers, as given. */
  readonly table: readonly string[] | null;
  readonly dst: string | null;
  readonly dev: string | null;
  readonly protocol: readonly string[] | null;
  readonly zone: string;
  readonly where: string | null;
  /** SPECs. */
  readonly sink: readonly string[];
  readonly bpf: BpfChoice;
  readonly snapshot: boolean;
  readonly count: number | null;
  readonly durationMs: number | null;
  readonly receiveBufferBytes: number | null;
  readonly record: string | null;
  readonly auditMs: number | null;
  readonly raw: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** One option: how it is written, what it means, how its text is read. */
export interface OptionRow {
  readonly member: keyof StreamOptions;
  /** Without the dashes; the key in config files, ROUTETAP_NAME in the environment. */
  readonly name: string;
  /** What stands for the value in the help; null for a switch. */
  readonly value: string | null;
  readonly help: string;
  readonly read: ReadValue<unknown>;
  /** `repeat`: may be given more than once, each a value; `list`: several values joined by commas. */
  readonly many?: 'repeat' | 'list';
  readonly fallback: unknown;
  /** Makes sense only with the kernel as source. */
  readonly isLive?: true;
}

/** Every shared option, in the order the help shows them. */
export const STREAM_OPTIONS: readonly OptionRow[] = [
  {
    member: 'json',
    name: 'json',
    value: null,
    help: 'JSON Lines on stdout instead of text',
    read: yesNo,
    fallback: false,
  },
  {
    member: 'full',
    name: 'full',
    value: null,
    help: 'JSON with every member, also those at their defaults',
    read: yesNo,
    fallback: false,
  },
  {
    member: 'probe',
    name: 'probe',
    value: 'LIST',
    help: 'only these probes: add,delete,change,losing,miss,redirect',
    read: probeList,
    many: 'list',
    fallback: null,
  },
  {
    member: 'family',
    name: 'family',
    value: 'FAMILY',
    help: 'only inet or inet6',
    read: family,
    fallback: null,
  },
  {
    member: 'table',
    name: 'table',
    value: 'LIST',
    help: 'only these routing tables, by number or name',
    read: list('table numbers or names'),
    many: 'list',
    fallback: null,
  },
  {
    member: 'dst',
    name: 'dst',
    value: 'PREFIX',
    help: 'only this prefix and what lies inside it',
    read: someText('a prefix or address'),
    fallback: null,
  },
  {
    member: 'dev',
    name: 'dev',
    value: 'NAME',
    help: 'only routes with a nexthop on this interface',
    read: interfaceName,
    fallback: null,
  },
  {
    member: 'protocol',
    name: 'protocol',
    value: 'LIST',
    help: 'only routes of these protocols, by name or number',
    read: list('protocol names or numbers'),
    many: 'list',
    fallback: null,
  },
  {
    member: 'zone',
    name: 'zone',
    value: 'NAME',
    help: 'network namespace to watch: a name, all or self (default: self)',
    read: someText('a namespace name, all or self'),
    fallback: 'self',
    isLive: true,
  },
  {
    member: 'where',
    name: 'where',
    value: 'PREDICATE',
    help: "only events this D predicate holds for, e.g. 'route.priority > 100'",
    read: someText('a D predicate'),
    fallback: null,
  },
  {
    member: 'sink',
    name: 'sink',
    value: 'SPEC',
    help: 'where records go, repeatable: stdout, file:PATH, syslog:, ./module.js (default: stdout)',
    read: someText('a sink SPEC'),
    many: 'repeat',
    fallback: ['stdout'],
  },
  {
    member: 'bpf',
    name: 'bpf',
    value: 'MODE',
    help: 'eBPF: auto, require, off, or only fentry, kprobe or tracepoint (default: auto)',
    read: oneOf(...BPF_CHOICES),
    fallback: 'auto',
    isLive: true,
  },
  {
    member: 'snapshot',
    name: 'snapshot',
    value: null,
    help: 'first the routes that exist, then events',
    read: yesNo,
    fallback: false,
    isLive: true,
  },
  {
    member: 'count',
    name: 'count',
    value: 'N',
    help: 'stop after N route events',
    read: wholeNumber(1),
    fallback: null,
  },
  {
    member: 'durationMs',
    name: 'duration',
    value: 'TIME',
    help: 'stop after this time, e.g. 500ms, 10s, 5m',
    read: duration,
    fallback: null,
  },
  {
    member: 'receiveBufferBytes',
    name: 'receive-buffer',
    value: 'BYTES',
    help: "size of the kernel's receive buffer, with k, M or G (default: 64M)",
    read: byteSize,
    fallback: null,
    isLive: true,
  },
  {
    member: 'record',
    name: 'record',
    value: 'FILE',
    help: 'also record what the kernel says, for routetap replay',
    read: someText('a file'),
    fallback: null,
    isLive: true,
  },
  {
    member: 'auditMs',
    name: 'audit',
    value: 'TIME',
    help: 'compare the mirror with a new dump every TIME, or off (default: 5m)',
    read: durationOrOff,
    fallback: null,
    isLive: true,
  },
  {
    member: 'raw',
    name: 'raw',
    value: null,
    help: 'JSON with the raw message as base64',
    read: yesNo,
    fallback: false,
  },
  {
    member: 'quiet',
    name: 'quiet',
    value: null,
    help: 'nothing on stderr but errors',
    read: yesNo,
    fallback: false,
  },
  {
    member: 'verbose',
    name: 'verbose',
    value: null,
    help: 'more on stderr: tiers, zones, gaps, resyncs, audits',
    read: yesNo,
    fallback: false,
  },
];

/** Environment variable of an option. */
export const environmentName = (row: OptionRow): string =>
  `ROUTETAP_${row.name.replaceAll('-', '_').toUpperCase()}`;
