import { parseAddress } from '../../core/wire/address.js';
import type { LookupQuestion } from '../../core/lookup/question.js';
import { INET, INET6, pool, type FamilyPool } from './lookup-pools.js';
import type { Random } from './random.js';

const DEVICES = ['v0', 'v0p', 'v1', 'v1p', 'v2', 'v2p', 'v3'];
const TABLES = ['main', 'main', 'main', '100', '101', '102', 'local', 'default'];
const TOS = ['0x04', '0x08', '0x10', '0x1c'];

/** Lines of `ip -batch` that make devices, addresses, nexthop objects and neighbours. Refused ones are part of the game. */
export function sceneLines(random: Random): string[] {
  const lines = ['link set lo up'];
  for (const dev of ['v0', 'v1', 'v2', 'v3']) {
    lines.push(`link add ${dev} type veth peer name ${dev}p`);
    lines.push(`link set ${dev} up group ${random.below(3)}`);
    // The last one has no carrier: its other end stays down.
    if (dev !== 'v3') lines.push(`link set ${dev}p up`);
  }
  // Where the kernel has VRFs; elsewhere these are refused.
  if (random.chance(0.3)) {
    lines.push(
      'link add blue type vrf table 100',
      'link set blue up',
      'link set v1 master blue',
      'addr add 10.200.0.5/24 dev blue',
      'addr add 2001:db8:e::5/64 dev blue nodad',
    );
    if (random.chance(0.5)) lines.push('link set v2 master blue');
  }
  const scope = random.pick(['global', 'global', 'link', 'host']);
  lines.push(
    'addr add 10.0.0.5/24 brd + dev v0',
    'addr add 10.0.0.6/24 dev v0',
    `addr add 10.1.0.5/16 dev v1 scope ${scope}`,
    'addr add 172.16.0.1 peer 172.16.0.2/32 dev v1',
    'addr add 192.168.2.5/24 dev v2',
    `addr add 192.168.2.9/32 dev ${random.pick(['lo', 'v2p'])}`,
    'addr add 192.168.3.5/24 dev v3',
    'addr add 2001:db8:a::5/64 dev v0 nodad',
    `addr add 2001:db8:a::6/64 dev v0 nodad${random.chance(0.4) ? ' preferred_lft 0' : ''}`,
    'addr add 2001:db8:b::5/64 dev v1 nodad',
    'addr add fd00:c::5/64 dev v2 nodad',
    `addr add fd00:c::9/128 dev ${random.pick(['lo', 'v2p'])} nodad`,
    'addr add fd00:d::5/64 dev v3 nodad',
    'addr add fe80::5/64 dev v0 nodad',
    'addr add fe80::6/64 dev v1 nodad',
  );
  lines.push(
    'nexthop add id 1 via 10.0.0.1 dev v0',
    'nexthop add id 2 via 10.1.0.1 dev v1',
    'nexthop add id 3 blackhole',
    'nexthop add id 4 via 2001:db8:a::1 dev v0',
    'nexthop add id 5 via fe80::1 dev v1',
    'nexthop add id 6 dev v2',
    'nexthop add id 7 blackhole proto 4',
    'nexthop add id 10 group 1/2',
    'nexthop add id 11 group 1,3/2',
    'nexthop add id 12 group 4/5',
    'nexthop add id 13 group 1 type resilient buckets 8',
  );
  for (const dev of ['v0', 'v1', 'v2']) {
    for (const address of [...(INET.gateways[dev] ?? []), ...(INET6.gateways[dev] ?? [])]) {
      if (random.chance(0.5)) continue;
      const nud = random.pick(['permanent', 'stale', 'failed', 'noarp', 'reachable']);
      const lladdr = nud === 'failed' ? '' : ` lladdr 02:00:00:00:00:0${random.below(9)}`;
      lines.push(`neigh replace ${address} dev ${dev}${lladdr} nud ${nud}`);
    }
  }
  return lines;
}

