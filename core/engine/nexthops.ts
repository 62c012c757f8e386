/** Nexthop objects seen in messages: which groups a member belongs to. */
export class Nexthops {
  readonly #members = new Map<number, readonly number[]>();

  set(id: number, members: readonly number[]): void {
    this.#members.set(id, members);
  }

  delete(id: number): void {
    this.#members.delete(id);
  }

  groupsWith(member: number): readonly number[] {
    const groups: number[] = [];
    for (const [id, members] of this.#members) if (members.includes(member)) groups.push(id);
    return groups;
  }
}
