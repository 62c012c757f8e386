/** What the engine keeps of a link. */
export interface KnownLink {
  readonly name: string;
  /** IFF_*. */
  readonly flags: number;
  /** ifindex of the master, 0 without. */
  readonly master: number;
  readonly mtu: number;
}

/** Links of one zone by ifindex. A name outlives its link: what goes with it is told afterwards. */
export class Links {
  readonly #links = new Map<number, KnownLink>();
  readonly #names = new Map<number, string>();

  name(ifindex: number): string | null {
    return this.#names.get(ifindex) ?? null;
  }

  get(ifindex: number): KnownLink | null {
    return this.#links.get(ifindex) ?? null;
  }

  /** True when the interface got another name. */
  set(ifindex: number, link: KnownLink): boolean {
    const renamed = this.#names.get(ifindex) !== link.name;
    this.#links.set(ifindex, link);
    this.#names.set(ifindex, link.name);
    return renamed;
  }

  delete(ifindex: number): void {
    this.#links.delete(ifindex);
  }
}
