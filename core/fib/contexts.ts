/** A table, and for IPv6 subtrees the source prefix: what a key has besides destination, tos and priority. */
export interface Context {
  readonly table: number;
  readonly srcLength: number;
  /** Big-endian words. */
  readonly src: readonly number[];
}

/** Contexts by number; a machine has few, so they are never given back. */
export class Contexts {
  readonly #list: Context[] = [];
  readonly #byTable = new Map<number, number>();
  readonly #bySource = new Map<string, number>();

  number(table: number, srcLength: number, src: Uint32Array): number {
    if (srcLength === 0) {
      const known = this.#byTable.get(table);
      if (known !== undefined) return known;
      this.#byTable.set(table, this.#list.length);
      return this.#list.push({ table, srcLength, src: [] }) - 1;
    }
    const text = `${table} ${srcLength} ${src.join()}`;
    const known = this.#bySource.get(text);
    if (known !== undefined) return known;
    this.#bySource.set(text, this.#list.length);
    return this.#list.push({ table, srcLength, src: [...src] }) - 1;
  }

  of(number: number): Context {
    return this.#list[number] ?? { table: 0, srcLength: 0, src: [] };
  }

  /** Number of a table's context without source prefix, or -1 when no route of it was ever seen. */
  ofTable(table: number): number {
    return this.#byTable.get(table) ?? -1;
  }
}
