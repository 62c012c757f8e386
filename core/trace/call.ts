import type { Family } from '../event.js';
import type { Rule } from '../wire/rule.js';
import type { TracedFunction } from './model.js';
import type { StepRecord } from './read-step.js';
import {
  dstOf,
  exceptionOf,
  familyOf,
  flowOf,
  routeOf,
  ruleOf,
  type StepDst,
  type StepException,
  type StepFlow,
  type StepRoute,
} from './sections.js';
import type { TreeNames } from './section-words.js';
import type { CallNode } from './tree.js';
import { RT_STEP_KIND } from '../bpf/layout.gen.js';

const EMPTY_FLOW = { dst: null, src: null };

/** A node with its two records read: what the wording and the JSON take from it. */
export class Call {
  readonly node: CallNode;
  readonly names: TreeNames;
  readonly function: TracedFunction;
  readonly family: Family;
  /** Of the beginning, or of the end where the beginning is lost. */
  readonly before: StepRecord | null;
  /** Of the end; a tracepoint's one record. Null: not ended. */
  readonly end: StepRecord | null;

  constructor(node: CallNode, names: TreeNames) {
    this.node = node;
    this.names = names;
    this.function = node.function;
    this.before = node.enter ?? node.leave;
    const isPoint = node.enter?.kind === RT_STEP_KIND.point;
    this.end = node.leave ?? (isPoint ? node.enter : null);
    this.family = this.before === null ? 'inet' : familyOf(this.before, node.function);
  }

  get isInet(): boolean {
    return this.family === 'inet';
  }

  /** What is asked. */
  get flow(): StepFlow | null {
    return this.before === null ? null : flowOf(this.before, this.family);
  }

  /** As the function left it. */
  get flowAfter(): StepFlow | null {
    return this.end === null ? null : flowOf(this.end, this.family);
  }

  get to(): string | null {
    return (this.flow ?? this.flowAfter ?? EMPTY_FLOW).dst;
  }

  get route(): StepRoute | null {
    return this.before === null ? null : routeOf(this.before, this.family);
  }

  get routeAfter(): StepRoute | null {
    return this.end === null ? null : routeOf(this.end, this.family);
  }

  get dst(): StepDst | null {
    return this.before === null ? null : dstOf(this.before, this.family);
  }

  get dstAfter(): StepDst | null {
    return this.end === null ? null : dstOf(this.end, this.family);
  }

  get exception(): StepException | null {
    return this.end === null ? null : exceptionOf(this.end, this.family);
  }

  #rule(step: StepRecord | null): Rule | null {
    const { tables } = this.names;
    return step === null ? null : ruleOf(step, this.family, (table) => tables.table(table));
  }

  get rule(): Rule | null {
    return this.#rule(this.before);
  }

  get ruleAfter(): Rule | null {
    return this.#rule(this.end);
  }

  get table(): number {
    return this.before?.u32('table') ?? 0;
  }

  get tableAfter(): number {
    return this.end?.u32('table') ?? 0;
  }

  /** Name of the interface among the arguments, '' for none. */
  get dev(): string {
    return this.before?.name('dev') ?? '';
  }

  get devAfter(): string {
    return this.end?.name('dev') ?? '';
  }

  /** The number of an argument, by its name in the prototype or else where it stands; null: the function has none. */
  argument(name: string, index: number | null = null): bigint | null {
    const at = this.function.parameters.findIndex((parameter) => parameter.name === name);
    const place = at >= 0 ? at : this.function.parameters.length === 0 ? index : null;
    return place === null || this.before === null ? null : this.before.arg(place);
  }
}