function selectors(random: Random, p: FamilyPool): string {
  const words: string[] = [];
  const maybe = (share: number, word: () => string): void => {
    if (random.chance(share)) words.push(word());
  };
  const prefix = (): string => `${random.pick(p.hosts)}/${random.pick(p.lengths)}`;
  maybe(0.25, () => `from ${random.chance(0.5) ? random.pick(p.own) : prefix()}`);
  maybe(0.25, () => `to ${prefix()}`);
  maybe(0.12, () => `iif ${random.pick([...DEVICES, 'lo', 'blue', 'nowhere'])}`);
  maybe(0.12, () => `oif ${random.pick([...DEVICES, 'blue', 'nowhere'])}`);
  maybe(
    0.2,
    () =>
      `fwmark ${random.below(8)}${random.chance(0.5) ? `/0x${random.below(8).toString(16)}` : ''}`,
  );
  maybe(0.12, () => `uidrange ${random.below(3)}-${1000 + random.below(5)}`);
  maybe(0.15, () => `ipproto ${random.pick(['tcp', 'udp', 'icmp'])}`);
  maybe(0.12, () => `sport ${1000 + random.below(3)}-${1003 + random.below(3)}`);
  maybe(0.12, () => `dport ${random.pick(['53', '443', '50-60'])}`);
  maybe(0.12, () => `tos ${random.pick(TOS)}`);
  return words.join(' ');
}

function action(random: Random, priority: number): string {
  const roll = random.next();
  if (roll < 0.08) return random.pick(['blackhole', 'unreachable', 'prohibit']);
  if (roll < 0.14) return `goto ${priority + 1 + random.below(15)}`;
  if (roll < 0.18) return 'nop';
  const table = random.pick(['100', '101', '102', 'main', 'local', '199']);
  const suppress = random.chance(0.2)
    ? random.pick([
        ` suppress_prefixlength ${random.pick([0, 8, 24, 64])}`,
        ` suppress_ifgroup ${random.below(3)}`,
      ])
    : '';
  return `lookup ${table}${suppress}`;
}

/** Lines of `ip -batch` of the family that make rules; none at all in one of six scenes of a family. */
export function ruleLines(random: Random, isInet6: boolean): string[] {
  const p = pool(isInet6);
  if (random.chance(1 / 6)) return [];
  const lines: string[] = [];
  const count = 1 + random.below(14);
  for (let i = 0; i < count; i++) {
    const priority = 100 + random.below(30);
    const not = random.chance(0.15) ? 'not ' : '';
    lines.push(
      `rule add pref ${priority} ${not}${selectors(random, p)} ${action(random, priority)}`,
    );
  }
  if (random.chance(0.15)) lines.push('rule del pref 0', 'rule add pref 120 lookup local');
  if (random.chance(0.1)) lines.push('rule del pref 32766');
  return lines;
}

/** A path; `needsGateway`: IPv6 takes no others in RTA_MULTIPATH. */
function hop(random: Random, p: FamilyPool, needsGateway = false): string {
  const devices = ['v0', 'v0', 'v1', 'v1', 'v2', 'v3', ...(needsGateway ? [] : ['v0p', 'v2p'])];
  const dev = random.pick(devices);
  const gateways = p.gateways[dev] ?? [];
  const other = p.bits === 32 && random.chance(0.08) ? (INET6.gateways[dev] ?? []) : [];
  if (other.length > 0) return `via inet6 ${random.pick(other)} dev ${dev}`;
  if (gateways.length === 0 || (!needsGateway && random.chance(0.25))) return `dev ${dev}`;
  return `via ${random.pick(gateways)} dev ${dev}`;
}

function path(random: Random, p: FamilyPool): string {
  const roll = random.next();
  if (roll < 0.12) return `nhid ${random.pick([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13])}`;
  if (roll < 0.4) {
    const count = 2 + random.below(2);
    const one = (): string => hop(random, p, p.bits === 128);
    return Array.from(
      { length: count },
      () => `nexthop ${one()} weight ${1 + random.below(3)}`,
    ).join(' ');
  }
  return `${hop(random, p)}${random.chance(0.05) ? ' onlink' : ''}`;
}

