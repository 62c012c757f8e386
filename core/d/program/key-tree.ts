import type { Integer } from '../integer.js';

export type KeyElement = Integer | string;
/** A tuple of D; no elements: the aggregation without brackets. */
export type Key = readonly KeyElement[];

type Branch<V> = Map<KeyElement, Branch<V> | V>;

/**
 * Values by tuple. A map per element and nothing joined: a lookup makes no garbage, and no text of one
 * element can be taken for another. All keys of one tree have one length.
 */
export class KeyTree<V extends object> {
  private root: Branch<V> = new Map();
  private held = 0;

  get size(): number {
    return this.held;
  }

  get(key: Key): V | undefined {
    const { root } = this;
    switch (key.length) {
      case 0:
        return root.get(0) as V | undefined;
      case 1:
        return root.get(key[0] as KeyElement) as V | undefined;
      case 2: {
        const branch = root.get(key[0] as KeyElement) as Branch<V> | undefined;
        return branch?.get(key[1] as KeyElement) as V | undefined;
      }
      case 3: {
        const branch = root.get(key[0] as KeyElement) as Branch<V> | undefined;
        const leaves = branch?.get(key[1] as KeyElement) as Branch<V> | undefined;
        return leaves?.get(key[2] as KeyElement) as V | undefined;
      }
      default: {
        let branch: Branch<V> | undefined = root;
        const last = key.length - 1;
        for (let index = 0; index < last && branch !== undefined; index += 1) {
          branch = branch.get(key[index] as KeyElement) as Branch<V> | undefined;
        }
        return branch?.get(key[last] as KeyElement) as V | undefined;
      }
    }
  }

  set(key: Key, value: V): void {
    let branch = this.root;
    const last = Math.max(key.length - 1, 0);
    for (let index = 0; index < last; index += 1) {
      const element = key[index] as KeyElement;
      let next = branch.get(element) as Branch<V> | undefined;
      if (next === undefined) {
        next = new Map();
        branch.set(element, next);
      }
      branch = next;
    }
    const element = key[last] ?? 0;
    if (!branch.has(element)) this.held += 1;
    branch.set(element, value);
  }

  /** Branches that are empty afterwards go too. False: there was no such key. */
  delete(key: Key): boolean {
    const path: [Branch<V>, KeyElement][] = [];
    let branch: Branch<V> | undefined = this.root;
    const last = Math.max(key.length - 1, 0);
    for (let index = 0; index < last && branch !== undefined; index += 1) {
      const element = key[index] as KeyElement;
      path.push([branch, element]);
      branch = branch.get(element) as Branch<V> | undefined;
    }
    if (branch?.delete(key[last] ?? 0) !== true) return false;
    this.held -= 1;
    for (let below = branch; below.size === 0;) {
      const parent = path.pop();
      if (parent === undefined) break;
      parent[0].delete(parent[1]);
      below = parent[0];
    }
    return true;
  }

  clear(): void {
    this.root = new Map();
    this.held = 0;
  }
}

function compareElements(a: KeyElement, b: KeyElement): number {
  // Numbers before texts, where a member without a known type gives both.
  if ((typeof a === 'string') !== (typeof b === 'string')) return typeof a === 'string' ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

/** Element by element, the one at `first` before all others. */
export function compareKeys(a: Key, b: Key, first = 0): number {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const at = (index + first) % length;
    const order = compareElements(a[at] ?? 0, b[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
