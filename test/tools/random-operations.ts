/** Mulberry32: small, seeded, the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The devices of the scene: veth pairs aN–bN, each aN with 10.N.0.1/24 and fd00:N::1/64. */
const DEVICES = 4;

/** `ip -batch` lines which build the scene the random operations play in. */
export function sceneLines(): string[] {
  const lines = ['link set lo up'];
  for (let n = 0; n < DEVICES; n++) lines.push(...pairLines(n));
  return lines;
}

const pairLines = (n: number): string[] => [
  `link add a${n} type veth peer name b${n}`,
  `addr add 10.${n}.0.1/24 dev a${n}`,
  `addr add fd00:${n}::1/64 dev a${n} nodad`,
  `link set a${n} up`,
  `link set b${n} up`,
];

/**
 * Random `ip -batch -force` lines; many fail in the kernel, which is part of the point.
 * Everything stays inside a small world so that operations meet each other.
 */
export class RandomOperations {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(count: number): string[] {
    return Array.from({ length: count }, () => this.#operation());
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #operation(): string {
    const roll = this.#random();
    if (roll < 0.36) return this.#route4();
    if (roll < 0.72) return this.#route6();
    if (roll < 0.84) return this.#nexthop();
    if (roll < 0.9) return this.#address();
    if (roll < 0.96) return this.#link();
    return this.#rule();
  }

  #table(): string {
    return this.#chance(0.25) ? ` table ${this.#pick([100, 101, 5000])}` : '';
  }

  #route4(): string {
    const dst = this.#pick([
      '172.16.0.0/16',
      '172.16.1.0/24',
      '172.16.2.0/24',
      '172.17.0.0/16',
      '172.18.0.1',
      '0.0.0.0/0',
    ]);
    const verb = this.#pick([
      'add',
      'add',
      'append',
      'prepend',
      'replace',
      'replace',
      'change',
      'del',
      'del',
    ]);
    const metric = this.#chance(0.4) ? ` metric ${this.#pick([5, 10])}` : '';
    const tos = this.#chance(0.08) ? ' tos 0x04' : '';
    if (verb === 'del' && this.#chance(0.6))
      return `route del ${dst}${metric}${tos}${this.#table()}`;
    const extra = this.#chance(0.2) ? ` mtu ${this.#pick([1300, 1400])}` : '';
    const proto = this.#chance(0.3) ? ` proto ${this.#pick(['static', 'bgp', 'ra'])}` : '';
    const tail = `${metric}${tos}${proto}${this.#table()}`;
    const roll = this.#random();
    if (roll < 0.08) return `route ${verb} blackhole ${dst}${tail}`;
    if (roll < 0.12) return `route ${verb} unreachable ${dst}${tail}`;
    if (roll < 0.22) return `route ${verb} ${dst} nhid ${this.#pick([1, 2, 3, 10, 11])}${tail}`;
    if (roll < 0.38) {
      const hops = Array.from({ length: 2 + this.#below(2) }, () => {
        const n = this.#below(DEVICES);
        return ` nexthop via 10.${n}.0.${2 + this.#below(3)} dev a${n} weight ${1 + this.#below(3)}`;
      });
      return `route ${verb} ${dst}${tail}${extra}${hops.join('')}`;
    }
    const n = this.#below(DEVICES);
    if (roll < 0.5) return `route ${verb} ${dst} dev a${n}${tail}${extra}`;
    const prefsrc = this.#chance(0.15) ? ` src 10.${n}.0.${this.#pick([1, 9])}` : '';
    return `route ${verb} ${dst} via 10.${n}.0.${2 + this.#below(3)} dev a${n}${prefsrc}${tail}${extra}`;
  }

  #route6(): string {
    const dst = this.#pick([
      '2001:db8::/32',
      '2001:db8:1::/48',
      '2001:db8:2::/48',
      '2001:db8:3::1',
      '::/0',
    ]);
    const verb = this.#pick([
      'add',
      'add',
      'append',
      'prepend',
      'replace',
      'replace',
      'change',
      'del',
      'del',
    ]);
    const metric = this.#chance(0.4) ? ` metric ${this.#pick([5, 10])}` : '';
    if (verb === 'del' && this.#chance(0.5)) return `route del ${dst}${metric}${this.#table()}`;
    const extra = this.#chance(0.15) ? ` mtu ${this.#pick([1300, 1400])}` : '';
    const tail = `${metric}${this.#table()}`;
    const roll = this.#random();
    if (roll < 0.08) return `route ${verb} blackhole ${dst}${tail}`;
    if (roll < 0.16) return `route ${verb} ${dst} nhid ${this.#pick([4, 5, 12])}${tail}`;
    if (roll < 0.4) {
      const hops = Array.from({ length: 2 + this.#below(2) }, () => {
        const n = this.#below(DEVICES);
        return ` nexthop via fd00:${n}::${2 + this.#below(3)} dev a${n} weight ${1 + this.#below(2)}`;
      });
      return `route ${verb} ${dst}${tail}${extra}${hops.join('')}`;
    }
    const n = this.#below(DEVICES);
    if (roll < 0.5) return `route ${verb} ${dst} dev a${n}${tail}${extra}`;
    return `route ${verb} ${dst} via fd00:${n}::${2 + this.#below(3)} dev a${n}${tail}${extra}`;
  }

  #nexthop(): string {
    const n = this.#below(DEVICES);
    const verb = this.#pick(['add', 'replace', 'replace', 'del']);
    const id = this.#pick([1, 2, 3, 4, 5, 10, 11, 12]);
    if (verb === 'del') return `nexthop del id ${id}`;
    if (id < 3) return `nexthop ${verb} id ${id} via 10.${n}.0.${2 + this.#below(3)} dev a${n}`;
    if (id === 3)
      return this.#chance(0.3)
        ? `nexthop ${verb} id 3 blackhole`
        : `nexthop ${verb} id 3 dev a${n}`;
    if (id < 10) return `nexthop ${verb} id ${id} via fd00:${n}::${2 + this.#below(3)} dev a${n}`;
    if (id === 12) return `nexthop ${verb} id 12 group ${this.#pick(['4', '4/5', '4,2/5,1'])}`;
    return `nexthop ${verb} id ${id} group ${this.#pick(['1', '1/2', '1,3/2,1', '2/3', '1/2/3'])}`;
  }

  #address(): string {
    const n = this.#below(DEVICES);
    const verb = this.#pick(['add', 'add', 'del']);
    if (this.#chance(0.4))
      return `addr ${verb} fd00:${n}::${this.#pick([1, 9])}/64 dev a${n}${verb === 'add' ? ' nodad' : ''}`;
    return `addr ${verb} 10.${n}.0.${this.#pick([1, 1, 9])}/24 dev a${n}`;
  }

  #link(): string {
    const n = this.#below(DEVICES);
    const roll = this.#random();
    if (roll < 0.3) return `link set a${n} up`;
    if (roll < 0.5) return `link set a${n} down`;
    if (roll < 0.65) return `link set b${n} up`;
    if (roll < 0.8) return `link set b${n} down`;
    if (roll < 0.85) return `link del a${n}`;
    // Brings back a pair which was deleted; one operation of several lines.
    return pairLines(n).join('\n');
  }

  #rule(): string {
    const from = this.#chance(0.5) ? 'fd00::/16' : '10.0.0.0/8';
    return `rule ${this.#pick(['add', 'del'])} pref ${this.#pick([1000, 1001])} from ${from} fwmark ${this.#pick([1, 2])} lookup 100`;
  }
}
