const START_BYTES = 4;

/** Wanted names to be found among very many: nearly all others are told apart by how they start. */
export class WantedNames {
  readonly #names: ReadonlySet<string>;
  /** By the first four bytes, mixed: 1 where a wanted name starts so. */
  readonly #starts = new Uint8Array(0x1_00_00);

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    for (const name of this.#names) {
      if (name.length < START_BYTES) this.#starts.fill(1);
      else this.#starts[mixed(Buffer.from(name, 'latin1'), 0)] = 1;
    }
  }

  /** False: no wanted name stands there. */
  mayStand(bytes: Uint8Array, at: number): boolean {
    return this.#starts[mixed(bytes, at)] === 1;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}

function mixed(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
  return (low ^ (high * 31)) & 0xff_ff;
}
