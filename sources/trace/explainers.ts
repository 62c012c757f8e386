import type { Explanation } from '../../core/lookup/lookup.js';
import type { Names } from '../../core/names/names.js';
import type { LookupQuestion } from '../../core/lookup/question.js';
import { Explainer } from '../explain-state.js';

/** Open at once. Each holds two sockets of its namespace. */
const MOST = 8;
/** A socket keeps a dead namespace alive: it is closed when nobody asked for this long. */
const IDLE_MS = 2000;

interface Open {
  readonly explainer: Explainer;
  timer: NodeJS.Timeout | undefined;
}

/** Explainers of the network namespaces a trace meets, opened when needed. */
export class Explainers {
  readonly #names: Names;
  readonly #open = new Map<number, Open>();

  constructor(names: Names) {
    this.#names = names;
  }

  /**
   * Explains a lookup in the namespace of this inode; `path` leads there, null for our own. Rejects when the namespace
   * is gone or can't be entered.
   */
  async explain(netns: number, path: string | null, asked: LookupQuestion): Promise<Explanation> {
    const open = this.#open.get(netns) ?? (await this.#add(netns, path));
    clearTimeout(open.timer);
    try {
      return await open.explainer.explain(asked);
    } finally {
      open.timer = setTimeout(() => {
        void this.#close(netns);
      }, IDLE_MS).unref();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((netns) => this.#close(netns)));
  }

  async #add(netns: number, path: string | null): Promise<Open> {
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < MOST) break;
      await this.#close(oldest);
    }
    const open: Open = { explainer: new Explainer(path, this.#names), timer: undefined };
    this.#open.set(netns, open);
    return open;
  }

  async #close(netns: number): Promise<void> {
    const open = this.#open.get(netns);
    if (open === undefined) return;
    this.#open.delete(netns);
    clearTimeout(open.timer);
    await open.explainer.close();
  }
}
