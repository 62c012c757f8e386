/**
 * iproute2's names of numbers (rt_protos, rt_scopes, rt_tables, rt_realms), so that routetap says what
 * `ip route` says. Parsing only; sources/names-files.ts reads the files.
 */

/** Names of what the kernel numbers. A number without a name comes back as its decimal text. */
export interface Names {
  /** rtm_protocol. */
  protocol(n: number): string;
  /** rtm_scope. */
  scope(n: number): string;
  /** Routing table. */
  table(n: number): string;
  /** Half of RTA_FLOW. */
  realm(n: number): string;
  /** A table by its name or number (decimal or 0x…); null when it is neither. */
  tableNumber(text: string): number | null;
  /** A protocol by its name or number; null when it is neither. */
  protocolNumber(text: string): number | null;
}

/** Texts of iproute2's files, in the order in which later ones overrule earlier ones. */
export interface NamesFiles {
  readonly protos?: readonly string[];
  readonly scopes?: readonly string[];
  readonly tables?: readonly string[];
  readonly realms?: readonly string[];
}

const PROTOS: readonly (readonly [number, string])[] = [
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [17, 'mrouted'],
  [18, 'keepalived'],
  [42, 'babel'],
  [84, 'ovn'],
  [99, 'openr'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
];

const SCOPES: readonly (readonly [number, string])[] = [
  [0, 'global'],
  [200, 'site'],
  [253, 'link'],
  [254, 'host'],
  [255, 'nowhere'],
];

const TABLES: readonly (readonly [number, string])[] = [
  [0, 'unspec'],
  [253, 'default'],
  [254, 'main'],
  [255, 'local'],
];

const REALMS: readonly (readonly [number, string])[] = [[0, 'cosmos']];

const MAX_BYTE = 0xff;
const MAX_REALM = 0xffff;
const MAX_U32 = 0xffff_ffff;
/** Longest name taken from a file; the kernel has no limit, a line on a screen has. */
const MAX_NAME_LENGTH = 64;

const LINE = /^\s*(0x[0-9a-f]+|\d+)\s+([^\s#]\S*)/i;
const NUMBER = /^(?:0x[0-9a-f]+|\d+)$/i;

function numberIn(text: string, max: number): number | null {
  const n = NUMBER.test(text) ? Number(text) : Number.NaN;
  return n <= max ? n : null;
}

/** One kind's names both ways. Of several names for one number the last is said, all are understood. */
class NameTable {
  readonly #names: Map<number, string>;
  readonly #numbers = new Map<string, number>();
  readonly #max: number;

  constructor(
    defaults: readonly (readonly [number, string])[],
    files: readonly string[],
    max: number,
  ) {
    this.#names = new Map(defaults);
    this.#max = max;
    for (const [n, name] of defaults) this.#numbers.set(name, n);
    for (const line of files.flatMap((file) => file.split('\n'))) this.#read(line);
  }

  #read(line: string): void {
    const [, numberText = '', name = ''] = LINE.exec(line) ?? [];
    const n = numberIn(numberText, this.#max);
    if (n === null || name.length > MAX_NAME_LENGTH) return;
    this.#names.set(n, name);
    this.#numbers.set(name, n);
  }

  name(n: number): string {
    return this.#names.get(n) ?? String(n);
  }

  number(text: string): number | null {
    return this.#numbers.get(text) ?? numberIn(text, this.#max);
  }
}

/** Names out of iproute2's defaults and the given files. Lines that are no `number name` are skipped. */
export function namesFrom(files: NamesFiles): Names {
  const protos = new NameTable(PROTOS, files.protos ?? [], MAX_BYTE);
  const scopes = new NameTable(SCOPES, files.scopes ?? [], MAX_BYTE);
  const tables = new NameTable(TABLES, files.tables ?? [], MAX_U32);
  const realms = new NameTable(REALMS, files.realms ?? [], MAX_REALM);
  return {
    protocol: (n) => protos.name(n),
    scope: (n) => scopes.name(n),
    table: (n) => tables.name(n),
    realm: (n) => realms.name(n),
    tableNumber: (text) => tables.number(text),
    protocolNumber: (text) => protos.number(text),
  };
}
