import { quoteJson, escapeText } from '../../core/format/escape.js';
import type { TextNames } from '../../core/format/text-route.js';
import { treeJson } from '../../core/trace/json.js';
import { followTree } from '../../core/trace/match.js';
import { treeLines } from '../../core/trace/text.js';
import type { LookupTree } from '../../core/trace/tree.js';
import type { TracedLookup } from '../../sources/trace/traced-lookup.js';
import type { TextOutput } from '../d/output.js';

export interface TracePrinterOptions {
  readonly output: TextOutput;
  readonly names: TextNames;
  /** Inode of the namespace routetap runs, or ran, in. */
  readonly ownZone: number;
  readonly isJson: boolean;
  readonly isExplained: boolean;
  readonly follow: string | null;
  /** Lookups to print at most; null: all. */
  readonly count: number | null;
}

/** Lookups as text, a blank line between them, or as JSON Lines. */
export class TracePrinter {
  /** Lookups printed. */
  printed = 0;
  readonly #options: TracePrinterOptions;

  constructor(options: TracePrinterOptions) {
    this.#options = options;
  }

  get isEnough(): boolean {
    return this.printed >= (this.#options.count ?? Infinity);
  }

  take(lookup: TracedLookup): void {
    const { follow } = this.#options;
    const trees = follow === null ? [lookup.tree] : followTree(lookup.tree, follow);
    for (const tree of trees) {
      if (this.isEnough) return;
      this.#print(tree, lookup);
    }
  }

  #print(tree: LookupTree, lookup: TracedLookup): void {
    const { output, isJson } = this.#options;
    if (output.isClosed) return;
    const { dropped } = output;
    const text = isJson ? this.#json(tree, lookup) : this.#text(tree, lookup);
    output.write(this.printed === 0 || isJson ? text : `\n${text}`);
    if (output.dropped === dropped) this.printed += 1;
  }

  #text(tree: LookupTree, { zone, info, unimplied }: TracedLookup): string {
    const { names, isExplained, ownZone } = this.#options;
    const name = zone.name ?? (zone.id === ownZone ? 'self' : null);
    // Why no better tier serves was said once, when tracing began.
    const said = { ...info, why: null };
    const lines = treeLines(tree, { zone: { id: zone.id, name }, names, isExplained, info: said });
    const left = unimplied === null ? [] : [`nothing filled in: ${escapeText(unimplied)}`];
    return `${[...lines, ...left].join('\n')}\n`;
  }

  #json(tree: LookupTree, { zone, info, unimplied }: TracedLookup): string {
    const { names } = this.#options;
    const json = treeJson(tree, { zone, names, info });
    if (unimplied === null) return `${json}\n`;
    return `${json.slice(0, -1)},"unimplied":${quoteJson(unimplied)}}\n`;
  }
}
