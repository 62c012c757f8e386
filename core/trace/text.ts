/** A tree as lines for people. */

import { escapeText } from '../format/escape.js';
import type { TextNames } from '../format/text-route.js';
import { clockTime } from '../format/time.js';
import { answerLine } from './answer-line.js';
import { Call } from './call.js';
import { callWords } from './call-words.js';
import { functionRow } from './functions.js';
import type { TraceInfo, TraceZone } from './model.js';
import { resultWords } from './result-words.js';
import { flowWords, type TreeNames } from './section-words.js';
import { answerOf, flowOfTree } from './summary.js';
import { namesOf } from './tree-calls.js';
import type { CallNode, LookupTree, TreeNode } from './tree.js';

export interface TreeTextOptions {
  readonly zone: TraceZone;
  readonly names: TextNames;
  /** One line more under the first call of each function: what it does. */
  readonly isExplained: boolean;
  readonly info: TraceInfo;
}

const US = 1000;
const MS = 1_000_000;
const SECOND = 1_000_000_000;

function durationText(ns: number): string {
  if (ns < MS) return `${(ns / US).toFixed(1)} µs`;
  return ns < SECOND ? `${(ns / MS).toFixed(1)} ms` : `${(ns / SECOND).toFixed(1)} s`;
}

const zoneText = ({ id, name }: TraceZone): string =>
  name === null ? (id === 0 ? '?' : String(id)) : escapeText(name);

function headerLine(tree: LookupTree, zone: TraceZone, names: TreeNames): string {
  const who =
    tree.place === 'softirq'
      ? `softirq on cpu ${tree.cpu}`
      : `${escapeText(tree.comm) || '?'}[${tree.pid}]`;
  const flow = flowOfTree(tree);
  const what = flow === null ? '' : `: ${flowWords(flow, names)}`;
  return `${clockTime(tree.timeNs)} ${who} in zone ${zoneText(zone)}${what}`;
}

/** Said again by a call what the one around it was given. */
const SAME = '…';

interface NodeText {
  /** `fib_table_lookup(table main)`. */
  readonly call: string;
  /** Null: nothing is given back, or it is not known. */
  readonly result: string | null;
}

/** Words made elsewhere have their names escaped already, or come from a file: backslashes stay, the rest is escaped. */
const harmless = (words: string): string => words.split('\\').map(escapeText).join('\\');

function nodeText(node: CallNode, names: TreeNames, around = ''): NodeText {
  if (node.words !== null) {
    const { call, result } = node.words;
    return { call: harmless(call), result: result === null ? null : harmless(result) };
  }
  const call = new Call(node, names);
  const given = callWords(call);
  const between = given !== '' && given === around ? SAME : given;
  return { call: `${node.function.name}(${between})`, result: resultWords(call) };
}

/** A duration, or which end was not seen; '' for what has none. */
function spanText(node: CallNode, isComplete: boolean): string {
  if (node.durationNs !== null) return ` ${durationText(node.durationNs)}`;
  if (node.words !== null || node.origin === 'implied') return '';
  if (node.enter === null) return ` ${SAME} beginning not seen`;
  if (new Call(node, NO_NAMES).end !== null) return '';
  return isComplete ? ` ${SAME} end not seen` : ` ${SAME} not ended`;
}

const NO_NAMES: TreeNames = { tables: { table: String }, devices: new Map() };

/** `fib_table_lookup(table main) 0.5 µs → 10.66.0.0/16 via 10.0.0.2 dev v0 scope global`. */
export function nodeLine(
  node: CallNode,
  names: TreeNames,
  isComplete: boolean,
  around = '',
): string {
  const { call, result } = nodeText(node, names, around);
  const mark = node.origin === 'implied' ? '~' : '';
  const after = result === null || result === '' ? '' : ` → ${result}`;
  return `${mark}${call}${spanText(node, isComplete)}${after}`;
}

const holeText = (lost: number): string =>
  `${SAME} ${lost} ${lost === 1 ? 'record' : 'records'} lost here`;

class Lines {
  readonly lines: string[] = [];
  readonly #explained = new Set<string>();

  constructor(
    readonly names: TreeNames,
    readonly isComplete: boolean,
    readonly isExplained: boolean,
  ) {}

  add(nodes: readonly TreeNode[], depth: number, around: string): void {
    const indent = '  '.repeat(depth);
    for (const node of nodes) {
      if (node.kind === 'hole') {
        this.lines.push(`${indent}${holeText(node.lost)}`);
        continue;
      }
      this.lines.push(`${indent}${nodeLine(node, this.names, this.isComplete, around)}`);
      this.#explain(node, indent);
      const given = node.words === null ? callWords(new Call(node, this.names)) : '';
      this.add(node.calls, depth + 1, given === '' ? around : given);
    }
  }

  #explain({ function: { name } }: CallNode, indent: string): void {
    const row = functionRow(name);
    if (!this.isExplained || row === null || this.#explained.has(name)) return;
    this.#explained.add(name);
    this.lines.push(`${indent}  · ${row.explain} (${row.file})`);
  }
}

/** Why a tree cannot show all that happened; null: it does. */
export function partialText({ tier, why }: TraceInfo): string | null {
  if (tier !== 'tracepoint') return null;
  const because = why === null ? '' : ` (${escapeText(why)})`;
  return `tracepoints alone show it${because}; lines with ~ were not seen but follow from the rules and tables`;
}

/** The lines, without their ends: who and what for, one a call, what came of it. */
export function treeLines(tree: LookupTree, options: TreeTextOptions): string[] {
  const { info, isExplained, zone } = options;
  const names = namesOf(tree, options.names);
  const body = new Lines(names, tree.isComplete, isExplained);
  body.add(tree.calls, 0, '');
  const partial = partialText(info);
  return [
    headerLine(tree, zone, names),
    ...body.lines,
    answerLine(answerOf(tree, options.names), names),
    ...(partial === null ? [] : [`partial: ${partial}`]),
  ];
}
