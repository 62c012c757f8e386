/** The lines of tracepoints that are not table lookups: neighbours, and packets. */

import { escapeText } from '../format/escape.js';
import { nudName, protocolName } from '../lookup/words.js';
import { DROP_REASONS } from './point-table.js';
import type { StepRecord } from './read-step.js';
import type { CallNode } from './tree.js';

type Words = CallNode['words'];

const ETH_P_ARP = 0x806;
const AF_INET = 2;

/** struct neighbour: `neigh_event_send` keeps the packet until the neighbour is known. */
const WAITS = 1n;

const device = (step: StepRecord): string => {
  const name = step.name('dev');
  return name === '' ? '' : ` dev ${escapeText(name)}`;
};

function neighbourText(step: StepRecord): string {
  const family = step.u8('route_gateway_family') === AF_INET ? 'inet' : 'inet6';
  return `${step.address('route_gateway', family)}${device(step)}`;
}

function lladdrText(address: bigint): string {
  const hex = address.toString(16).padStart(12, '0');
  return hex.replace(/..(?!$)/g, '$&:');
}

function packetText(step: StepRecord): string {
  const { family } = step;
  const bytes = `${step.u32('packet_len')} bytes`;
  if (!step.has('has_packet') || family === null) {
    const isArp = step.arg32(2) === ETH_P_ARP;
    return `${isArp ? 'ARP' : 'packet'}${device(step)}, ${bytes}`;
  }
  const protocol = step.u8('flow_protocol');
  const ports = [
    ['sport', step.u16('flow_sport')],
    ['dport', step.u16('flow_dport')],
  ].flatMap(([name, port]) => (port === 0 ? [] : [`${name} ${port}`]));
  return [
    `${step.address('flow_dst', family)} from ${step.address('flow_src', family)}${device(step)}`,
    [protocolName(protocol), ...ports].join(' '),
    bytes,
  ].join(', ');
}

/** `drop reason 88 (IP_INNOROUTES)`. */
export function dropText(step: StepRecord): string {
  const name = DROP_REASONS[step.arg32(1)] ?? null;
  return `drop reason ${step.arg32(0)}${name === null ? '' : ` (${name})`}`;
}

/** Types of ICMP errors (include/uapi/linux/icmp.h). */
const ICMP: Readonly<Record<number, string>> = {
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect',
  11: 'time exceeded',
  12: 'parameter problem',
};

const WORDS: Readonly<Record<string, (step: StepRecord) => readonly [string, string | null]>> = {
  'neigh:neigh_create': (step) => [neighbourText(step), 'new neighbour'],
  'neigh:neigh_event_send_done': (step) => [
    neighbourText(step),
    `${nudName(step.arg32(0))}, ${step.ret === WAITS ? 'the packet waits' : 'the packet goes'}`,
  ],
  'neigh:neigh_event_send_dead': (step) => [neighbourText(step), 'gone: the packet is dropped'],
  'neigh:neigh_update': (step) => [
    neighbourText(step),
    `${nudName(step.arg32(1))} lladdr ${lladdrText(step.arg(2))}`,
  ],
  'net:net_dev_queue': (step) => [packetText(step), null],
  'skb:kfree_skb': (step) => [packetText(step), dropText(step)],
  'icmp:icmp_send': (step) => [
    packetText(step),
    `${ICMP[step.arg32(0)] ?? `type ${step.arg32(0)}`}, code ${step.arg32(1)}`,
  ],
};

/** Null for what the record's sections say all of. */
export function pointWords(name: string, step: StepRecord): Words {
  const words = WORDS[name];
  if (words === undefined) return null;
  const [given, result] = words(step);
  return { call: `${name}(${given})`, result };
}
