import { errnoName } from '../bpf/errno.js';
import { RT_DIRECTION } from '../bpf/layout.gen.js';
import type { BpfEvent } from '../bpf/read-event.js';
import type { Family, Lookup, Process, Provenance } from '../event.js';
import { hostRoute, plainHop, type KernelEvents, type Where } from './kernel-events.js';

const DIRECTIONS: Readonly<Record<number, Lookup['direction']>> = {
  [RT_DIRECTION.output]: 'output',
  [RT_DIRECTION.forward]: 'forward',
  [RT_DIRECTION.input]: 'input',
};

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
};

const ENETUNREACH = 101;

/** An RT_MISS record: a lookup that found no route. */
export function sayMiss(
  events: KernelEvents,
  where: Where,
  event: BpfEvent,
  family: Family,
  provenance: Provenance,
  process: Process | null,
): void {
  const dst = event.address('dst');
  const table = event.u32('table');
  const protocol = event.u8('protocol');
  const direction = DIRECTIONS[event.u8('direction')] ?? 'output';
  const lookup: Lookup = {
    src: event.addressOrNull('src'),
    dst,
    sport: event.u16('sport'),
    dport: event.u16('dport'),
    protocol: protocol === 0 ? null : (PROTOCOLS[protocol] ?? String(protocol)),
    iif: event.u32('iif'),
    oif: event.u32('oif'),
    mark: event.u32('mark'),
    uid: direction === 'output' ? event.u32('uid') : null,
    errno: errnoName(event.i32('error') || ENETUNREACH),
    direction,
    rule: event.u32('rule') || null,
    table: table || null,
    count: event.u32('count') || 1,
  };
  events.say(where, {
    probe: 'miss',
    timeNs: event.timeNs,
    process,
    // The interfaces' names; a miss has no nexthop.
    parts: hostRoute(
      events.names,
      family,
      dst,
      [lookup.iif, lookup.oif]
        .filter((ifindex) => ifindex !== 0)
        .map((ifindex) => plainHop(where, null, ifindex)),
      { table },
    ),
    provenance,
    kernelAddress: event.kernelAddress,
    lookup,
  });
}