function routeLine(random: Random, isInet6: boolean): string {
  const p = pool(isInet6);
  const type = random.pick([
    '',
    '',
    '',
    '',
    '',
    '',
    '',
    'blackhole',
    'unreachable',
    'prohibit',
    'throw',
    'local',
    'broadcast',
    'multicast',
  ]);
  const length = random.pick(p.lengths);
  const words = [`route ${random.pick(['add', 'append', 'append', 'prepend'])} ${type}`];
  words.push(length === 0 ? 'default' : `${masked(random.pick(p.bases), length)}/${length}`);
  const refuses = ['blackhole', 'unreachable', 'prohibit', 'throw'].includes(type);
  if (isInet6 && random.chance(0.2)) {
    const sourceLength = random.pick([32, 48, 64, 128]);
    words.push(`from ${masked(random.pick(p.own), sourceLength)}/${sourceLength}`);
  }
  if (!isInet6 && random.chance(0.2)) words.push(`tos ${random.pick(TOS)}`);
  let text = '';
  if (type === 'local' || type === 'broadcast' || type === 'multicast') {
    text = `dev ${random.pick(['lo', 'v0', 'v1'])}`;
  } else if (!refuses) {
    text = path(random, p);
    if (!text.startsWith('nexthop') && random.chance(0.15)) words.push(`src ${random.pick(p.own)}`);
    if (!isInet6 && random.chance(0.1))
      words.push(`scope ${random.pick(['link', 'global', 'host'])}`);
  }
  words.push(`table ${random.pick(TABLES)}`);
  if (random.chance(0.5)) words.push(`metric ${random.pick([10, 20, 30, 1024])}`);
  if (isInet6 && random.chance(0.3)) words.push(`pref ${random.pick(['low', 'medium', 'high'])}`);
  // Nexthops end a line.
  return [...words, text].join(' ');
}

/** The prefix without its host bits, as `ip` wants it. */
function masked(base: string, length: number): string {
  const bytes = parseAddress(base) ?? new Uint8Array(0);
  for (let i = 0; i < bytes.length; i++) {
    const kept = Math.min(8, Math.max(0, length - 8 * i));
    bytes[i] = (bytes[i] ?? 0) & (0xff00 >>> kept) & 0xff;
  }
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

/** Lines of `ip -batch` of the family that make routes. */
export const routeLines = (random: Random, isInet6: boolean): string[] =>
  Array.from({ length: 10 + random.below(50) }, () => routeLine(random, isInet6));

/** One question. `ifindexes` are those of the scene's devices. */
export function randomAsked(
  random: Random,
  isInet6: boolean,
  ifindexes: readonly number[],
): LookupQuestion {
  const p = pool(isInet6);
  const bytes = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0);
  const isReceived = random.chance(0.3);
  const anySource = random.chance(0.15);
  const from = random.pick(anySource || isReceived ? p.hosts : p.own);
  const hasSource = isReceived || random.chance(0.45);
  const protocols = isInet6 ? [6, 17, 58] : [6, 17, 1];
  const asked: { -readonly [key in keyof LookupQuestion]: LookupQuestion[key] } = {
    dst: bytes(random.chance(0.1) ? random.pick(p.own) : random.pick(p.hosts)),
  };
  if (hasSource) asked.src = bytes(from);
  if (isReceived) asked.iif = random.pick(ifindexes);
  else if (random.chance(0.3)) asked.oif = random.pick(ifindexes);
  if (random.chance(0.4)) asked.mark = random.below(8);
  if (random.chance(0.3)) asked.uid = random.pick([0, 1, 500, 1002, 2000]);
  if (random.chance(0.4)) asked.ipproto = random.pick(protocols);
  if (random.chance(0.3)) asked.sport = 1000 + random.below(8);
  if (random.chance(0.3)) asked.dport = random.pick([53, 443, 55, 80]);
  if (random.chance(0.3)) asked.tos = random.pick([0x04, 0x08, 0x10, 0x1c, 0x50, 0xb8]);
  return asked;
}
